"""Stand-in of the bot's container: what its image and environment make it do, with a real HTTP server."""

import json
from collections.abc import Callable

from sandbox.server import QuietHandler, Server

RELEASE = "5d41402abc4b2a76b9719d911017c592ae6f3c01"  # the tag is the commit that was built
LATE_RELEASE = "7c211433f02071597741e6ff5a8ea34789abbf43"
BROKEN_RELEASE = "e2fc714c4727ee9395f324cd2e7f331f3a1c9d88"  # its image lacks a module
REQUIRED = ("TELEGRAM_BOT_TOKEN", "OPENAI_API_KEY")

TRACEBACK = """Traceback (most recent call last):
  File "/app/main.py", line {line}, in <module>
    {source}
{error}"""


class ContainerExitedError(Exception):
    """The container's process ended; `code` is its exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exit code {code}")
        self.code = code


class Bot:
    """One container; `log` takes one message as awslogs would send it."""

    def __init__(self, version: str, environment: dict[str, str], log: Callable[[str], None]) -> None:
        self._version = version
        self._environment = environment
        self._log = log
        self._server: Server | None = None

    def start(self) -> int | None:
        """Run the process; return the loopback port where others reach it, None if it listens on its own 127.0.0.1.

        Raises ContainerExitedError where the image or the environment makes it crash.
        """
        self._log(f"INFO ganopa-bot starting version={self._version}")
        if self._version == BROKEN_RELEASE:
            self._crash(3, "import openai", "ModuleNotFoundError: No module named 'openai'")
        for line, name in enumerate(REQUIRED, start=11):
            if name not in self._environment:
                self._crash(line, f'os.environ["{name}"]', f"KeyError: '{name}'")
        handler = type("Handler", (BotHandler,), {"version": self._version})
        self._server = Server("bot", handler)
        self._server.start()
        host = self._environment.get("HOST", "0.0.0.0")  # noqa: S104  what the container says
        self._log(f"INFO Uvicorn running on http://{host}:8000 (Press CTRL+C to quit)")
        return None if host == "127.0.0.1" else self._server.port

    def stop(self) -> None:
        """End the process, as SIGTERM does."""
        if self._server:
            self._server.stop()
            self._log("INFO Shutting down")

    def _crash(self, line: int, source: str, error: str) -> None:
        self._log(TRACEBACK.format(line=line, source=source, error=error))
        raise ContainerExitedError(1)


class BotHandler(QuietHandler):
    """The bot's routes."""

    version = ""

    def do_GET(self) -> None:
        """Answer /health and /_meta; the webhook takes POST only."""
        if self.path == "/health":
            self._json(200, {"status": "ok"})
        elif self.path == "/_meta":
            self._json(200, {"service": "ganopa-bot", "version": self.version, "build_id": self.version[:7]})
        elif self.path == "/telegram/webhook":
            self._json(405, {"detail": "Method Not Allowed"})
        else:
            self._json(404, {"detail": "Not Found"})

    def do_POST(self) -> None:
        """Take an update of Telegram."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/telegram/webhook":
            self._json(200, {"ok": True})
        else:
            self._json(404, {"detail": "Not Found"})

    def _json(self, status: int, body: dict[str, object]) -> None:
        self.answer(status, "application/json", json.dumps(body).encode())
