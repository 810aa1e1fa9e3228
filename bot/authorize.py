"""May this person make this move now? The one door: every entry asks here, and the first failure wins.

What Slack said of the person (`Standing`) was read before the transaction; the request and the time are read in it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot import quorum
from bot.bulk import by_itself
from bot.catalogue import Glass
from bot.errors import (
    AlreadyVoted,
    IsMaker,
    MayNotBreakGlass,
    NeedsReview,
    NotAllowed,
    NotAMember,
    NotAnApprover,
    NotFound,
    NotOperator,
    NotRequester,
    Superseded,
    TooLate,
    TooSoon,
    Unconfirmed,
    WrongConfirmation,
    WrongMoment,
)
from bot.people import Person, Roster, Unsaid
from bot.ports import Moment
from bot.request import Request, State
from bot.route import REQUESTER, Surface
from bot.sight import Sight, hasty
from bot.standing import StandingApproval, Terms, suffices


class Verb(StrEnum):
    LOOK = "look"
    APPROVE = "approve"
    REJECT = "reject"
    EDIT = "edit"
    ASK = "ask"
    ANSWER = "answer"
    COMMENT = "comment"
    SEND = "send"
    CANCEL = "cancel"
    REVEAL = "reveal"
    SETTLE = "settle"
    REPORT = "report"
    RELEASE = "release"
    UNDO = "undo"
    BREAK_GLASS = "break_glass"
    REVIEW_BREAK = "review_break"
    OPERATE = "operate"  # pause and resume
    ALLOW_SIMILAR = "allow_similar"  # give a standing approval


@dataclass(frozen=True, slots=True)
class Standing:
    """Who presses, and what Slack says of them at this moment."""

    person: Person
    roster: Roster = field(default_factory=dict)
    operator: bool = False
    in_channel: bool = False
    glass: Glass | None = None  # what the file says of breaking the glass, where that was asked
    breaks: bool = False  # in a group that may, read live at the click
    unsaid: Unsaid = field(default_factory=dict)  # groups of the request that may have them, or not
    operators_unsaid: str = ""  # why nobody could say who operates, where that is so


@dataclass(frozen=True, slots=True)
class Click:
    """What was pressed: the version it showed, how strong the surface was, what was typed.

    `seen`: when this person was first shown all of that version; `again`: they were asked to look once more, and did.
    `together`: it was one of several, decided with one reason.
    """

    verb: Verb
    version: int | None = None
    surface: Surface = Surface.CARD
    typed: str | None = None
    seen: Sight | None = None
    again: bool = False
    together: bool = False


def authorize(click: Click, request: Request, standing: Standing, moment: Moment) -> None:
    """Returns when the move may be made; raises the Refusal that says why not."""
    _current_version(click, request)
    if click.verb is not Verb.LOOK:
        _full_member(standing)
    _RULES[click.verb](click, request, standing, moment)


def operate(standing: Standing) -> None:
    """The moves that belong to no request: pause and resume."""
    _full_member(standing)
    _operator(standing)


def end_standing(approval: StandingApproval, standing: Standing) -> None:
    """Who gave it, operators, and whoever could have approved what was looked at, may end a standing approval."""
    _full_member(standing)
    person = standing.person.id
    asked = any(person in standing.roster.get(group, frozenset()) for group in approval.groups)
    if person == approval.by or standing.operator or (asked and person not in approval.asker.makers):
        return
    if not _operates(standing):
        _confirmed(standing, approval.groups)
        raise NotAllowed("Only who gave a standing approval, an approver of such requests or an operator may end it.")


def break_glass(standing: Standing, action: str) -> None:
    """Whether this person may run this action without approval at all. Raises the refusal that says why not."""
    _full_member(standing)
    if standing.glass is None:
        raise MayNotBreakGlass(f"signoff.yaml does not turn break-glass on for {action}; ask for it: /signoff run …")
    if not standing.breaks:
        groups = " or ".join(group.name for group in standing.glass.who)
        raise MayNotBreakGlass(
            f"Only {groups} may break the glass for {action}, and you are not a member there now. Nothing is recorded."
        )


def sees(request: Request, standing: Standing) -> bool:
    """Makers, people asked, operators, and live members of the channel its card is in; to others it does not exist."""
    person = standing.person.id
    if person in request.makers or standing.operator:
        return True
    if request.state is State.DRAFTING or request.version is None:
        return False
    asked = any(person in standing.roster.get(group, frozenset()) for group in request.asked)
    told = any(person == other for other, _ in request.escalated_to)
    return asked or told or person in request.spent or standing.in_channel


def _current_version(click: Click, request: Request) -> None:
    current = request.version.number if request.version else 0
    if click.version is not None and click.version != current:
        raise Superseded(f"That was version {click.version}; version {current} is the one to decide on now.")


def _full_member(standing: Standing) -> None:
    if standing.person.problem:
        raise NotAMember(
            f"Only full members of this workspace may do this; your account {standing.person.problem}. "
            "Nothing is recorded."
        )


def _pending(request: Request, moment: Moment) -> None:
    if request.state is not State.PENDING:
        raise WrongMoment(f"{request.stands}.")
    if moment.now >= request.expires_at:
        raise TooLate("This request has expired; nobody decided it in time.")


def _approver(request: Request, standing: Standing) -> None:
    """A member, at the click, of a group the open stage names, and not on the makers' side."""
    person = standing.person.id
    if quorum.meets(request, person, standing.roster):
        return
    if person in request.makers:
        wrote, by_this = person not in request.requesters, {*request.asker.makers, request.now_version.editor}
        other = "" if person in by_this else ", with another of your accounts"
        raise IsMaker(
            f"You wrote this version{other}, so somebody else must approve it."
            if wrote
            else f"You are on the requester's side of this request{other}, so somebody else must decide it."
        )
    _confirmed(standing, request.stage_groups)
    named = sorted({*request.stage_groups} - {REQUESTER})
    raise NotAnApprover(
        f"This stage asks {' or '.join(named) or 'nobody'}, and you are not a member there now. Nothing is recorded."
    )


