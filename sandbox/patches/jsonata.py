"""Step Functions: moto ships no JSONata evaluator; evaluate with jsonata-python, and fail as AWS does.

moto writes variables into the expression's text as `$name:=JSON;`. Parsing that text in Python is what costs most, so
the JSON stands between NUL characters (which JSON never contains), and is bound instead of parsed as an expression.
"""

import json
import re
from typing import Any

import jsonata
import moto.stepfunctions.parser.asl.component.common.string.string_expression as expressions
import moto.stepfunctions.parser.asl.jsonata.jsonata as engine
from jsonata.utils import Utils
from moto.stepfunctions.parser.api import EvaluationFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import TimeoutSecondsJSONata
from moto.stepfunctions.parser.asl.eval import states, variable_store
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from sandbox.patches.replaced import replace

_VALUE = re.compile("\0([^\0]*)\0")


def install() -> None:
    """Evaluate JSONata, bind variables by value, and turn an evaluator's error into States.QueryEvaluationError."""
    replace(engine, "_eval_jsonata", _evaluate)
    replace(states, "encode_jsonata_variable_declarations", _declarations)
    replace(variable_store, "encode_jsonata_variable_declarations", _declarations)
    replace(expressions.StringJSONata, "_eval_body", _eval_body)
    replace(TimeoutSecondsJSONata, "_eval_seconds", _eval_seconds)


def _declarations(bindings: dict[str, Any]) -> str:
    return "".join(f"{name}:=\0{to_json_str(value)}\0;" for name, value in bindings.items())


def _evaluate(expression: str) -> Any:
    bindings: dict[str, Any] = {}

    def bind(found: re.Match[str]) -> str:
        name = f"sandbox{len(bindings)}"
        value = json.loads(found[1])
        bindings[name] = Utils.NULL_VALUE if value is None else value
        return f"${name}"

    try:
        return _plain(jsonata.Jsonata(_VALUE.sub(bind, expression)).evaluate(None, bindings))
    except Exception as error:
        raise engine.JSONataException("UNKNOWN", str(error)) from error


def _plain(value: Any) -> Any:
    """Return the evaluator's sequences as lists; raises TypeError for what is no JSON, such as a function."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"returned an unsupported result type: {type(value).__name__}")


def _eval_body(self: expressions.StringJSONata, env: Environment) -> None:
    try:
        replace.original(expressions.StringJSONata, "_eval_body")(self, env)
    except engine.JSONataException as error:
        cause = f"The JSONata expression '{self.expression}' could not be evaluated: {error.details}"
        raise _failure(env, cause) from error


def _eval_seconds(self: TimeoutSecondsJSONata, env: Environment) -> int:
    self.string_jsonata.eval(env=env)
    seconds = env.stack.pop()
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds <= 0:
        expression = self.string_jsonata.expression
        raise _failure(env, f"The JSONata expression '{expression}' must give a positive integer, not {seconds!r}")
    return seconds


def _failure(env: Environment, cause: str) -> FailureEventException:
    name = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
    details: Any = {"evaluationFailedEventDetails": EvaluationFailedEventDetails(error=name.error_name, cause=cause)}
    return FailureEventException(FailureEvent(env, name, HistoryEventType.EvaluationFailed, details))
