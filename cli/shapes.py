"""JSON as botocore would have read it: times are times; and what is not of AWS's shape is found."""

from typing import Any

from botocore.utils import parse_timestamp

from cli.inversion import Told
from cli.unusable import NotReadable
from functions.core.language import marked, say

POLICY = "policyDocumentType"  # IAM's, which the CLI has read already
KINDS: dict[str, tuple[str, tuple[type, ...]]] = {
    "structure": (marked("an object"), (dict,)),
    "map": (marked("an object"), (dict,)),
    "list": (marked("a list"), (list,)),
    "string": (marked("a text"), (str,)),
    "character": (marked("a text"), (str,)),
    "blob": (marked("a text"), (str,)),
    "boolean": (marked("true or false"), (bool,)),
    "integer": (marked("a number"), (int,)),
    "long": (marked("a number"), (int,)),
    "float": (marked("a number"), (int, float)),
    "double": (marked("a number"), (int, float)),
    "timestamp": (marked("a time"), (str, int, float)),
}


def typed(said: Any, shape: Any, place: str, again: str) -> Any:
    """Return what an answer holds in a place, with its times read, and without what is null.

    Args:
        said: what is there.
        shape: botocore's of it.
        place: as a person reads it, beginning with the file.
        again: the command that would save the whole answer.

    Raises:
        NotReadable: when something in it is not what AWS has there; names the place.
    """
    _expect(said, shape, place)
    if shape.type_name == "structure":
        return _fields(said, shape, place, again)
    if shape.type_name == "list":
        return [typed(one, shape.member, f"{place}[{number}]", again) for number, one in enumerate(said)]
    if shape.type_name == "map":
        return {name: typed(one, shape.value, _in(place, name), again) for name, one in said.items()}
    return _time(said, place) if shape.type_name == "timestamp" else said


def _fields(said: dict[str, Any], shape: Any, place: str, again: str) -> dict[str, Any]:
    """Read the fields in place, as the object may know what it has been left without."""
    if isinstance(said, Told):
        said.belongs(shape.members, place, again)
    for name, value in list(said.items()):
        if value is None:
            del said[name]
        elif name in shape.members:
            said[name] = typed(value, shape.members[name], _in(place, name), again)
    return said


def _in(place: str, name: str) -> str:
    return f"{place}.{name}" if ": " in place else f"{place}: {name}"


def _time(said: Any, place: str) -> Any:
    try:
        return parse_timestamp(said)
    except (ValueError, OverflowError) as error:
        raise _unfit("timestamp", place) from error


def _expect(said: Any, shape: Any, place: str) -> None:
    if shape.name == POLICY:
        return
    types = KINDS[shape.type_name][1]
    if not isinstance(said, types) or (isinstance(said, bool) and bool not in types):
        raise _unfit(shape.type_name, place)


def _unfit(kind: str, place: str) -> NotReadable:
    return NotReadable(say("{place} is not {kind}, as AWS has it there", place=place, kind=say(KINDS[kind][0])))
