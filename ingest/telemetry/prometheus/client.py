"""The Prometheus query API: questions by POST, answers byte for byte, and what keeps a server from answering.

Sources: prometheus.io/docs/prometheus/latest/querying/api; the API references of Thanos, Mimir and VictoriaMetrics.
"""

import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from app.errors import BadInput, TrueupError, Unavailable
from ingest.http import Service, retry_after, service
from ingest.telemetry.prometheus.auth import authentication
from ingest.telemetry.prometheus.settings import Dialect, PrometheusSettings

# What each program must be told so that it answers from all raw samples or not at all, and at the moments asked for.
PARAMETERS: Mapping[Dialect, Mapping[str, str]] = {
    Dialect.PROMETHEUS: {},
    Dialect.THANOS: {"dedup": "true", "partial_response": "false", "max_source_resolution": "0s"},
    Dialect.MIMIR: {},
    # Without nocache it moves the start to a multiple of the step.
    Dialect.VICTORIAMETRICS: {"nocache": "1", "deny_partial_response": "1"},
}
# How servers say that a question is too large for one answer: points of a series, samples in memory, length, bytes.
_TOO_LARGE = re.compile(
    r"maximum resolution|too many (samples|points)|exceeds the (maximum|limit)|limit exceeded|query length"
    r"|max-(samples|query|estimated|fetched)|-search\.max|too large",
    re.IGNORECASE,
)
_BUSY = frozenset({429, 503, 504})
_QUOTED = 300  # characters of an answer that a message repeats
_REMEDY = (
    "Check --auth and what it needs: user and password, token, role or tenant (`trueup sources kinds prometheus`)."
)


class TooLarge(Unavailable):
    """A question whose answer is larger than the server gives at once: half of it may do."""


class Busy(Unavailable):
    """The server turns us away for now (429, 503, a time-out); `after_seconds` is how long it asks to wait."""

    def __init__(self, message: str, after_seconds: float | None) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


@dataclass(frozen=True)
class Question:
    """A query at the moments from `start` to `end`, `step` seconds apart."""

    query: str
    start: int
    end: int
    step: int

    @property
    def points(self) -> int:
        """How many moments there are."""
        return (self.end - self.start) // self.step + 1

    def halves(self) -> tuple["Question", "Question"]:
        """The earlier and the later half of the moments, of which there must be two at least."""
        assert self.points > 1
        middle = self.start + (self.points // 2) * self.step
        return (
            Question(self.query, self.start, middle - self.step, self.step),
            Question(self.query, middle, self.end, self.step),
        )


@dataclass(frozen=True)
class Answer:
    """What the server said to a question."""

    raw: bytes
    series: list[dict[str, Any]]  # of the JSON: `metric`, with `value` or `values`
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Prometheus:
    """A server that answers PromQL."""

    api: Service
    parameters: Mapping[str, str]

    def ask(self, question: Question) -> Answer:
        """The answer to `question`. Raises TooLarge, Busy, and what `ingest.http.Service.get` raises."""
        moments = {"start": str(question.start), "end": str(question.end), "step": str(question.step)}
        return self._post("api/v1/query_range", question.query, moments)

    def instant(self, query: str, at: float) -> Answer:
        """The answer to a query at one moment. Raises what `ask` raises."""
        return self._post("api/v1/query", query, {"time": f"{at:.3f}"})

    def _post(self, path: str, query: str, moments: Mapping[str, str]) -> Answer:
        form = {"query": query, **self.parameters, **moments}
        return _answer(self.api.post(path, form, read={400, 422, *_BUSY}), query)

    def metric_names(self, matcher: str, start: int, end: int) -> frozenset[str]:
        """The names of the metrics that `matcher` (a selector) finds in a window."""
        form = {"match[]": matcher, "start": str(start), "end": str(end)}
        content = _content(self.api.get("api/v1/label/__name__/values", form))
        return frozenset(map(str, content.get("data") or ()))

    def version(self) -> str:
        """What the server calls its version; "unknown" where it does not say, as managed ones do not."""
        try:
            told = _content(self.api.get("api/v1/status/buildinfo")).get("data") or {}
        except TrueupError:
            return "unknown"
        return str(told.get("version", "unknown"))


@contextmanager
def prometheus(settings: PrometheusSettings) -> Iterator[Prometheus]:
    """The server of a source. Raises BadInput without an address, NotPermitted without its secrets."""
    if not settings.url:
        raise BadInput("The source has no --url to ask. Add one: `trueup sources set NAME --url http://…`.")
    verify = ssl.create_default_context(cafile=settings.ca) if settings.ca and settings.verify else settings.verify
    with service(
        "Prometheus",
        settings.url.rstrip("/"),
        remedy=_REMEDY,
        headers={"X-Scope-OrgID": settings.tenant} if settings.tenant else {},
        auth=authentication(settings),
        verify=verify,
    ) as api:
        yield Prometheus(api, PARAMETERS[settings.dialect])


def _answer(response: httpx.Response, query: str) -> Answer:
    if not response.is_success:
        raise _refusal(response, query)
    content = _content(response.content)
    if content.get("status") != "success" or "result" not in (content.get("data") or {}):
        raise BadInput(f"What answers is no Prometheus: {_said(response)}. Check --url.")
    return Answer(response.content, content["data"]["result"], tuple(map(str, content.get("warnings", ()))))


def _refusal(response: httpx.Response, query: str) -> TrueupError:
    """What a 400, 422, 429, 503 or 504 comes to."""
    said = f"Prometheus answered {response.status_code} ({_said(response)})"
    if _TOO_LARGE.search(response.text):
        return TooLarge(f"{said}. Ask for less at once: fewer GPUs with --matchers, or raise the server's limits.")
    if response.status_code in _BUSY:
        return Busy(f"{said}. Run this again later.", retry_after(response))
    return BadInput(f"{said} to the query {query}. Check --matchers, --node-label and --team-label.")


def _said(response: httpx.Response) -> str:
    """The error that an answer names, or how it begins."""
    try:
        told = orjson.loads(response.content)["error"]
    except (ValueError, KeyError, TypeError):
        told = " ".join(response.text.split())
    return str(told)[:_QUOTED]


def _content(raw: bytes) -> dict[str, Any]:
    """An answer's JSON. Raises BadInput when it is none."""
    try:
        content = orjson.loads(raw)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise BadInput(f"What answers is no Prometheus: {raw[:_QUOTED].decode(errors='replace')!r}. Check --url.")
    return content
