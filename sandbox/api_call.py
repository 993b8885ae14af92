"""One request to an AWS API, as the service would read it: which operation, with which parameters, by which key."""

import functools
import io
import re
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

_CREDENTIAL = re.compile(r"Credential=([^/]+)/[^/]+/([^/]+)/([^/]+)/aws4_request")
_SERVICES = {
    "elasticloadbalancing": "elbv2",
    "states": "stepfunctions",
    "monitoring": "cloudwatch",
    "email": "sesv2",
    "apigateway": "apigatewayv2",
}
# Of two services that sign alike: the second one, by the beginning of its paths
_SECONDS = {("ses", "/v2/"): "sesv2", ("s3", "/v20180820/"): "s3control"}
_IAM_PREFIXES = {"monitoring": "cloudwatch", "email": "ses"}


@dataclass(frozen=True)
class ApiCall:
    """A signed request: environ is the WSGI one, with a body that can be read again."""

    environ: dict[str, Any]
    access_key: str
    region: str
    signing_name: str

    @classmethod
    def read(cls, environ: dict[str, Any]) -> "ApiCall | None":
        """Read the request's signature and make its body readable twice; None for an unsigned request."""
        found = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        if not found:
            return None
        if environ.get("CONTENT_LENGTH"):
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            environ["sandbox.body"] = body
            environ["wsgi.input"] = io.BytesIO(body)
        return cls(environ, *found.groups())

    @property
    def prefix(self) -> str:
        """The service's prefix in IAM actions."""
        return _IAM_PREFIXES.get(self.signing_name, self.signing_name)

    @functools.cached_property
    def name(self) -> str:
        """`service:Operation`, for messages; the path where the service's model knows no such operation."""
        try:
            return f"{self.prefix}:{self.operation.name}"
        except (HTTPException, NotImplementedError, UnknownServiceError):
            return f"{self.prefix}:{self.environ.get('REQUEST_METHOD')} {self.environ.get('PATH_INFO')}"

    @functools.cached_property
    def parameters(self) -> dict[str, Any]:
        """The operation's input, as boto3 takes it."""
        request = self._request()
        operation, path = self._route
        parser = PROTOCOL_PARSERS[self.protocol](operation, map_type=dict)
        return dict(
            parser.parse(
                {
                    "method": request.method,
                    "values": request.values,
                    "headers": request.headers,
                    "body": request.data,
                    "url_path": request.path,
                    "url_params": path,
                }
            )
        )

    @property
    def service_name(self) -> str:
        """The called service, as boto3 names it."""
        path = str(self.environ.get("PATH_INFO", ""))
        seconds = (
            name
            for (signed, begin), name in _SECONDS.items()
            if (self.signing_name, path[: len(begin)]) == (signed, begin)
        )
        return next(seconds, None) or _SERVICES.get(self.signing_name, self.signing_name)

    @property
    def operation(self) -> OperationModel:
        """The service model's operation; raises NotFound where there is none."""
        return self._route[0]

    @property
    def service(self) -> ServiceModel:
        """The botocore model of the called service."""
        return get_service_model(self.service_name)

    @property
    def protocol(self) -> str:
        """The wire protocol of this request (`json`, `query`, `ec2`, `rest-json`, `rest-xml` …)."""
        return determine_request_protocol(self.service, self.environ.get("CONTENT_TYPE"))

    @functools.cached_property
    def _route(self) -> tuple[OperationModel, dict[str, Any]]:
        return get_service_router(self.service.service_name).match(self._request())

    def _request(self) -> Request:
        return Request({**self.environ, "wsgi.input": io.BytesIO(self.environ.get("sandbox.body", b""))})
