"""A named thread that does one thing again and again until it is stopped."""

import logging
import threading
from collections.abc import Callable

LOGGER = logging.getLogger(__name__)


class Ticker:
    """Call `function` every `seconds` in a thread; an error is logged, the ticking goes on, and `stop` raises it."""

    def __init__(self, name: str, seconds: float, function: Callable[[], None]) -> None:
        self._seconds = seconds
        self._function = function
        self._stopped = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin ticking; the first tick is immediate."""
        self._thread.start()

    def stop(self) -> None:
        """End ticking and join the thread; raises RuntimeError where a tick had failed."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._error:
            raise RuntimeError(f"{self._thread.name} failed: {self._error!r}; see the log") from self._error

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._function()
            except Exception as error:
                LOGGER.exception("%s: a tick failed", self._thread.name)
                self._error = self._error or error
            self._stopped.wait(self._seconds)
