"""Names for what has no usable types: moto's objects, to which the sandbox adds attributes, and boto3's clients."""

from typing import Any, TypeAlias

Model: TypeAlias = Any
Client: TypeAlias = Any
