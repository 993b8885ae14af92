"""Throttling of an HTTP API: each route of a stage has a token bucket of its own.

A route without settings of its own is throttled with the stage's default route settings, apart from the others.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
"""

import threading
import time
from typing import Any

from moto.apigatewayv2.models import Stage


class Throttle:
    """The buckets of one API, by stage and route."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], _TokenBucket] = {}

    def admits(self, stage: Stage, route_key: str) -> bool:
        """Take a token for a request; False where the route has none left."""
        settings: dict[str, Any] = {**stage.default_route_settings, **stage.route_settings.get(route_key, {})}
        rate, burst = settings.get("throttlingRateLimit"), settings.get("throttlingBurstLimit")
        if rate is None or burst is None:
            return True
        with self._lock:
            bucket = self._buckets.setdefault((stage.name, route_key), _TokenBucket(float(burst)))
            return bucket.take(float(rate), float(burst))


class _TokenBucket:
    def __init__(self, tokens: float) -> None:
        self._tokens = tokens
        self._at = time.monotonic()

    def take(self, rate: float, burst: float) -> bool:
        now = time.monotonic()
        self._tokens, self._at = min(burst, self._tokens + (now - self._at) * rate), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