def _vote(click: Click, request: Request, standing: Standing, moment: Moment) -> None:
    _pending(request, moment)
    _approver(request, standing)
    if click.together and (why := by_itself(request, standing.person.id)):
        raise NeedsReview(f"It is decided by itself, because {why}.")
    if click.verb is Verb.APPROVE:
        _strong_enough(click, request)
    if standing.person.id in request.spent:
        other = "" if any(vote.person == standing.person.id for vote in request.votes) else " with another account"
        raise AlreadyVoted(f"You have voted on this version already{other}; a vote is final.")
    if click.verb is Verb.APPROVE:
        _looked(click, request, moment)


def _allow_similar(click: Click, request: Request, standing: Standing, moment: Moment) -> None:
    """As an approval, where the file permits it and this person's approval would be all that is asked."""
    _vote(click, request, standing, moment)
    version = request.now_version
    if Terms.of(version.action) is None:
        raise NotAllowed(f"signoff.yaml permits no standing approvals of {version.action.name}.")
    if version.risk.grave:
        raise NotAllowed("Standing approvals are for low and medium risk only.")
    if not suffices(request, standing.person.id, standing.roster):
        raise NotAllowed("Your one click would not be enough for this request, so it cannot be for those like it.")


def _strong_enough(click: Click, request: Request) -> None:
    version = request.now_version
    if click.surface.rank < min(version.surface.rank, Surface.REVIEW.rank):
        raise NeedsReview("This one is approved in Review, where all of it is shown. Press Review on the card.")
    expected = version.confirmation
    if expected is not None and (click.typed or "").strip() != expected:
        raise WrongConfirmation(f"To approve, type exactly: {expected}")


def _looked(click: Click, request: Request, moment: Moment) -> None:
    """An approval of high or critical risk so soon that it can hardly have been read is asked for once more."""
    risk = request.now_version.risk
    if risk.grave and hasty(click.seen, moment.now, again=click.again):
        raise TooSoon(
            f"This is {risk.value} risk, and you have only just opened it. Nothing is recorded: look once more."
        )


def _edit(_: Click, request: Request, standing: Standing, moment: Moment) -> None:
    if request.state is State.DRAFTING:
        return _own(request, standing)
    _pending(request, moment)
    if standing.person.id in request.requesters:
        return None
    return _approver(request, standing)


def _ask(_: Click, request: Request, standing: Standing, moment: Moment) -> None:
    _pending(request, moment)
    _approver(request, standing)
    if request.asker.told is None:
        raise WrongMoment("This request comes from an agent without a person to ask.")


def _answer(_: Click, request: Request, standing: Standing, moment: Moment) -> None:
    _own(request, standing)
    _pending(request, moment)
    if request.question is None:
        raise WrongMoment("There is no open question on this request.")


def _comment(click: Click, request: Request, standing: Standing, moment: Moment) -> None:
    _look(click, request, standing, moment)
    _pending(request, moment)


def _own(request: Request, standing: Standing) -> None:
    if standing.person.id not in request.requesters:
        raise NotRequester("Only the requester may do this.")


def _send(_: Click, request: Request, standing: Standing, moment: Moment) -> None:
    _own(request, standing)
    if request.state is not State.DRAFTING:
        raise WrongMoment(f"{request.stands}.")
    if moment.now >= request.expires_at:
        raise TooLate("This draft has expired; write it again.")


def _cancel(_: Click, request: Request, standing: Standing, __: Moment) -> None:
    draft = request.state is State.DRAFTING  # their own words, which nobody else was asked about
    if standing.person.id not in request.requesters and (draft or not _operates(standing)):
        raise NotRequester("Only the requester may drop a draft." if draft else _CANCEL)
    if request.state not in (State.DRAFTING, State.PENDING, State.APPROVED):
        raise WrongMoment(f"{request.stands}; it can no longer be cancelled.")


