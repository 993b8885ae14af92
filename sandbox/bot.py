"""Stand-in of the bot's container: what its image and environment make it do, with a real HTTP server."""

import json
import time
from collections.abc import Callable, Mapping
from typing import ClassVar

from sandbox.server import QuietHandler, Server

RELEASE = "5d41402abc4b2a76b9719d911017c592ae6f3c01"  # the commit that was built
ECHO_RELEASE = "9c1185a5c5e9fc54612808977ee8f548b2258d31"  # from before the bot asked OpenAI anything
FORMER_RELEASE = "b6d767d2f8ed5d21a44b0e5886680cb9c1a0e4f7"
NEXT_RELEASE = "f1d3ff8443297732862df21dc4e57262a4c0b6de"
LATE_RELEASE = "7c211433f02071597741e6ff5a8ea34789abbf43"
BROKEN_RELEASE = "e2fc714c4727ee9395f324cd2e7f331f3a1c9d88"  # its image lacks a module
STUB_RELEASE = "8277e0910d750195b448797616e091ad2f3e1a55"  # built from a branch without the call of OpenAI
WITHOUT_OPENAI = {ECHO_RELEASE, STUB_RELEASE}
HUNGRY_RELEASE = "a87ff679a2f3e71d9181a67b7542122c04521e88"  # it loads a model of its own
NEEDED_MEMORY = {HUNGRY_RELEASE: 700}  # MiB, once it has started
USUAL_MEMORY = 180
KILLED = 128 + 9  # the exit code of what the kernel kills
REQUIRED = ("TELEGRAM_BOT_TOKEN",)
ACCEPTED_KEY = "sk-sandbox"  # the only one that OpenAI takes here
PREFIX = "🤖 "

TRACEBACK = """Traceback (most recent call last):
  File "/app/main.py", line {line}, in <module>
    {source}
{error}"""
Log = Callable[[str], None]


class ContainerExitedError(Exception):
    """The container's process ended; `code` is its exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exit code {code}")
        self.code = code


class Bot:
    """One container; `memory` is its limit in MiB, `log` takes one message as awslogs would send it."""

    def __init__(self, version: str, environment: Mapping[str, str], memory: int, log: Log) -> None:
        self._version = version
        self._memory = memory
        self._environment = environment
        self._log = log
        self._server: Server | None = None

    def start(self) -> int | None:
        """Run the process; return the loopback port where others reach it, None if it listens on its own 127.0.0.1.

        Raises ContainerExitedError where the image or the environment makes it crash, or the kernel kills it.
        """
        self._log(f"INFO ganopa-bot starting version={self._version}")
        if self._version == BROKEN_RELEASE:
            self._crash(3, "import openai", "ModuleNotFoundError: No module named 'openai'")
        for line, name in enumerate(REQUIRED, start=11):
            if name not in self._environment:
                self._crash(line, f'os.environ["{name}"]', f"KeyError: '{name}'")
        if NEEDED_MEMORY.get(self._version, USUAL_MEMORY) > self._memory:
            raise ContainerExitedError(KILLED)  # without a word in the log
        key = None if self._version in WITHOUT_OPENAI else self._environment.get("OPENAI_API_KEY", "")
        members = {"version": self._version, "answerer": Answerer(key, self._log)}
        self._server = Server("bot", type("Handler", (BotHandler,), members))
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


class Answerer:
    """What the bot says to a message; `key` is OpenAI's, "" where it is not set, None in code that knows no OpenAI."""

    def __init__(self, key: str | None, log: Log) -> None:
        self._key = key
        self._log = log

    def answer(self, text: str) -> str:
        """Ask OpenAI; an echo where there is no key, an apology where it is refused."""
        if self._key is None:
            return echo(text)
        if not self._key:
            self._event("warning", "openai_disabled", reason="OPENAI_API_KEY is not set")
            return echo(text)
        self._event("info", "openai_called", model="gpt-4o-mini")
        if self._key != ACCEPTED_KEY:
            self._event("error", "openai_error", status=401, code="invalid_api_key")
            return "Désolé, je ne peux pas répondre pour le moment."
        self._event("info", "openai_ok", tokens=len(text))
        return f"{PREFIX}Bonjour ! Que puis-je faire pour vous ?"

    def _event(self, level: str, event: str, **more: str | int) -> None:
        self._log(json.dumps({"level": level, "event": event, "time": round(time.time(), 3), **more}))


def echo(text: str) -> str:
    """Return what a bot without intelligence says."""
    return f"✅ Reçu: {text}"


class WebhookHandler(QuietHandler):
    """Answers JSON, and takes Telegram's updates at one address."""

    WEBHOOK: ClassVar = "/telegram/webhook"
    answerer: Answerer

    def do_POST(self) -> None:
        """Answer an update of Telegram with what Telegram is to do; what is no message needs nothing."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != self.WEBHOOK:
            self.json(404, {"detail": "Not Found"})
            return
        message = json.loads(body).get("message", {})
        if "text" not in message:
            self.json(200, {"ok": True})
            return
        text = self.answerer.answer(message["text"])
        self.json(200, {"method": "sendMessage", "chat_id": message["chat"]["id"], "text": text})

    def json(self, status: int, body: dict[str, object]) -> None:
        """Send one JSON object."""
        self.answer(status, "application/json", json.dumps(body).encode())


class BotHandler(WebhookHandler):
    """The bot's routes."""

    version = ""

    def do_GET(self) -> None:
        """Answer /health and /_meta; the webhook takes POST only."""
        if self.path == "/health":
            self.json(200, {"status": "ok"})
        elif self.path == "/_meta":
            self.json(200, {"service": "ganopa-bot", "version": self.version, "build_id": self.version[:7]})
        elif self.path == self.WEBHOOK:
            self.json(405, {"detail": "Method Not Allowed"})
        else:
            self.json(404, {"detail": "Not Found"})
