"""Reads runbook and service files; whatever is wrong in one is said with its file and line."""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from functions.core import catalogue
from functions.core.function import Function
from functions.core.template import fill, names
from statemachines.audit_model import CHECKOUT, Audit
from statemachines.model import CheckUse, FixUse, Model, Runbook, Service, Shares

ROOT = Path(__file__).parent.parent
AUDITS = ROOT / "statemachines" / "audits"
M = TypeVar("M", bound=Model)
Place = tuple[str | int, ...]


class FileError(Exception):
    """A runbook or service file is wrong; each line of the message names file, line, place and what to do."""


def runbooks(folder: Path = ROOT / "statemachines" / "runbooks") -> dict[str, Runbook]:
    """Read every runbook, by name."""
    return {path.stem: runbook(path) for path in sorted(folder.glob("*.yaml"))}


def services(folder: Path = ROOT / "services") -> dict[str, Service]:
    """Read every service, by name.

    Raises:
        FileError: for a file that is wrong, or has the name of another one.
    """
    read: dict[str, Service] = {}
    for path in sorted(folder.glob("*.yaml")):
        one = service(path)
        if one.name in read:
            raise FileError(f"{path}:1: name: another file of this folder describes {one.name} already")
        read[one.name] = one
    return read


def runbook(path: Path) -> Runbook:
    """Read one runbook and hold it against the checks and fixes there are.

    Raises:
        FileError: for a word, check, fix, parameter, signal or fact that does not exist.
    """
    document = _parse(path)
    loaded = _model(Runbook, path, {"name": path.stem, **_with_shared(path, document)}, document)
    _refuse(path, document, [*_renamed(loaded, path), *_unknowns(loaded)])
    return loaded


def audits(folder: Path = AUDITS) -> dict[str, Audit]:
    """Read every audit, by name."""
    return {path.stem: audit(path) for path in sorted(folder.glob("*.yaml"))}


def audit(path: Path) -> Audit:
    """Read one audit and hold it against the checks there are.

    Raises:
        FileError: for a word, check, parameter or signal that does not exist.
    """
    document = _parse(path)
    loaded = _model(Audit, path, {"name": path.stem, **document}, document)
    _refuse(path, document, _unaudited(loaded))
    return loaded


def service(path: Path, folder: Path = ROOT / "statemachines" / "runbooks") -> Service:
    """Read one service and hold it against the runbooks it uses.

    Raises:
        FileError: for an unknown word or runbook, or a resource that a runbook needs and the service does not name or
            gives another type of value, or a limit that no fix has.
    """
    document = _parse(path)
    loaded = _model(Service, path, document, document)
    _refuse(path, document, _missing(loaded, folder))
    return loaded


def _parse(path: Path) -> Any:
    try:
        document = YAML().load(path)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise FileError(f"{path}:{line}: {error.problem}") from error
    except YAMLError as error:
        raise FileError(f"{path}:1: {error}") from error
    if not isinstance(document, dict):
        raise FileError(f"{path}:1: expected names with values, as in the other files of this folder")
    return document


def _model(model: type[M], path: Path, values: dict[str, Any], document: Any) -> M:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = [(one["loc"], f"{one['msg']} (given: {one['input']!r:.60})") for one in error.errors()]
        raise FileError(_report(path, document, problems)) from error


def _refuse(path: Path, document: Any, problems: Iterable[tuple[Place, str]]) -> None:
    found = list(problems)
    if found:
        raise FileError(_report(path, document, found))


def _report(path: Path, document: Any, problems: Iterable[tuple[Place, str]]) -> str:
    return "\n".join(
        f"{path}:{_line(document, place)}: {'.'.join(map(str, place))}: {problem}" for place, problem in problems
    )


def _line(document: Any, place: Place) -> int:
    """Find the line of a place, or of the nearest thing around it."""
    line: int = document.lc.line
    for key in place:
        try:
            places = document.lc
            line = (places.key(key) if isinstance(document, dict) else places.item(key))[0]
            document = document[key]
        except (KeyError, IndexError, AttributeError, TypeError):
            break
    return line + 1


