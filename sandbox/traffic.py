"""Telegram: sends an update to the bot's webhook again and again, as its users chat."""

import http.client
import json
import ssl
from urllib.parse import urlsplit

SECONDS = 0.3
TIMEOUT_SECONDS = 5.0
UPDATE = json.dumps({"update_id": 1, "message": {"message_id": 1, "chat": {"id": 1}, "text": "Hello"}}).encode()


class HttpsClient:
    """An HTTPS client that goes through the proxy and trusts the sandbox's certificate authority."""

    def __init__(self, proxy_port: int, ca_file: str) -> None:
        self._proxy_port = proxy_port
        self._context = ssl.create_default_context(cafile=ca_file)

    def request(self, method: str, url: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Return status and body; raises OSError where no answer came."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self._proxy_port, context=self._context, timeout=TIMEOUT_SECONDS
        )
        connection.set_tunnel(host, 443)
        try:
            connection.request(method, parts.path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


class Telegram:
    """Posts one update per `tick` to the webhook; `status` is the last answer, None where there was none."""

    def __init__(self, client: HttpsClient, webhook_url: str) -> None:
        self._client = client
        self._webhook_url = webhook_url
        self.status: int | None = None

    def tick(self) -> None:
        """Send one update."""
        try:
            self.status, _ = self._client.request("POST", self._webhook_url, UPDATE)
        except (OSError, http.client.HTTPException):
            self.status = None
