from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from functions.core.fields import Minutes, Port, SecurityGroupId, StatusCodes, accepts


@pytest.mark.parametrize(
    ("codes", "status", "expected"),
    [
        ("200", 200, True),
        ("200", 201, False),
        ("200-299", 200, True),
        ("200-299", 299, True),
        ("200-299", 300, False),
        ("200,405", 405, True),
        ("200,405", 404, False),
        ("200-204,400-499", 404, True),
    ],
)
def test_accepts(codes: str, status: int, *, expected: bool) -> None:
    assert accepts(codes, status) is expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Port, 0),
        (Port, 65_536),
        (SecurityGroupId, "10.0.0.0/8"),
        (Minutes, 0),
        (Minutes, 1_441),
        (StatusCodes, "2xx"),
        (StatusCodes, "200 "),
        (StatusCodes, ""),
    ],
)
def test_what_is_out_of_bounds_is_refused(field: Any, value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(field).validate_python(value)
