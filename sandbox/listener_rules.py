"""How a listener chooses what to do with a request: its rules by priority, their conditions, weights, redirects."""

import fnmatch
import itertools
from typing import Any

from sandbox.untyped import Model

HTTPS = 443


def action_for(listener: Model, host: str, path: str) -> dict[str, Any]:
    """Return the action of the first rule by priority that fits a request."""
    rules = [rule for rule in list(listener.rules.values()) if not rule.is_default]
    fitting = (rule for rule in sorted(rules, key=lambda rule: int(rule.priority)) if _fits(rule, host, path))
    actions = next((rule.actions for rule in fitting), listener.default_actions)
    return dict(actions[-1].data)


def target_group(action: dict[str, Any], turn: int) -> str:
    """Return the ARN of the target group that gets the request of this turn, each as often as its weight says."""
    if "TargetGroupArn" in action:
        return str(action["TargetGroupArn"])
    groups = action["ForwardConfig"]["TargetGroups"]
    places = itertools.chain.from_iterable([group["TargetGroupArn"]] * int(group.get("Weight", 1)) for group in groups)
    weighted = list(places)
    return str(weighted[turn % len(weighted)])


def redirect(action: dict[str, Any], host: str, path: str) -> tuple[int, str]:
    """Return status and Location of a redirect, its placeholders filled in."""
    config = action["RedirectConfig"]
    place, _, query = path.partition("?")
    given = {"#{host}": host, "#{path}": place.removeprefix("/"), "#{query}": query, "#{port}": str(HTTPS)}
    to_host, to_path = config.get("Host", "#{host}"), config.get("Path", "/#{path}")
    port = "" if config.get("Port", "#{port}") in ("#{port}", str(HTTPS)) else f":{config['Port']}"
    location = f"https://{to_host}{port}{to_path}" + (f"?{query}" if query else "")
    for placeholder, value in given.items():
        location = location.replace(placeholder, value)
    return int(config["StatusCode"].removeprefix("HTTP_")), location


def _fits(rule: Model, host: str, path: str) -> bool:
    return all(_holds(condition, host, path) for condition in rule.conditions)


def _holds(condition: dict[str, Any], host: str, path: str) -> bool:
    subjects = {"path-pattern": ("PathPatternConfig", path), "host-header": ("HostHeaderConfig", host.lower())}
    if condition["Field"] not in subjects:
        raise NotImplementedError(f"The sandbox's load balancer does not simulate the condition {condition['Field']}")
    key, subject = subjects[condition["Field"]]
    values = condition.get("Values") or condition[key]["Values"]
    return any(fnmatch.fnmatchcase(subject, value.replace("[", "[[]")) for value in values)
