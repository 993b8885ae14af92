"""What a function's role allows: its declared permissions, with the service's own resources in their braces."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

from functions.core.audited import looks
from functions.core.function import Function
from functions.core.permissions import Permission
from functions.core.template import fill, names
from statemachines.audit_model import Audit
from statemachines.load import FileError, functions_of
from statemachines.model import AUDIT, CheckUse, FixUse, Runbook, Service

Values = Mapping[str, Any]


class Grant(NamedTuple):
    """IAM actions on ARNs; where the API knows no resource, the one ARN is `*`."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]


class Use(NamedTuple):
    """One use of a check or fix, in the runbook where it stands."""

    runbook: str
    use: CheckUse | FixUse


def uses(runbooks: Iterable[Runbook]) -> dict[str, list[Use]]:
    """Group all uses in a service's runbooks by the function: check/… or fix/…."""
    grouped: dict[str, list[Use]] = {}
    for runbook in runbooks:
        for function, found in functions_of(runbook).items():
            grouped.setdefault(function, []).extend(Use(runbook.name, use) for use in found)
    return grouped


def audited(service: Service, audit: Audit | None) -> dict[str, list[Use]]:
    """Group all that a service's audit looks at by the function, each use with its parameters filled in."""
    grouped: dict[str, list[Use]] = {}
    for look in looks(service, audit, service.audit.regions).values() if audit and service.audit else ():
        use = CheckUse.model_validate({"check": look.check, "with": look.parameters})
        grouped.setdefault(f"check/{look.check}", []).append(Use(AUDIT, use))
    return grouped


def grants(function: Function, found: Iterable[Use], service: Service, own: Values) -> list[Grant]:
    """Fill a function's permissions for each of its uses; several uses make one role that allows them all.

    Args:
        function: a check, fix or step.
        found: its uses in the service's runbooks; none for a step.
        service: whose resources they are.
        own: the ARNs of the stack's own resources, by the names that bookkeeping and steps may put in braces.

    Raises:
        FileError: when a person could name another resource in the console than the role is for.
        ValueError: when braces name something that the function has no parameter for.
    """
    place = {"account": service.account, "region": service.region, "stack": service.name}
    given = [_parameters(function, one, service) | place for one in found] or [{**own, **place}]
    filled = [
        *((permission, given) for permission in function.permissions),
        *((permission, [{**own, **place}]) for permission in function.bookkeeping),
    ]
    return [Grant(permission.actions, _resources(function, permission, values)) for permission, values in filled]


def _parameters(function: Function, found: Use, service: Service) -> dict[str, Any]:
    with_ = found.use.with_
    narrowing = names([permission.on for permission in function.permissions])
    overrides = service.runbooks[found.runbook].overrides if found.runbook in service.runbooks else {}
    derived = {name for name in narrowing if hasattr(function.parameters, name)}  # a property may use any field
    for field in sorted(with_.keys() if derived else narrowing & with_.keys()):
        free = sorted(names(with_[field]) & overrides.keys())
        if free:
            raise FileError(
                f"service {service.name}: runbooks.{found.runbook}.overrides.{free[0]}: the role of {function.kind} "
                f"{function.name} is for exactly this resource ({field}), so it cannot be overridden"
            )
    defaults = {name: info.default for name, info in function.parameters.model_fields.items() if name not in with_}
    known = {field: value for field, value in with_.items() if not any("." in name for name in names(value))}
    given: dict[str, Any] = defaults | fill(known, service.given.__getitem__)
    parameters = function.parameters.model_construct(**given)
    return given | {name: getattr(parameters, name) for name in derived}


def _resources(function: Function, permission: Permission, values: Iterable[Values]) -> tuple[str, ...]:
    return tuple(sorted({arn for one in values for arn in _arns(function, permission.on, one)}))


def _arns(function: Function, template: str, values: Values) -> Iterator[str]:
    """Fill one ARN; a parameter that is a list yields an ARN for each of its members."""
    wanted = sorted(names(template))
    unknown = [name for name in wanted if not isinstance(values.get(name), str | int | list)]
    if unknown:
        raise ValueError(
            f"{function.kind} {function.name}: the permission on {template} needs {', '.join(unknown)}, "
            f"which has no value; there are {', '.join(sorted(values))}"
        )
    choices = (values[name] if isinstance(values[name], list) else [values[name]] for name in wanted)
    for choice in product(*choices):
        yield fill(template, dict(zip(wanted, choice, strict=True)).__getitem__)
