"""IAM policy documents: does a policy allow this action on this resource?"""

import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Statement = Mapping[str, Any]


def _matches(value: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


def _same_bool(value: str, wanted: str) -> bool:
    return value.lower() == wanted.lower()


_CONDITIONS: dict[str, Callable[[str, str], bool]] = {
    "stringequals": str.__eq__,
    "arnequals": _matches,
    "stringlike": _matches,
    "arnlike": _matches,
    "bool": _same_bool,
}


def statements(document: Mapping[str, Any]) -> list[Statement]:
    """Return a policy document's statements as a list, also where it holds a single one."""
    return _listed(document.get("Statement", []))


def allowed(
    policy: Iterable[Statement],
    action: str,
    resource: str | None,
    context: Mapping[str, str],
    service: str | None = None,
) -> bool:
    """Tell whether the statements allow the action; an explicit Deny wins.

    resource: an ARN, "*" for an action without resources, None where it is not known (then any resource matches).
    context: condition keys in lower case; a condition on another key counts as met by Allow, as unmet by Deny.
    service: the calling service's principal (`events.amazonaws.com`) for resource policies, else None.
    """
    effects = effects_of(policy, action, resource, context, service)
    return effects == {"Allow"}


def effects_of(
    policy: Iterable[Statement],
    action: str,
    resource: str | None,
    context: Mapping[str, str],
    service: str | None = None,
) -> set[str]:
    """Return the effects (Allow, Deny) of the statements that concern the action, as `allowed` reads them."""
    return {
        statement["Effect"]
        for statement in policy
        if _concerns(statement, action, resource, service) and _conditions_met(statement, context)
    }


def _concerns(statement: Statement, action: str, resource: str | None, service: str | None) -> bool:
    return (
        _element(statement, "Action", action.lower(), lower=True)
        and (resource is None or _element(statement, "Resource", resource))
        and (service is None or _principal(statement, service))
    )


def _element(statement: Statement, element: str, value: str, *, lower: bool = False) -> bool:
    negated = f"Not{element}" in statement
    patterns = _listed(statement.get(f"Not{element}" if negated else element, []))
    return any(_matches(value, p.lower() if lower else p) for p in patterns) is not negated


def _principal(statement: Statement, service: str) -> bool:
    principal = statement.get("Principal", {})
    if principal == "*":
        return True
    return service in _listed(principal.get("Service", [])) or "*" in _listed(principal.get("AWS", []))


def _conditions_met(statement: Statement, context: Mapping[str, str]) -> bool:
    allows = statement["Effect"] == "Allow"
    return all(
        _condition_met(operator, context.get(key.lower()), _listed(wanted), unknown=allows and not _known(key))
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def _known(key: str) -> bool:
    """Tell whether the context has all there is of a key: then one that is missing is a condition that is not met."""
    return key.lower().startswith("kms:encryptioncontext:")


def _condition_met(operator: str, value: str | None, wanted: list[str], *, unknown: bool) -> bool:
    test = _CONDITIONS.get(re.sub(r"^(forallvalues|foranyvalue):|ifexists$", "", operator.lower()))
    if value is None or test is None:
        return unknown
    return any(test(value, str(one)) for one in wanted)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
