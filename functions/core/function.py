"""What checks and fixes share: a name, parameters read from the handler's signature, declared permissions."""

import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

from functions.core.aws import Session
from functions.core.permissions import Permission
from functions.core.results import Parameters


class Function:
    """A Lambda handler around `body(parameters, aws)`, with everything that deploying it needs to know.

    Args:
        body: the function that does the work; its first parameter's annotation is the parameters' model, its docstring
            the description.
        permissions: the only source of the function's IAM policy.
    """

    kind: str
    bookkeeping: tuple[Permission, ...] = ()  # what every function of the kind calls besides what its body does

    def __init__(self, body: Callable[..., Any], permissions: tuple[Permission, ...]) -> None:
        """Read the name from the file and the parameters from the signature."""
        self.body = body
        self.permissions = permissions
        self.name = body.__module__.rpartition(".")[2]
        self.description = inspect.cleandoc(body.__doc__ or "").partition("\n")[0]
        self.parameters: type[Parameters] = next(iter(get_type_hints(body).values()))
        self.session: Session | None = None

    @property
    def aws(self) -> Session:
        """The process's one session, made when first needed."""
        self.session = self.session or Session()
        return self.session

    @property
    def entry(self) -> str:
        """The handler as Lambda wants to be told it."""
        return f"{self.body.__module__}.handler"
