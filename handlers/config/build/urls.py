"""Addresses, by the same rules as when they are called."""

import re
from collections.abc import Iterable

from handlers.config.mistakes import Spot
from handlers.egress import EgressRefused, target


def check_url(spot: Spot, url: str, private: Iterable[str]) -> None:
    try:
        target(url, private=tuple(private))
    except EgressRefused as error:
        what, _, remedy = re.sub(r": (?=use https|percent-encode|write )", "; ", str(error)).partition("; ")
        spot.mistake(what, remedy)
