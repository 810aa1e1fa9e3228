"""Whether people fill seats, found out by trying every order: the slow and obvious way."""

import itertools
from collections.abc import Iterable, Sequence


def filled(seats: Sequence[frozenset[str]], people: Iterable[str]) -> bool:
    """Whether a different one of the people can be put on each seat."""
    chosen = sorted(set(people))
    return any(
        all(person in seat for person, seat in zip(order, seats, strict=True))
        for order in itertools.permutations(chosen, len(seats))
    )
