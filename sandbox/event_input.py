"""What an EventBridge target receives: the event, a part of it, a constant, or a filled-in template.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from jsonpath_ng import parse

_PLACEHOLDER = re.compile(r"<([\w.-]+)>")


def target_input(target: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """Return the target's input as JSON text."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        return json.dumps(_at(target["InputPath"], event))
    if "InputTransformer" in target:
        transformer = target["InputTransformer"]
        return _filled(transformer["InputTemplate"], transformer.get("InputPathsMap", {}), event)
    return json.dumps(event)


def _filled(template: str, paths: Mapping[str, str], event: Mapping[str, Any]) -> str:
    values = {name: _at(path, event) for name, path in paths.items()}
    values["aws.events.event.json"] = dict(event)

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            return found[0]
        encoded = json.dumps(values[found[1]])
        quoted = _inside_quotes(template[: found.start()])
        return encoded.strip('"') if quoted else encoded

    return _PLACEHOLDER.sub(value, template)


def _inside_quotes(before: str) -> bool:
    return len(re.findall(r'(?<!\\)"', before)) % 2 == 1


def _at(path: str, event: Mapping[str, Any]) -> Any:
    found = parse(re.sub(r"\.([\w]*-[\w-]*)", r'."\1"', path)).find(event)
    return found[0].value if found else None
