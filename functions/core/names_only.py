"""Clients that drop the values of environment variables as soon as an answer arrives: only their names are read."""

from typing import Any

from functions.core.aws import Session

DROPPED = ""


def client(aws: Session, service: str, region: str) -> Any:
    """Return a client of a service whose answers have no values of environment variables in them."""
    made: Any = aws.client(service, region)  # type: ignore[call-overload]  # any service
    made.meta.events.register("after-call", forget, unique_id="names-only")
    return made


def forget(parsed: dict[str, Any], **_: Any) -> None:
    """Empty the values in an answer."""
    _drop(parsed)


def _drop(answer: Any) -> None:
    """Empty them wherever they stand: Amplify and Lambda have them by name, ECS lists names with values."""
    if isinstance(answer, list):
        for one in answer:
            _drop(one)
    elif isinstance(answer, dict):
        for key, value in answer.items():
            if key in {"environmentVariables", "Variables"} and isinstance(value, dict):
                value.update(dict.fromkeys(value, DROPPED))
            elif key == "environment" and isinstance(value, list):
                for one in value:
                    one["value"] = DROPPED
            else:
                _drop(value)
