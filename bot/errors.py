"""What a person may hear when a move is refused.

    Refusal
    ├── NotFound            there is no such request, or not for you
    ├── BadInput            something given is wrong; carries each problem
    ├── Denied              the policy says no
    ├── NobodyToAsk         no eligible person could ever approve it
    ├── TooMany             this requester or client has asked for enough by now
    ├── NotAllowed          this person may not make this move
    │   ├── NotAMember      guest, other organisation, bot, deactivated, unknown
    │   ├── IsMaker         makers never check their own request
    │   ├── NotAnApprover   not in a group named by the open stage
    │   ├── NotRequester · NotOperator · MayNotAsk
    │   └── MayNotBreakGlass
    ├── WrongMoment         the request is not where the move belongs
    │   ├── Superseded      the click was for an older version
    │   ├── Joined          the very same is open already: it stays one
    │   ├── AlreadyVoted    one person, one vote on a version
    │   ├── TooLate         its time is over
    │   ├── Paused          an operator paused Signoff
    │   ├── NeedsReview     one click is not enough here
    │   ├── TooSoon         a grave one, approved before it can have been read: asked once more
    │   └── WrongConfirmation
    ├── Unconfirmed         Slack did not confirm the person; nothing is recorded
    ├── NotRecorded         the database could not keep the move; nothing is believed
    └── Untrue              the stored bytes are not what was approved

Each class has a stable `code`; every surface maps codes to its own answer. The text is for people.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: where it is, and what would be right."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class Refusal(Exception):
    """A move was refused. Nothing was changed."""

    code: ClassVar[str] = "refused"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class NotFound(Refusal):
    code = "not_found"

    def __init__(self, what: str = "request") -> None:
        super().__init__(f"There is no such {what}, or it is not yours to see.")


class BadInput(Refusal):
    code = "bad_input"

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class Denied(Refusal):
    code = "denied"


class NobodyToAsk(Refusal):
    code = "nobody_to_ask"


class TooMany(Refusal):
    """Beyond a limit. `retry_at`: when there is room again by itself (milliseconds), where that is known."""

    code = "too_many"

    def __init__(self, text: str, *, retry_at: int | None = None) -> None:
        super().__init__(text)
        self.retry_at = retry_at


class NotAllowed(Refusal):
    code = "not_allowed"


class NotAMember(NotAllowed):
    code = "not_a_member"


class IsMaker(NotAllowed):
    code = "is_maker"


class NotAnApprover(NotAllowed):
    code = "not_an_approver"


class NotRequester(NotAllowed):
    code = "not_requester"


class NotOperator(NotAllowed):
    code = "not_operator"


class MayNotAsk(NotAllowed):
    code = "may_not_ask"


class MayNotBreakGlass(NotAllowed):
    code = "may_not_break_glass"


class WrongMoment(Refusal):
    code = "wrong_moment"


class Superseded(WrongMoment):
    code = "superseded"


class Joined(WrongMoment):
    """`request_id`: of the one that is open."""

    code = "joined"

    def __init__(self, text: str, request_id: str) -> None:
        super().__init__(text)
        self.request_id = request_id


class AlreadyVoted(WrongMoment):
    code = "already_voted"


class TooLate(WrongMoment):
    code = "too_late"


class Paused(WrongMoment):
    code = "paused"


class NeedsReview(WrongMoment):
    code = "needs_review"


class TooSoon(WrongMoment):
    code = "too_soon"


class WrongConfirmation(WrongMoment):
    code = "wrong_confirmation"


class Unconfirmed(Refusal):
    code = "unconfirmed"


class NotRecorded(Refusal):
    """The move was decided but the database did not keep it: full, locked, unreachable, or failing."""

    code = "not_recorded"

    def __init__(self, why: str) -> None:
        super().__init__(f"This is not recorded, and nothing has happened: {why}. Please try again.")
        self.why = why


class Untrue(Refusal):
    code = "untrue"
