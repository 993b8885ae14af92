"""A crowd behind AWS's wire protocols, for any AWS client on this machine."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

from moto.core.serialize import SERIALIZERS
from moto.core.utils import get_service_model

from bench.crowd import REGION, Crowd, Refused

MODELS = {"ec2": "ec2", "elasticloadbalancing": "elbv2"}  # by the name that requests are signed for


class _Server(ThreadingHTTPServer):
    def __init__(self, crowd: Crowd, latency: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.crowd, self.latency = crowd, latency
        self.models = {signed: get_service_model(name) for signed, name in MODELS.items()}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer leaves as one, or its second half waits for the first to be acknowledged
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        time.sleep(self.server.latency)
        try:
            self._send(200, self._answer(body))
        except Refused as error:
            self._send(400, json.dumps({"__type": "InvalidParameterException", "message": str(error)}))

    def _answer(self, body: str) -> str:
        target = self.headers["X-Amz-Target"]
        if target:
            operation = target.rpartition(".")[2]
            return json.dumps(self.server.crowd.answer(operation, json.loads(body)), default=datetime.timestamp)
        asked = dict(parse_qsl(body))
        model = self.server.models[self.headers["Authorization"].split("/")[3]]
        answer = self.server.crowd.answer(asked["Action"], asked)
        serializer = SERIALIZERS[model.resolved_protocol](model.operation_model(asked["Action"]))
        return str(serializer.serialize(answer)["body"])

    def _send(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


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
