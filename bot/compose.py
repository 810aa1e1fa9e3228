"""A version made of an action and arguments: validated, decided by the policy, resolved, digested. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot import digest
from bot.catalogue import Action, Catalogue, Risk, resolve
from bot.condition import Basis
from bot.errors import BadInput
from bot.people import Unsaid
from bot.policy import Decision, Policy, hardened
from bot.ports import Fits, Schemas
from bot.request import Asker, Plan, Request, Version
from bot.route import Route, Verdict


@dataclass(slots=True)
class InForce:
    """The catalogue and policy in force. A reload replaces both; what is open keeps what it was made with."""

    catalogue: Catalogue
    policy: Policy


@dataclass(frozen=True, slots=True)
class Known:
    """What was read of the requester before deciding: live groups, and counts of recent requests."""

    groups: tuple[str, ...] = ()
    history: Mapping[str, int] | None = None
    unsaid: Unsaid = field(default_factory=dict)  # groups that may have them, or not


@dataclass(frozen=True, slots=True)
class Composer:
    in_force: InForce
    schemas: Schemas
    fits: Fits

    def decide(
        self,
        action: Action,
        args: Mapping[str, Any],
        plan: Plan,
        asker: Asker,
        known: Known,
        now: int,
        context: Mapping[str, Any] | None = None,
    ) -> tuple[Decision, Basis, dict[str, Any]]:
        """The policy's word on an action with these arguments. BadInput names each argument that is wrong."""
        filled = action.with_defaults(args)
        if problems := self.schemas.problems(action, filled):
            raise BadInput(*problems)
        told = {"id": asker.id, "groups": list(known.groups), "kind": asker.kind, "client": asker.client or ""}
        basis = Basis(
            action=action.base,
            args={name: value for name, value in filled.items() if name not in action.sensitive},
            base_risk=action.risk,
            requester=told,
            plan={"source": plan.source, "confidence": float(plan.confidence), "flags": list(plan.flags)},
            history=dict(known.history or {}),
            now=now,
            context=dict(context or {}) | ({"undo": True} if action.undoes else {}),
        )
        return self.in_force.policy.decide(basis, action), basis, filled

    def version(
        self,
        request: Request,
        action: Action,
        args: Mapping[str, Any],
        plan: Plan,
        known: Known,
        now: int,
        salt: str,
        *,
        number: int = 1,
    ) -> Version:
        """Raises BadInput for arguments that are wrong or do not fit where the action puts them."""
        decision, basis, filled = self.decide(action, args, plan, request.asker, known, now, request.context)
        draft = Version(
            number=number,
            snapshot=b"",
            salt=salt,
            digest="",
            action=action,
            args=filled,
            way=resolve(action.run, filled),
            route=replace(decision.route, identities=self.in_force.catalogue.identities),
            risk=decision.risk,
            raised_by=decision.raised_by,
            plan=plan,
            basis=basis.as_json() | {"policy": self.in_force.policy.version},
            made_at=now,
        )
        return self.sealed(request.id, draft)

    def sealed(self, request_id: str, version: Version) -> Version:
        """The version with the canonical bytes and the digest of what it says now."""
        snapshot = Version.snapshot_of(
            request_id, version.number, version.action, version.args, version.way, version.route
        )
        sealed = replace(version, snapshot=snapshot, digest=digest.digest_of(snapshot, version.salt))
        return replace(sealed, fits=self.fits(sealed))

    def next_version(
        self, request: Request, args: Mapping[str, Any], known: Known, now: int, salt: str, *, editor: str | None
    ) -> Version:
        """The edited version. An allow still takes one approval from the stage that was open; a deny stays one.

        `editor`: who changed the arguments. None where nobody did: whoever wrote them before still has.
        """
        was = request.now_version
        action = self.in_force.catalogue.action(was.action.name)
        version = self.version(request, action, args, self._plan(was, args), known, now, salt, number=was.number + 1)
        if version.route.verdict is Verdict.ALLOW:
            route = hardened(self._looked_at(version.route, request), version.risk, action)
            version = replace(version, route=route)
        wrote = editor or was.editor
        if wrote is None or wrote in version.route.identities.widened(request.asker.makers):
            return self.sealed(request.id, version)
        eligible = action.edit_and_approve and (editor is not None or was.editor_may_approve)
        kept = version.risk.rank <= min(was.risk.rank, Risk.MEDIUM.rank) and version.route == was.route
        return self.sealed(request.id, replace(version, editor=wrote, editor_may_approve=eligible and kept))

    def _plan(self, was: Version, args: Mapping[str, Any]) -> Plan:
        """What the model told of the arguments as they were does not speak of others; its flags and warnings stay."""
        return was.plan if dict(args) == dict(was.args) else replace(was.plan, steps=(), impact="")

    def _looked_at(self, route: Route, request: Request) -> Route:
        was = request.now_version.route
        if not was.asks:
            return self.in_force.policy.looked_at(route, note="what was allowed has changed, so it takes one approval")
        asked = replace(route, groups=was.groups, expires=was.expires)
        stage = was.stages[min(request.stage, len(was.stages) - 1)]
        return asked.one_approval(stage, note="an edited version still takes one approval")
