"""Work that AWS does on its own time: asynchronous invocations, deliveries of events, their retries."""

import logging
import threading
from collections.abc import Callable
from typing import Any

_LOG = logging.getLogger(__name__)


class Background:
    """Runs work in threads of its own, and stops their waiting when the sandbox closes."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._running = 0

    def run(self, work: Callable[..., None], *arguments: Any) -> None:
        """Start the work; an exception is kept in failures, as nobody waits for it."""
        with self._lock:
            self._running += 1
        threading.Thread(target=self._guarded, args=(work, *arguments), daemon=True).start()

    @property
    def idle(self) -> bool:
        """Tell whether nothing is on its way."""
        return self._running == 0

    def sleep(self, seconds: float) -> bool:
        """Wait; return False where the sandbox closed meanwhile."""
        return not self._closed.wait(seconds)

    def close(self) -> None:
        """End all waiting."""
        self._closed.set()

    def _guarded(self, work: Callable[..., None], *arguments: Any) -> None:
        try:
            work(*arguments)
        except Exception as error:  # noqa: BLE001  whatever it is, nobody else will see it
            if not self._closed.is_set():
                self.failures.append(f"{getattr(work, '__qualname__', work)}: {type(error).__name__}: {error}")
                _LOG.exception("The sandbox failed in the background")
        finally:
            with self._lock:
                self._running -= 1
