"""A crowd behind AWS's wire protocols, for any AWS client on this machine."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

from moto.core.model import ServiceModel
from moto.core.serialize import SERIALIZERS
from moto.core.utils import get_service_model

from bench.crowd import Crowd
from bench.crowd_terms import REGION, Json, Refused

# By the name that requests are signed for.
MODELS = {"ec2": "ec2", "elasticloadbalancing": "elbv2", "route53": "route53"}


class _Server(ThreadingHTTPServer):
    def __init__(self, crowd: Crowd, latency: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.crowd, self.latency = crowd, latency
        self.models = {signed: get_service_model(name) for signed, name in MODELS.items()}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer leaves as one, or its second half waits for the first to be acknowledged
    server: _Server

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        self._reply(lambda: self._of_model(*_rest(self._model, path, dict(parse_qsl(query)))))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        target = self.headers["X-Amz-Target"]
        self._reply(lambda: self._json(target, body) if target else self._query(dict(parse_qsl(body))))

    def _reply(self, answer: Callable[[], str]) -> None:
        time.sleep(self.server.latency)
        try:
            self._send(200, answer())
        except Refused as error:
            self._send(400, json.dumps({"__type": "InvalidParameterException", "message": str(error)}))

    def _json(self, target: str, body: str) -> str:
        answer = self.server.crowd.answer(target.rpartition(".")[2], json.loads(body))
        return json.dumps(answer, default=datetime.timestamp)

    def _query(self, asked: Json) -> str:
        return self._of_model(asked["Action"], asked)

    def _of_model(self, operation: str, asked: Json) -> str:
        answer = self.server.crowd.answer(operation, asked)
        serializer = SERIALIZERS[self._model.resolved_protocol](self._model.operation_model(operation))
        return str(serializer.serialize(answer)["body"])

    @property
    def _model(self) -> ServiceModel:
        return self.server.models[self.headers["Authorization"].split("/")[3]]

    def _send(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


def _rest(model: ServiceModel, path: str, query: Json) -> tuple[str, Json]:
    """Tell what a REST request asks for: the operation, and its parameters, of the path and of the query."""
    for name in model.operation_names:
        operation = model.operation_model(name)
        pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", operation.http["requestUri"])
        matched = re.fullmatch(pattern, path)
        if operation.http["method"] == "GET" and matched:
            members = operation.input_shape.members.items()
            named = {member: shape.serialization.get("name") for member, shape in members}
            return name, matched.groupdict() | {one: query[word] for one, word in named.items() if word in query}
    raise Refused(path)


@contextmanager
def serving(crowd: Crowd, latency: float = 0) -> Iterator[dict[str, str]]:
    """Serve a crowd, each call so many seconds late; give the environment that makes AWS clients ask it."""
    server = _Server(crowd, latency)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "crowd",
            "AWS_SECRET_ACCESS_KEY": "crowd",
            "NO_PROXY": "127.0.0.1",
        }
    finally:
        server.shutdown()
        server.server_close()
