"""A part of a condition as text, for the sentence that says what is wrong with it."""

import json

from bot.expression import Call, Items, Literal, Loop, Member, Name, Node, Struct

_BETWEEN = {"@in": "in"}
_MOST = 80  # characters


def written(node: Node) -> str:
    text = _text(node)
    return text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"


def _text(node: Node) -> str:  # noqa: PLR0911 - one for each kind
    match node:
        case Literal(value):
            return f"b{value!r}" if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False)
        case Name(name):
            return name
        case Member(of, name, tested):
            return f"has({_text(of)}.{name})" if tested else f"{_text(of)}.{name}"
        case Call():
            return _call(node)
        case Items(items):
            return f"[{', '.join(map(_text, items))}]"
        case Struct():
            return "{…}"
        case Loop():
            return f"{_text(node.over)}.{_macro(node)}({node.variable}, …)"


def _macro(node: Loop) -> str:
    """What it was written as, by what it begins with."""
    match node.start:
        case Literal(bool() as all_):
            return "all" if all_ else "exists"
        case Literal():
            return "exists_one"
        case _:
            return "map"


def _call(node: Call) -> str:
    name, args = node.function, [_text(each) for each in node.args]
    if node.target is not None:
        return f"{_text(node.target)}.{name}({', '.join(args)})"
    match name, args:
        case "_?_:_", [condition, this, that]:
            return f"{condition} ? {this} : {that}"
        case "_[_]", [of, key]:
            return f"{of}[{key}]"
        case "!_" | "-_", [arg]:
            return f"{name[0]}{arg}"
        case _, [left, right] if name in _BETWEEN or name.startswith("_"):
            return f"{left} {_BETWEEN.get(name, name.strip('_'))} {right}"
        case _:
            return f"{name}({', '.join(args)})"
