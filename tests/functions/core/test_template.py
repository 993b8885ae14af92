from typing import Any

import pytest

from functions.core.template import fill, names, readable

VALUES: dict[str, Any] = {
    "port": 8000,
    "subnets": ["a", "b"],
    "targets.reasons": ["Target.Timeout"],
    "service.status": None,
    "container-name": "bot",
}


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{port}", 8000),
        ("{subnets}", ["a", "b"]),
        ("{service.status}", None),
        ("port {port} of {container-name}", "port 8000 of bot"),
        ("in {subnets}: {targets.reasons}", "in a, b: Target.Timeout"),
        ("is {service.status}", "is unknown"),
        ({"with": ["{port}", 1, None, True]}, {"with": [8000, 1, None, True]}),
        ("{Not} {a name} {} {1}", "{Not} {a name} {} {1}"),
        ("no braces", "no braces"),
        (443, 443),
    ],
)
def test_fill(template: Any, filled: Any) -> None:
    assert fill(template, VALUES.__getitem__) == filled


def test_a_value_is_never_read_as_a_template() -> None:
    assert fill("{port} x", {"port": "{secret}"}.__getitem__) == "{secret} x"


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(KeyError, match="gone"):
        fill("{gone}", VALUES.__getitem__)


def test_names() -> None:
    assert names({"a": "{port} {targets.reasons}", "b": ["{port}", 1], "c": "{Port}"}) == {"port", "targets.reasons"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "unknown"),
        (0, "0"),
        ([], "none"),
        (["a", None], "a, unknown"),
        ({"path": "/health", "ports": [1, 2]}, "path /health, ports 1, 2"),
    ],
)
def test_readable(value: Any, text: str) -> None:
    assert readable(value) == text


def test_readable_in_french(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_LANGUAGE", "fr")
    assert readable({"path": None, "ports": []}) == "path inconnu, ports aucun"