def _with_shared(path: Path, document: Any) -> dict[str, Any]:
    """Add the checks and causes that stand in another runbook's file; causes of the file itself come first."""
    values = dict(document)
    if "shares" not in values:
        return values
    given = values.pop("shares")
    shares = _model(Shares, path, given, given)
    source = path.with_name(f"{shares.from_}.yaml")
    if not source.exists() or source == path:
        _refuse(
            path,
            document,
            [(("shares", "from"), f"there is no other runbook {shares.from_}; there are {_stems(path.parent)}")],
        )
    other = runbook(source)
    causes = {cause.name: cause for cause in other.causes}
    _refuse(
        path, document, [*_unshared("checks", shares.checks, other.checks), *_unshared("causes", shares.causes, causes)]
    )
    return values | {
        "checks": {name: other.checks[name].model_dump(by_alias=True) for name in shares.checks}
        | values.get("checks", {}),
        "causes": [*values.get("causes", []), *(causes[name].model_dump(by_alias=True) for name in shares.causes)],
    }


def _unshared(word: str, wanted: list[str], known: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    for index, name in enumerate(wanted):
        if name not in known:
            yield ("shares", word, index), f"that runbook has no {name}; it has {', '.join(known)}"


def _renamed(loaded: Runbook, path: Path) -> Iterator[tuple[Place, str]]:
    if loaded.name != path.stem:
        yield ("name",), f"a runbook is called as its file is, {path.stem}: leave this out"


def _unknowns(loaded: Runbook) -> Iterator[tuple[Place, str]]:
    causes = [cause.name for cause in loaded.causes]
    for name, use in loaded.checks.items():
        yield from _uses(("checks", name), "check", use.check, use.with_, catalogue.checks())
    for index, cause in enumerate(loaded.causes):
        if cause.name in causes[:index]:
            yield ("causes", index, "name"), f"another cause of this runbook is called {cause.name}"
        for number, use_of_fix in enumerate(cause.fix):
            place: Place = ("causes", index, "fix", number)
            yield from _uses(place, "fix", use_of_fix.fix, use_of_fix.with_, catalogue.fixes())
            yield from _facts((*place, "with"), use_of_fix.with_, loaded)  # and with it `each`, which stands there
            yield from _facts((*place, "before"), [use_of_fix.before, use_of_fix.after], loaded)
        yield from _facts(("causes", index, "manual"), cause.manual, loaded)
        for word in ("confirmed_by", "supported_by", "ruled_out_by"):
            yield from _signals(("causes", index, word), getattr(cause, word), loaded)
        if cause.awaits:
            yield from _signals(("causes", index, "awaits", "signals"), cause.awaits.signals, loaded)
    yield from _signals(("validation", "signals"), loaded.validation.signals, loaded)
    yield from _expected(loaded)
    yield from _unlisted(loaded)


def _unaudited(loaded: Audit) -> Iterator[tuple[Place, str]]:
    for name, use in loaded.checks.items():
        yield from _uses(("checks", name), "check", use.check, use.with_, catalogue.checks())
    for index, row in enumerate(loaded.rows):
        yield from _signals(("rows", index, "wrong"), list(row.wrong), loaded)
        yield from _signals(("rows", index, "nothing"), row.nothing, loaded)
        yield from _signals(("rows", index, "unless"), list(chain.from_iterable(row.unless.values())), loaded)


def _expected(loaded: Runbook) -> Iterator[tuple[Place, str]]:
    """Find what the validation would give to checks that it does not make, or that do not take it."""
    for name, given in loaded.validation.with_.items():
        place: Place = ("validation", "with", name)
        if name not in loaded.validating:
            yield place, f"the validation asks nothing of {name}; it asks {', '.join(loaded.validating)}"
            continue
        taken = catalogue.checks()[loaded.checks[name].check].parameters.model_fields
        for parameter in sorted(given.keys() - taken.keys()):
            yield (*place, parameter), f"{name} has no such parameter; it has {', '.join(taken)}"
        approved = names([use.with_ for use in loaded.fixes])
        for fact in sorted(names(given) - approved):
            yield place, f"{{{fact}}} is no parameter of a fix, so nobody approves it; there are {', '.join(approved)}"


def _unlisted(loaded: Runbook) -> Iterator[tuple[Place, str]]:
    """Find what the lines of the checklist name and is not there."""
    for index, item in enumerate(loaded.checklist):
        place: Place = ("checklist", index)
        for word in ("warning", "alert"):
            yield from _signals((*place, word), getattr(item, word), loaded)
        yield from _facts((*place, "value"), item.value, loaded)
        yield from _facts((*place, "normal"), item.normal, loaded)
        if item.metric:
            yield from _facts((*place, "metric", "fact"), f"{{{item.metric.fact}}}", loaded)
        for name in sorted(names(item.normal)):
            check, dot, parameter = name.partition(".")
            if dot and check in loaded.checks and parameter not in loaded.checks[check].with_:
                given = ", ".join(loaded.checks[check].with_)
                yield (*place, "normal"), f"{{{name}}} is no parameter that {check} is given; there are {given}"


def _uses(
    place: Place, kind: str, name: str, given: dict[str, Any], known: dict[str, Any]
) -> Iterator[tuple[Place, str]]:
    function: Function | None = known.get(name)
    if function is None:
        yield (*place, kind), f"there is no {kind} {name}; there are {', '.join(known)}"
        return
    fields = function.parameters.model_fields
    for parameter, value in given.items():
        if parameter not in fields:
            yield (*place, "with", parameter), f"{name} has no such parameter; it has {', '.join(fields)}"
        for fact in sorted(one for one in names(value) if "." in one and kind == "check"):
            yield (*place, "with", parameter), f"{{{fact}}} is a fact; a check's parameters are resources only"
    missing = sorted(field for field, info in fields.items() if info.is_required() and field not in given)
    if missing:
        yield (*place, "with"), f"{name} also needs {', '.join(missing)}"


def _signals(place: Place, signals: list[str], loaded: Runbook | Audit) -> Iterator[tuple[Place, str]]:
    for index, signal in enumerate(signals):
        name, _, question = signal.partition(".")
        use = loaded.checks.get(name)
        known = catalogue.checks()[use.check].signals if use and use.check in catalogue.checks() else {}
        if question not in known:
            there_are = ", ".join(known) if use else f"checks {', '.join(loaded.checks)}"
            yield (*place, index), f"there is no signal {signal}; there are {there_are}"


def _facts(place: Place, text: Any, loaded: Runbook) -> Iterator[tuple[Place, str]]:
    for name in sorted(names(text)):
        source, dot, _ = name.partition(".")
        if dot and source not in loaded.checks:
            yield place, f"{{{name}}} names no check; there are {', '.join(loaded.checks)}"


def _missing(loaded: Service, folder: Path) -> Iterator[tuple[Place, str]]:
    for place, named in ((("approval", "risks"), loaded.approval.risks.keys()), (("limits",), loaded.limits.keys())):
        for name in sorted(named - catalogue.fixes().keys()):
            yield (*place, name), f"there is no fix {name}; there are {', '.join(catalogue.fixes())}"
    yield from _unbounded(loaded)
    yield from _unauditable(loaded)
    for name, use in loaded.runbooks.items():
        path = folder / f"{name}.yaml"
        if not path.exists():
            yield ("runbooks", name), f"there is no runbook {name}; there are {_stems(folder)}"
            continue
        used = runbook(path)
        missing = sorted(used.resources - loaded.resources.keys())
        if missing:
            yield ("resources",), f"the runbook {name} needs {', '.join(missing)}"
        else:
            yield from _misfits(loaded, used)
        yield from _unwatchable(loaded, used)
        for unknown in sorted(use.overrides.keys() - loaded.resources.keys()):
            yield ("runbooks", name, "overrides", unknown), "names no resource of this service"


def _unauditable(loaded: Service) -> Iterator[tuple[Place, str]]:
    """Find what an audit cannot do with a service."""
    if loaded.audit is None:
        return
    path = AUDITS / f"{loaded.audit.audit}.yaml"
    if not path.exists():
        yield ("audit", "audit"), f"there is no audit {loaded.audit.audit}; there are {_stems(AUDITS)}"
        return
    used = audit(path)
    for name in sorted(loaded.audit.attestations.keys() - used.attestations.keys()):
        yield ("audit", "attestations", name), f"nobody asks for it; there are {', '.join(used.attestations)}"
    missing = sorted(used.resources - loaded.resources.keys())
    if missing:
        yield ("resources",), f"the audit {used.name} needs {', '.join(missing)}"
        return
    for use in used.checks.values():
        given = use.filled(loaded, region=loaded.region, **{CHECKOUT: ""})
        yield from _unfit(use, given)


def _unwatchable(loaded: Service, used: Runbook) -> Iterator[tuple[Place, str]]:
    """Find what a watch cannot do with a runbook."""
    if loaded.watch and loaded.watch.runbook == used.name and not used.leveled:
        yield ("watch", "runbook"), f"no cause of {used.name} has a level, so it cannot tell how the service is"
    if used.operation and used.name in loaded.watched:
        yield (
            ("runbooks", used.name, "alarms"),
            "an operation is for a healthy service: no watch can tell when it is due",
        )


def _unbounded(loaded: Service) -> Iterator[tuple[Place, str]]:
    """Find the bounds that would let no plan pass: on no parameter, on no number, or on nothing between them."""
    for name in sorted(loaded.limits.keys() & catalogue.fixes().keys()):
        fields = catalogue.fixes()[name].parameters.model_fields
        for parameter, bounds in loaded.limits[name].bounds.items():
            place = ("limits", name, "bounds", parameter)
            if parameter not in fields:
                yield place, f"{name} has no such parameter; it has {', '.join(fields)}"
            elif fields[parameter].annotation not in (int, float):
                yield place, f"{name} takes no number there"
            elif bounds.least is not None and bounds.most is not None and bounds.least > bounds.most:
                yield place, f"nothing is at least {bounds.least:g} and at most {bounds.most:g}"


def _misfits(loaded: Service, used: Runbook) -> Iterator[tuple[Place, str]]:
    """Hold the values that checks and fixes would be given against their parameters."""
    uses: list[CheckUse | FixUse] = [*used.checks.values(), *used.fixes]
    for use in uses:
        with_ = {parameter: value for parameter, value in use.with_.items() if not _found(value)}
        yield from _unfit(use, fill(with_, loaded.given.__getitem__))


def _unfit(use: CheckUse | FixUse, given: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    """Hold given values against the parameters of one check or fix."""
    name = use.check if isinstance(use, CheckUse) else use.fix
    known: dict[str, Function] = {**catalogue.checks(), **catalogue.fixes()}
    try:
        known[name].parameters.model_validate(given)
    except ValidationError as error:
        for problem in error.errors():
            if problem["type"] == "missing":  # a fact, which only an incident will tell
                continue
            resource = sorted(names(use.with_[str(problem["loc"][0])]))[:1]
            yield ("resources", *resource), f"{name} cannot use it as {problem['loc'][0]}: {problem['msg']}"


def _found(value: Any) -> bool:
    return any("." in name for name in names(value))


def _stems(folder: Path) -> str:
    return ", ".join(path.stem for path in sorted(folder.glob("*.yaml")))


def functions_of(loaded: Runbook) -> dict[str, list[CheckUse | FixUse]]:
    """Group a runbook's uses by the function they call: the check's or fix's kind and name."""
    grouped: dict[str, list[CheckUse | FixUse]] = {}
    for check_use in loaded.checks.values():
        grouped.setdefault(f"check/{check_use.check}", []).append(check_use)
    for fix_use in loaded.fixes:
        grouped.setdefault(f"fix/{fix_use.fix}", []).append(fix_use)
    return grouped