_CANCEL = "Only the requester or an operator may cancel it."


def _reveal(_: Click, request: Request, standing: Standing, moment: Moment) -> None:
    _pending(request, moment)
    _approver(request, standing)


def _confirmed(standing: Standing, groups: Iterable[str]) -> None:
    """Raises Unconfirmed where they may be in one of these groups for all anybody could say."""
    for group in groups:
        if group in standing.unsaid:
            raise Unconfirmed(standing.unsaid[group])


def _operates(standing: Standing) -> bool:
    if not standing.operator and standing.operators_unsaid:
        raise Unconfirmed(standing.operators_unsaid)
    return standing.operator


def _operator(standing: Standing) -> None:
    if not _operates(standing):
        raise NotOperator("Only an operator may do this (`slack.operators` of signoff.yaml names them).")


def _settle(_: Click, request: Request, standing: Standing, __: Moment) -> None:
    _operator(standing)
    if standing.person.id in request.makers:
        raise IsMaker("You are on the requester's side of this request, so another operator must settle it.")
    if request.state is not State.UNKNOWN:
        raise WrongMoment(f"{request.stands}; there is nothing to settle.")


def _report(_: Click, request: Request, standing: Standing, __: Moment) -> None:
    _own(request, standing)
    if request.state is not State.EXECUTING or not request.now_version.by_caller:
        raise WrongMoment(f"{request.stands}; there is no outcome to report.")


def _release(_: Click, request: Request, standing: Standing, __: Moment) -> None:
    _operator(standing)
    if request.state is not State.APPROVED or not request.waits_for_release:
        raise WrongMoment(f"{request.stands}; it does not wait for a release.")


def _undo(_: Click, request: Request, standing: Standing, __: Moment) -> None:
    person = standing.person.id
    if person not in request.makers and person not in request.spent and not _operates(standing):
        raise NotRequester("Only the requester, those who voted and operators may undo it.")
    if request.state is not State.SUCCEEDED or request.now_version.action.undo is None:
        raise WrongMoment(f"{request.stands}; it cannot be undone.")


def _break(click: Click, request: Request, standing: Standing, moment: Moment) -> None:
    """`click.surface` is TYPED where the filled-in window is sent, else it is only opened."""
    if request.asker.client is not None:
        raise MayNotBreakGlass(
            "An agent asked for this, and agents never break the glass, not on behalf of a person either. "
            "Ask for it yourself: /signoff break-glass …"
        )
    if not request.identities.same(request.asker.person or "", standing.person.id):
        raise NotRequester("Only whoever asked for this may break the glass on it.")
    break_glass(standing, request.now_version.action.name if request.version else "this")
    _pending(request, moment)
    expected = request.now_version.glass_confirmation
    if click.surface is Surface.TYPED and expected is not None and (click.typed or "").strip() != expected:
        raise WrongConfirmation(f"To run it without approval, type exactly: {expected}")


def _review_break(_: Click, request: Request, standing: Standing, __: Moment) -> None:
    """A second person: no maker, and one of those who could have approved it, or an operator."""
    person = standing.person.id
    if not request.breaks:
        raise WrongMoment("This was not run by breaking the glass; there is nothing to review.")
    if person in request.makers or person in request.identities.widened(each.person for each in request.breaks):
        raise IsMaker("You are on the requester's side of this, so somebody else must review it.")
    could = any(person in standing.roster.get(group, frozenset()) for group in request.could_approve)
    if not could and not _operates(standing):
        _confirmed(standing, request.could_approve)
        raise NotAnApprover("Only those who could have approved this, and operators, review it. Nothing is recorded.")


def _look(_: Click, request: Request, standing: Standing, __: Moment) -> None:
    if standing.person.problem:
        raise NotFound
    if not sees(request, standing):
        _operates(standing)
        _confirmed(standing, request.asked if request.version else ())
        raise NotFound


def _never(_: Click, __: Request, ___: Standing, ____: Moment) -> None:
    raise WrongMoment("Pausing and resuming belong to no request.")


_RULES: Mapping[Verb, Callable[[Click, Request, Standing, Moment], None]] = {
    Verb.LOOK: _look,
    Verb.APPROVE: _vote,
    Verb.REJECT: _vote,
    Verb.EDIT: _edit,
    Verb.ASK: _ask,
    Verb.ANSWER: _answer,
    Verb.COMMENT: _comment,
    Verb.SEND: _send,
    Verb.CANCEL: _cancel,
    Verb.REVEAL: _reveal,
    Verb.SETTLE: _settle,
    Verb.REPORT: _report,
    Verb.RELEASE: _release,
    Verb.UNDO: _undo,
    Verb.BREAK_GLASS: _break,
    Verb.REVIEW_BREAK: _review_break,
    Verb.OPERATE: _never,
    Verb.ALLOW_SIMILAR: _allow_similar,
}
