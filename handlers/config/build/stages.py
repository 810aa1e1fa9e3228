"""`ask:` and its stages: who is asked, in which order, and whether the stages can pass at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from bot.catalogue import Group
from bot.identity import Identities
from bot.policy import Ask
from bot.route import REQUESTER, Escalation, Requirement, Stage, Verdict
from handlers.config.build.people import named
from handlers.config.mistakes import Spot
from handlers.config.shape import rules as shape
from handlers.words import choice, quoted, use

FAR = 12  # requirements that are looked at together


@dataclass(frozen=True, slots=True)
class Stages:
    """What stages are made with: the groups, who is one person, and the escalation of stages that name none."""

    groups: Mapping[str, Group]
    identities: Identities
    escalation: shape.Escalation | None = None

    def then(self, spot: Spot, given: shape.Then, *, grave: bool = False) -> Ask | Verdict:
        """`grave`: the risk is high or critical for sure, where nobody's own word is enough."""
        if isinstance(given, str):
            return Verdict(given)
        here = spot / "ask"
        stages = tuple(self._stage(here / at, stage, given.expires, grave=grave) for at, stage in enumerate(given.ask))
        self._can_pass(here, stages)
        return Ask(stages, given.expires)

    def _stage(self, spot: Spot, given: shape.Stage, expires: int, *, grave: bool) -> Stage:
        need = tuple(self._requirement(spot / "need" / at, each, grave=grave) for at, each in enumerate(given.need))
        if given.remind is not None and given.remind >= expires:
            (spot / "remind").mistake(
                "the request expires before the first reminder", "remind sooner, or let it expire later"
            )
        if given.loops and not given.escalate:
            (spot / "loops").mistake("there are no steps to repeat", "add escalate, or remove loops")
        return Stage(need, given.rejects, given.remind, self._escalate(spot, given, need, expires), given.loops)

    def _requirement(self, spot: Spot, given: shape.Need, *, grave: bool) -> Requirement:
        groups = named(spot / "from", given.from_, self.groups, REQUESTER)
        if REQUESTER in groups and grave:
            (spot / "from").mistake("the requester cannot confirm what is of high or critical risk", "name a group")
        return Requirement(groups, given.approvals)

    def _escalate(
        self, spot: Spot, given: shape.Stage, need: Sequence[Requirement], expires: int
    ) -> tuple[Escalation, ...]:
        default = self.escalation
        if given.escalate is None:
            if default is None or default.after >= expires:
                return ()
            return (Escalation(default.after, tuple(default.to), default.may_approve),)
        steps: list[Escalation] = []
        waited = 0
        for at, step in enumerate(given.escalate):
            here = spot / "escalate" / at
            waited = step.after + (waited if step.from_ == "previous" else 0)
            if waited >= expires:
                (here / "after").mistake(
                    "the request expires before this step", "escalate sooner, or let it expire later"
                )
            steps.append(
                Escalation(
                    after=step.after,
                    to=named(here / "to", step.to, self.groups),
                    may_approve=step.may_approve,
                    requirement=None if step.for_ is None else _which(here / "for", step.for_, need),
                    counted_from=step.from_,
                    any_hour=step.any_hour,
                )
            )
        return tuple(steps)

    def _can_pass(self, spot: Spot, stages: Sequence[Stage]) -> None:
        """Hall's condition over all stages, since a person counts in one: enough people for every set of needs."""
        needs = [
            (spot / at / "need" / index, need.approvals, people)
            for at, stage in enumerate(stages)
            for index, need in enumerate(stage.need)
            for people in [self._people(stage, index)]
            if people is not None
        ]
        for size in range(1, min(len(needs), FAR) + 1):
            for chosen in combinations(needs[:FAR], size):
                there = frozenset[str]().union(*(people for _, _, people in chosen))
                wanted = sum(approvals for _, approvals, _ in chosen)
                if len(there) < wanted:
                    together = "" if size == 1 else " together with the needs before it (a person counts once)"
                    people = f"{len(there)} person" if len(there) == 1 else f"{len(there)} people"
                    what = f"can never pass: it takes {wanted} approvals{together}, and its groups list {people}"
                    chosen[-1][0].mistake(what, "ask for fewer, or add people to the groups")
                    return

    def _people(self, stage: Stage, index: int) -> frozenset[str] | None:
        """Everyone who could ever count for a requirement, where the file itself lists them all."""
        names = {*stage.need[index].groups}
        for step in stage.escalate:
            if step.may_approve and step.requirement in (None, index):
                names |= {*step.to}
        people: set[str] = {REQUESTER} & names
        for each in names - {REQUESTER}:
            group = self.groups.get(each)
            if group is None or not group.users or group.user_groups or group.channels or group.lookup:
                return None
            people |= self.identities.persons(group.users)
        return frozenset(people)


def _which(spot: Spot, group: str, need: Sequence[Requirement]) -> int | None:
    """The requirement that `for:` means, by a group it names; one that names it alone goes before."""
    naming = [at for at, each in enumerate(need) if group in each.groups]
    alone = [at for at in naming if need[at].groups == (group,)]
    if len(alone or naming) == 1:
        return (alone or naming)[0]
    if naming:
        spot.mistake(f"several needs of the stage ask {quoted(group)}", "give each its own group, or remove for")
        return None
    there = dict.fromkeys(name for each in need for name in each.groups)
    spot.mistake(f"no need of the stage asks {quoted(group)}", use(there, group) if there else choice(()))
    return None
