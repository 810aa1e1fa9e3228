"""Identity links: several accounts of one person, such as the account of every day and one of an administrator.

Towards approval a link only ever takes away: linked accounts are makers together, vote once between them and fill
one place, and to approve, an account must still be a member of a group that is asked, in its own right. What a
requester may do with their own request they may do from any of their accounts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Identities:
    """`links`: ids of the accounts of one person, person by person. Links that share an account are one."""

    links: tuple[tuple[str, ...], ...] = ()
    _linked: Mapping[str, frozenset[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        linked: dict[str, frozenset[str]] = {}
        for link in self.links:
            together = frozenset(link).union(*(linked.get(account, ()) for account in link))
            linked |= dict.fromkeys(together, together)
        object.__setattr__(self, "_linked", linked)

    def accounts(self, account: str) -> frozenset[str]:
        """Every account of whoever has this one, itself among them."""
        return self._linked.get(account) or frozenset({account})

    def person(self, account: str) -> str:
        """One id for the person, whichever account it is asked of."""
        return min(self.accounts(account))

    def persons(self, accounts: Iterable[str]) -> frozenset[str]:
        """The people behind these accounts, each once."""
        return frozenset(self.person(account) for account in accounts)

    def widened(self, accounts: Iterable[str]) -> frozenset[str]:
        """These accounts and every other one of the same people."""
        return frozenset[str]().union(*(self.accounts(account) for account in accounts))

    def same(self, one: str, other: str) -> bool:
        return other in self.accounts(one)


ONE_EACH = Identities()  # no links: every account is a person of its own
