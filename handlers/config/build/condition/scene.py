"""Which actions a part of a condition is about, and which arguments are certainly there.

`action == "x" && args.y > 5`: y is x's. CEL lets neither side of && nor of || go before the other: what errs on one
side is passed over where the other decides. So each part is read as if the others were true (&&), or false (||).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot import expression
from bot.catalogue import Action
from bot.expression import Call, Literal, Member, Name, Node
from handlers.config.build.condition.kinds import ANY, NULL, Kind, of_schema, union


@dataclass(frozen=True, slots=True)
class Scene:
    """`broken`: actions it may be about that are known by name only, for something is wrong with them."""

    actions: tuple[Action, ...]
    broken: frozenset[str] = frozenset()
    given: frozenset[str] = frozenset()

    @property
    def impossible(self) -> bool:
        return not self.actions and not self.broken

    def having(self, name: str) -> tuple[Action, ...]:
        return tuple(action for action in self.actions if name in action.params)

    def argument(self, name: str) -> Kind:
        """What args.name may be here: null where it may be absent."""
        if self.broken:
            return ANY
        found = union(self._argument(action, name) for action in self.actions)
        return replace(found, of=found.of - NULL.of) if name in self.given else found

    def _argument(self, action: Action, name: str) -> Kind:
        schema = action.params.get(name)
        if schema is None or name in action.sensitive:
            return NULL
        kind = of_schema(schema)
        certain = name in action.required or schema.get("default") is not None
        return kind if certain else replace(kind, of=kind.of | NULL.of)

    def only(self, names: Iterable[str]) -> "Scene":
        kept = frozenset(names)
        return replace(
            self, actions=tuple(each for each in self.actions if each.name in kept), broken=self.broken & kept
        )

    def without(self, names: Iterable[str]) -> "Scene":
        gone = frozenset(names)
        return replace(
            self, actions=tuple(each for each in self.actions if each.name not in gone), broken=self.broken - gone
        )

    def where(self, node: Node, truth: bool) -> "Scene":
        """What is left of it where this part is true, or false."""
        if (named := expression.among(node, "action")) is not None:
            return self.only(named) if truth else self.without(named)
        match node:
            case Call("!_", (inner,)):
                return self.where(inner, not truth)
            case Call("_!=_", args):
                return self.where(Call("_==_", args), not truth)
            case Call("_&&_" | "_||_" as operator, parts):
                return self._all(parts, truth) if truth is (operator == "_&&_") else self._any(parts, truth)
            case Call(
                "_==_", (Member(Name("args"), name), Literal(value)) | (Literal(value), Member(Name("args"), name))
            ):
                return replace(self, given=self.given | {name}) if truth is (value is not None) else self
            case _:
                return self

    def _all(self, parts: Iterable[Node], truth: bool) -> "Scene":
        scene = self
        for part in parts:
            scene = scene.where(part, truth)
        return scene

    def _any(self, parts: Iterable[Node], truth: bool) -> "Scene":
        scenes = [self.where(part, truth) for part in parts]
        left = {action.name for scene in scenes for action in scene.actions}
        return replace(
            self.only(left | frozenset[str]().union(*(scene.broken for scene in scenes))),
            given=frozenset.intersection(*(scene.given for scene in scenes)),
        )
