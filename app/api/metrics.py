"""What Prometheus reads: requests by route, and how fresh the figures are. Text format 0.0.4."""

import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.domain.source_status import SourceStatus

# Seconds. A report should take tens of milliseconds; a file may take seconds.
_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Requests:
    """The requests that this process has answered, by route."""

    def __init__(self) -> None:
        self._statuses: Counter[tuple[str, str, int]] = Counter()
        self._buckets: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(_BOUNDS) + 1))
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def add(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Counts one request."""
        self._statuses[method, route, status] += 1
        self._buckets[route][bisect_left(_BOUNDS, seconds)] += 1
        self._seconds[route] += seconds

    def lines(self) -> Iterator[str]:
        """The counts so far."""
        yield "# TYPE trueup_requests_total counter"
        for (method, route, status), count in sorted(self._statuses.items()):
            yield f'trueup_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}'
        yield "# TYPE trueup_request_seconds histogram"
        for route in sorted(self._buckets):
            yield from self._histogram(route)

    def _histogram(self, route: str) -> Iterator[str]:
        so_far = 0
        for bound, count in zip((*_BOUNDS, "+Inf"), self._buckets[route], strict=True):
            so_far += count
            yield f'trueup_request_seconds_bucket{{route="{route}",le="{bound}"}} {so_far}'
        yield f'trueup_request_seconds_sum{{route="{route}"}} {self._seconds[route]:.6f}'
        yield f'trueup_request_seconds_count{{route="{route}"}} {so_far}'


def figures_lines(version: int, sources: Sequence[SourceStatus], now: datetime) -> Iterator[str]:
    """Which version the figures have, and how long ago each source delivered."""
    yield "# TYPE trueup_dataset_version gauge"
    yield f"trueup_dataset_version {version}"
    yield "# TYPE trueup_source_delivery_age_seconds gauge"
    for source in sources:
        if source.last_received_at:
            age = (now - source.last_received_at).total_seconds()
            yield f'trueup_source_delivery_age_seconds{{source="{source.name}"}} {age:.0f}'


class Measure:
    """An ASGI layer that counts requests and times them."""

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self.app, self.requests = app, requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        status, began = 500, time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            # The path as it is registered: one with ids in it would make a series per team.
            route = getattr(scope.get("route"), "path", "none")
            self.requests.add(method=scope["method"], route=route, status=status, seconds=time.perf_counter() - began)
