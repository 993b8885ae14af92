"""Telegram: sends an update to the bot's webhook again and again, as its users chat."""

import contextlib
import http.client
import json
import ssl
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

SECONDS = 0.3
TIMEOUT_SECONDS = 5.0
DAY = 86_400
UPDATE = json.dumps({"update_id": 1, "message": {"message_id": 1, "chat": {"id": 1}, "text": "Hello"}}).encode()


class HttpsClient:
    """An HTTPS client that goes through the proxy and trusts the sandbox's certificate authority."""

    def __init__(self, proxy_port: int, ca_file: str) -> None:
        self._proxy_port = proxy_port
        self._context = ssl.create_default_context(cafile=ca_file)

    def request(self, method: str, url: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Return status and body; raises OSError where no answer came."""
        parts = urlsplit(url)
        with self._connected(parts.hostname or "") as connection:
            connection.request(method, parts.path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()

    def days_left(self, host: str) -> float:
        """Return in how many days the certificate ends that is presented; raises OSError where it is not trusted."""
        with self._connected(host) as connection:
            connection.connect()
            certificate = connection.sock.getpeercert()
        return (ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time()) / DAY

    @contextlib.contextmanager
    def _connected(self, host: str) -> Iterator[Any]:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self._proxy_port, context=self._context, timeout=TIMEOUT_SECONDS
        )
        connection.set_tunnel(host, 443)
        with contextlib.closing(connection):
            yield connection


class Telegram:
    """Posts one update per `tick` to the webhook.

    `status` is the last answer's, None where there was none; `text` is what the user was sent then, "" for nothing.
    """

    def __init__(self, client: HttpsClient, webhook_url: str) -> None:
        self._client = client
        self._webhook_url = webhook_url
        self.status: int | None = None
        self.text = ""

    def tick(self) -> None:
        """Send one update."""
        self.status, self.text = self.chat()

    def chat(self) -> tuple[int | None, str]:
        """Send one update; return status and text of the answer."""
        try:
            status, body = self._client.request("POST", self._webhook_url, UPDATE)
        except (OSError, http.client.HTTPException):
            return None, ""
        return status, str(json.loads(body).get("text", "")) if status == HTTPStatus.OK else ""
