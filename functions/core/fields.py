"""Types of parameters that several functions take."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints


def _group(text: str) -> str:
    if not text.startswith("sg-"):
        raise ValueError(f"{text!r} is no security group's id, as sg-0123456789abcdef0; addresses are refused here")
    return text


Minutes = Annotated[int, Field(ge=1, le=1_440)]
SecurityGroupId = Annotated[str, AfterValidator(_group)]
Port = Annotated[int, Field(ge=1, le=65_535)]
HttpsAddress = Annotated[str, StringConstraints(pattern=r"^https://[A-Za-z0-9.-]+(:\d+)?(/[!-~]*)?$")]
HostName = Annotated[str, StringConstraints(pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$", max_length=253)]
UrlPath = Annotated[str, StringConstraints(pattern=r"^/[!-~]*$", max_length=1024)]
ImageTag = Annotated[str, StringConstraints(pattern=r"^\w[\w.-]*$", max_length=128)]
StatusCodes = Annotated[str, StringConstraints(pattern=r"^[1-5]\d\d(-[1-5]\d\d)?(,[1-5]\d\d(-[1-5]\d\d)?)*$")]
Percent = Annotated[int, Field(ge=1, le=100)]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
CommitStart = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{7,40})?$")]
# Of hosts and what runs there; the documents that take them have the same patterns
InstanceId = Annotated[str, StringConstraints(pattern=r"^(i-([0-9a-f]{8}|[0-9a-f]{17})|mi-[0-9a-f]{17})$")]
Folder = Annotated[str, StringConstraints(pattern=r"^(/[A-Za-z0-9_][A-Za-z0-9._-]{0,63}){1,12}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
ComposeService = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
HostEndpoint = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,4}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,21}){0,5}$")]
Branch = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,40}([./][A-Za-z0-9_][A-Za-z0-9_-]{0,40}){0,5}$")
]
SecretName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9/_+=.@-]{0,199}$")]


def accepts(codes: str, status: int) -> bool:
    """Say whether a status is among codes written as load balancers do: "200", "200-299", "200,405"."""
    bounds = (part.split("-") for part in codes.split(","))
    return any(int(bound[0]) <= status <= int(bound[-1]) for bound in bounds)
