"""What AWS answered, as far as it can be told from what a --query of the AWS CLI has made of it."""

from collections.abc import Callable, Container, Iterable, Mapping
from functools import reduce
from typing import Any

import jmespath

from cli.unusable import NotTold
from functions.core.language import marked, say

Node = dict[str, Any]
LEFT_OUT = marked("{place} was saved without {field}; save it again: {command}")


class Misfit(Exception):
    """This is nothing that the query makes of an answer."""


class Told(dict[str, Any]):
    """A part of an answer of which a query has kept some fields only; to look at any other is an error."""

    def __init__(self, fields: Mapping[str, Any], kept: Iterable[str]) -> None:
        """Take the fields that have a value, and the names of all that the query has kept."""
        super().__init__(fields)
        self.kept = set(kept)
        self.members: Container[object] | None = None  # all fields that AWS has there, once they are known
        self.place, self.again = "", ""

    def belongs(self, members: Container[object], place: str, again: str) -> None:
        """Learn which fields AWS has there, where that is, and what to do about those that a query has left out."""
        self.members, self.place, self.again = members, place, again

    def __missing__(self, name: str) -> Any:
        self._ask(name)
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        self._ask(name)
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field's value."""
        self._ask(name)
        return super().get(name, default)

    def __or__(self, other: Any) -> "Told":  # type: ignore[override]  # of what is JSON
        return self._with({**self, **other}, other)

    def __ror__(self, other: Any) -> "Told":  # type: ignore[override]  # as above
        return self._with({**other, **self}, other)

    def _with(self, fields: Mapping[str, Any], other: Any) -> "Told":
        both = Told(fields, {*self.kept, *(other.kept if isinstance(other, Told) else other)})
        both.members, both.place, both.again = self.members, self.place, self.again
        return both

    def _ask(self, name: object) -> None:
        if name not in self.kept and (self.members is None or name in self.members):
            raise NotTold(say(LEFT_OUT, place=self.place, field=name, command=self.again))


def inverted(query: str, said: Any) -> Any:
    """Return an answer of which the query makes what was saved; of fields that it does not keep nothing is told.

    Raises:
        Misfit: when the query makes no such thing of any answer.
    """
    return _told(_invert(jmespath.compile(query).parsed, said))


def conditions(query: str) -> list[Node]:
    """List the conditions under which the query keeps members of lists."""
    return list(_conditions(jmespath.compile(query).parsed))


def holds_for(condition: Node, word: str) -> bool:
    """Say whether a condition is true of everything that has the word in what the condition is about."""
    if condition["type"] == "or_expression":
        return any(holds_for(one, word) for one in condition["children"])
    looked_for = condition["children"][-1].get("value")
    return condition.get("value") == "contains" and isinstance(looked_for, str) and looked_for in word


def _conditions(node: Node) -> Iterable[Node]:
    if node["type"] == "filter_projection":
        yield node["children"][2]
    for child in node["children"]:
        yield from _conditions(child)


class _Part(dict[str, Any]):
    """A part of an answer as it is put together: None where the query has kept that there is nothing."""


def _told(part: Any) -> Any:
    if isinstance(part, _Part):
        return Told({name: _told(value) for name, value in part.items() if value is not None}, part)
    return [_told(one) for one in part] if isinstance(part, list) else part


def _invert(node: Node, said: Any) -> Any:
    return INVERSE[node["type"]](node, said)


def _itself(_: Node, said: Any) -> Any:
    return said


def _field(node: Node, said: Any) -> Any:
    return _Part({node["value"]: said})


def _within(node: Node, said: Any) -> Any:
    """Invert `outer.inner`."""
    return reduce(lambda inner, outer: _invert(outer, inner), reversed(node["children"]), said)


def _each(node: Node, said: Any) -> Any:
    """Invert what is made of each member of a list; members that a condition was not true of are lost."""
    of, made = node["children"][:2]
    if said is None:
        return _invert(of, None)
    if not isinstance(said, list) or None in said:
        raise Misfit
    return _invert(of, [_invert(made, one) for one in said])


def _flat(node: Node, said: Any) -> Any:
    """Invert `list[]`, of a list with no lists in it."""
    return _invert(node["children"][0], said)


def _renamed(node: Node, said: Any) -> Any:
    """Invert `{name: Field, …}`."""
    fields = {pair["value"]: pair["children"][0] for pair in node["children"]}
    if said is None:
        return None
    if not isinstance(said, dict) or said.keys() != fields.keys():
        raise Misfit
    return reduce(_both, (_invert(field, said[name]) for name, field in fields.items()))


def _row(node: Node, said: Any) -> Any:
    """Invert `[Field, …]`."""
    if said is None:
        return None
    if not isinstance(said, list) or len(said) != len(node["children"]):
        raise Misfit
    return reduce(_both, map(_invert, node["children"], said))


def _names(node: Node, said: Any) -> Any:
    """Invert `keys(Field)`: of the values nothing is left."""
    if not isinstance(said, list) or not all(isinstance(name, str) for name in said) or len(said) != len(set(said)):
        raise Misfit
    return _invert(node["children"][0], dict.fromkeys(said, ""))


def _or_else(node: Node, said: Any) -> Any:
    """Invert `Field || default`, which is never null."""
    if said is None:
        raise Misfit
    return _invert(node["children"][0], said)


def _both(one: Any, other: Any) -> Any:
    """Make one part of two that tell of the same."""
    if isinstance(one, _Part) and isinstance(other, _Part):
        common = {name: _both(one[name], other[name]) for name in one.keys() & other.keys()}
        return _Part({**one, **other, **common})
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return list(map(_both, one, other))
    if one != other:
        raise Misfit
    return one


INVERSE: dict[str, Callable[[Node, Any], Any]] = {
    "current": _itself,
    "field": _field,
    "filter_projection": _each,
    "flatten": _flat,
    "function_expression": _names,
    "identity": _itself,
    "multi_select_dict": _renamed,
    "multi_select_list": _row,
    "or_expression": _or_else,
    "projection": _each,
    "subexpression": _within,
}
