"""A state machine's error as a person reads it."""

import json
import re
from typing import Any

from functions.core.redaction import redact

LENGTH = 500
MESSAGE = re.compile(r'"errorMessage":\s*("(?:[^"\\]|\\.)*")')  # the JSON around it may have been cut


def explain(error: dict[str, Any]) -> str:
    """Write an error of a Lambda or of Step Functions as "name: message", without its stack trace.

    Args:
        error: `Error` and `Cause` as Step Functions gives them (in either case); empty where nothing went wrong.
    """
    name = error.get("Error") or error.get("error") or ""
    cause = error.get("Cause") or error.get("cause") or ""
    return redact(": ".join(filter(None, [name, _message(cause)])))[:LENGTH]


def _message(cause: str) -> str:
    found = MESSAGE.search(cause)
    return str(json.loads(found[1])) if found else cause
