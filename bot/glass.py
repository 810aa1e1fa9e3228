"""Break-glass: somebody runs what they asked for without approval and says why; a second person looks afterwards.

A break is a value of its own, one for a version: never a vote, never a flag. What it is not:

- It does not override a *deny*. Break-glass stands in for people who cannot be waited for; a deny is the file's own
  no, that no approver could have turned into a yes either. Who needs that changes the file, which is kept elsewhere.
- It does not lift the brake. `/signoff pause` is an emergency's other half: whoever stopped everything had a reason
  that whoever breaks the glass may not know. The break is recorded and told at once; it runs on resume, in time.
- It is not for agents, nor for what an agent asked for on somebody's behalf: the reason must be a person's own.

A break is open until somebody who is no maker, and who could have approved it or operates Signoff, has said
*Reviewed*. A concern is kept and told; it leaves the break open, for somebody to say what was made of it.
"""

from dataclasses import dataclass, replace

from bot.errors import AlreadyVoted, BadInput, Problem, WrongMoment

LEAST, MOST = 10, 2_500  # characters of a reason, spaces not counted; of a reason or a note
TOLD = 50  # people who are told by direct message that they were passed over; the others are counted
APART = 250  # milliseconds between two of these messages, so that they are no burst
LABEL = "break_glass"  # in the event and in the basis of the version


@dataclass(frozen=True, slots=True)
class Looked:
    """What a second person said of a break afterwards. `fine`: reviewed; else a concern."""

    person: str
    fine: bool
    note: str
    at: int


@dataclass(frozen=True, slots=True)
class Break:
    """One version approved by its own requester, and what was said of it since. Times in milliseconds."""

    version: int
    digest: str
    person: str
    reason: str
    at: int
    review_by: int
    skipped: tuple[str, ...] = ()  # who could have approved it, as far as they are told by direct message
    uncounted: int = 0  # how many more could have
    reminded_at: int | None = None
    looks: tuple[Looked, ...] = ()

    @property
    def reviewed(self) -> Looked | None:
        """The look that closed it."""
        return self.looks[-1] if self.looks and self.looks[-1].fine else None

    @property
    def open(self) -> bool:
        return self.reviewed is None

    @property
    def overdue_at(self) -> int | None:
        """When to say that nobody has reviewed it; None where that was said, or is not to be."""
        return self.review_by if self.open and self.reminded_at is None else None

    def looked(self, look: Looked) -> "Break":
        """With what a second person says. A review ends it; everybody may raise a concern once before that."""
        if self.reviewed is not None:
            raise WrongMoment("This was reviewed already. Tell the operators what you know of it.")
        if any(each.person == look.person and each.fine == look.fine for each in self.looks):
            raise AlreadyVoted("You have raised a concern about this already; it is kept.")
        return replace(self, looks=(*self.looks, look))

    def reminded(self, at: int) -> "Break":
        return replace(self, reminded_at=at)


@dataclass(frozen=True, slots=True)
class ToReview:
    """An open break in a list."""

    request_id: str
    version: int
    headline: str
    person: str
    at: int
    review_by: int
    concerns: int = 0


def reason_of(text: str) -> str:
    """The reason for a break. BadInput where it says too little, or too much."""
    said = text.strip()
    if sum(letter.isprintable() and not letter.isspace() for letter in said) < LEAST:
        raise BadInput(Problem("reason", f"say in at least {LEAST} characters why this cannot wait for an approval"))
    if len(said) > MOST:
        raise BadInput(Problem("reason", f"use at most {MOST} characters; these are {len(said)}"))
    return said


def note_of(text: str) -> str:
    """What a second person says. BadInput where it is nothing, or too much."""
    said = text.strip()
    if not 0 < len(said) <= MOST:
        raise BadInput(Problem("note", f"say in 1 to {MOST} characters what you found"))
    return said
