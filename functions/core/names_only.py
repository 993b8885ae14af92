"""Clients that drop secrets as soon as an answer arrives: of environment variables only the names are read."""

from typing import Any

from functions.core.aws import Session

DROPPED = ""
SECRET = {"basicAuthCredentials", "buildSpec"}  # of Amplify's apps and branches: a password, and what may have some


def client(aws: Session, service: str, region: str) -> Any:
    """Return a client of a service in whose answers such values are empty."""
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
            elif key in SECRET and isinstance(value, str):
                answer[key] = DROPPED
            else:
                _drop(value)
