"""Files of answers, read as if AWS had just given them: whole, of its shape, and just what is asked for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jmespath
from botocore.model import OperationModel

from cli.inversion import Misfit, Told, conditions, holds_for, inverted
from cli.saved_commands import Command
from cli.saved_files import Part
from cli.shapes import typed
from cli.unusable import NotReadable, NotSaved, NotTold
from functions.core.language import say

CLIS_TOKEN = "NextToken"  # noqa: S105  of what --max-items has cut, in any service
ALWAYS = {CLIS_TOKEN, "ResponseMetadata"}

Answer = dict[str, Any]


class Asker(NamedTuple):
    """The check that asks, and the word that is in the names of all that it asks about; "" for everything."""

    check: str = ""
    word: str = ""


class Question(NamedTuple):
    """What is asked, and by whom: as a command, and as botocore has it, with its way of reading pages, if any."""

    command: Command
    model: OperationModel
    pages: Mapping[str, Any]
    asker: Asker

    @property
    def tokens(self) -> list[str]:
        """Where an answer tells that it goes on."""
        more = self.pages.get("more_results") or self.pages.get("output_token") or []
        return [*([more] if isinstance(more, str) else more), CLIS_TOKEN]


def answer(question: Question, parts: Sequence[Part]) -> Answer:
    """Return what AWS answered.

    Raises:
        NotUsable: when it cannot be known from the files.
    """
    if not parts:
        raise NotSaved(say("not saved: {command}", command=question.command))
    if _cut(question, parts[-1].said):
        raise NotReadable(say("{file} is cut; save it again: {command}", file=parts[-1].file, command=question.command))
    whole = _joined([_typed(question, part) for part in parts])
    for token in question.tokens:
        whole.pop(token, None)  # of a part that another one follows
    return _chosen(question, whole)


def _cut(question: Question, said: Any) -> bool:
    """Say whether there was more; of what a query has made of an answer nobody knows."""
    return isinstance(said, dict) and any(jmespath.search(token, said) for token in question.tokens)


def _typed(question: Question, part: Part) -> Answer:
    """Read one file."""
    shape: Any = question.model.output_shape
    raw = isinstance(part.said, dict) and part.said.keys() <= shape.members.keys() | ALWAYS
    whole = part.said if raw else _inverted(question, part)
    told: Answer = typed(whole, shape, part.file, str(question.command))
    return told


def _inverted(question: Question, part: Part) -> Any:
    """Undo the query that an answer was saved with.

    Raises:
        NotReadable: when it is none that is known.
        NotTold: when it has left out what the check asks about.
    """
    known = question.command.known
    again = {"file": part.file, "command": question.command}
    for query in filter(None, [known.save, *known.queries]):
        try:
            whole = inverted(query, part.said)
        except Misfit:
            continue
        if not all(_enough(question, condition) for condition in conditions(query)):
            raise NotTold(say("{file} was saved without what has other names; save it again: {command}", **again))
        for token in question.tokens:
            _not_cut(whole, token)
        return whole
    raise NotReadable(say("{file} is something else; save it again: {command}", **again))


def _enough(question: Question, condition: Any) -> bool:
    """Say whether what a query has kept is all that the check asks about."""
    asker = question.asker
    return asker.check in question.command.known.enough_for and holds_for(condition, asker.word)


def _not_cut(whole: Any, token: str) -> None:
    """Let an answer tell that it does not go on."""
    *outer, last = token.split(".")
    for name in outer:
        whole = whole.get(name, {})
    whole.kept.add(last)


def _joined(answers: Sequence[Answer]) -> Answer:
    """Put the lists of several answers together."""
    first, *others = answers
    for other in others:
        lists = [name for name, value in other.items() if isinstance(value, list)]
        first |= {name: [*first.get(name, []), *other[name]] for name in lists}
    return first


def _chosen(question: Question, whole: Answer) -> Answer:
    """Choose what is asked for now, where an answer is about more.

    Raises:
        NotSaved: when something is not in it.
    """
    for parameter, fields in question.command.known.batch.items():
        asked = question.command.given.get(parameter, [])
        found = [next(_called(whole.get(parameter, []), fields, name), None) for name in asked]
        if None in found:
            raise NotSaved(say("not saved: {command}", command=question.command))
        whole[parameter] = found
    return whole


def _called(ones: Sequence[Any], fields: Sequence[str], name: str) -> Iterator[Any]:
    """Give those that have a name, or an ARN, in one of the fields that are told of them."""
    for one in ones:
        told = [field for field in fields if field in (one.kept if isinstance(one, Told) else one)]
        if {name, name.rpartition("/")[2]} & {one.get(field) for field in told}:
            yield one
