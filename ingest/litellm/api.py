"""Asking a LiteLLM proxy: what it has of each month, and the pages of it.

Sources: litellm 1.110, `/user/daily/activity` (pages of 1,000 rows of LiteLLM_DailyUserSpend, which counts requests
without a user or team too), `/user/daily/activity/aggregated` (the same for a whole range) and `/spend/logs/v2` (pages
of single requests; it counts no further than 10,000 and its order among requests of one instant is not fixed).
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from app.domain.period import next_month
from app.errors import BadInput, NotFound, NotPermitted, TrueupError, Unavailable
from ingest.files import Progress
from ingest.http import Service, exact_json, service
from ingest.kind import Access, Offer, Window
from ingest.litellm.settings import LiteLLMSettings

KEY = "LITELLM_API_KEY"
PAGE = 1000  # the most that its pages hold
COMFORTABLE = 700  # requests that a window is cut for, so that a page is rarely too small
_REMEDY = f"Set {KEY} to a key of a proxy admin (or admin viewer): others see their own requests only."
_DAILY, _TOTALS, _LOGS = "/user/daily/activity", "/user/daily/activity/aggregated", "/spend/logs/v2"


def offers(settings: LiteLLMSettings, window: Window) -> Iterator[Offer]:
    """A delivery for each month in which the proxy was used, up to today.

    Raises Unavailable or NotPermitted.
    """
    month = window.start
    while month < min(window.end, window.today + timedelta(days=1)):
        end = min(next_month(month), window.today + timedelta(days=1))
        with _proxy(settings) as proxy:
            version = _version(proxy, month, end, window.today)
        if version:
            label = f"LiteLLM, {settings.pull}, {month:%Y-%m}"
            yield Offer(f"{month:%Y-%m}", f"{settings.pull} {version}", label, partial(_fetch, settings, month, end))
        month = next_month(month)


def check(settings: LiteLLMSettings) -> Iterator[Access]:
    """Whether the proxy answers, and lets the key see everybody's requests."""
    today = datetime.now(UTC).date()
    path = _DAILY if settings.pull == "daily" else _LOGS
    try:
        with _proxy(settings) as proxy:
            _answer(proxy, path, {"start_date": str(today), "end_date": str(today), "page": 1, "page_size": 1})
    except TrueupError as error:
        yield Access(ok=False, message=str(error))
    else:
        yield Access(ok=True, message=f"LiteLLM answers {path}.")


@contextmanager
def _proxy(settings: LiteLLMSettings) -> Iterator[Service]:
    if not settings.base_url:
        raise BadInput("The source has no --base-url to ask. Add one, or hand over exports: `trueup ingest file`.")
    key = os.environ.get(KEY)
    if not key:
        raise NotPermitted(f"LiteLLM wants a key. {_REMEDY}")
    headers = {"Authorization": f"Bearer {key}"}
    with service("LiteLLM", settings.base_url, remedy=_REMEDY, headers=headers) as proxy:
        yield proxy


def _version(proxy: Service, start: date, end: date, today: date) -> str | None:
    """What the proxy has counted in these days: it changes when there is more. None: nothing."""
    params = {"start_date": str(start), "end_date": str(end - timedelta(days=1))}
    try:
        totals = _answer(proxy, _TOTALS, params)["metadata"]
    except NotFound:  # an older proxy: it is asked once a day
        return f"as of {today}"
    counts = ("total_spend", "total_tokens", "total_api_requests", "total_failed_requests")
    said = [str(totals.get(name, "0")) for name in counts]
    return "/".join(said) if any(each.strip("0.") for each in said) else None


def _fetch(settings: LiteLLMSettings, start: date, end: date, folder: Path, progress: Progress) -> Sequence[Path]:
    with _proxy(settings) as proxy:
        raws = _daily_pages(proxy, start, end) if settings.pull == "daily" else _log_pages(proxy, start, end)
        paths = []
        for number, raw in enumerate(raws):
            target = folder / f"{settings.pull}-{start:%Y-%m}-{number:05}.json"
            target.write_bytes(raw)
            progress("download", len(raw))
            paths.append(target)
    if not paths:
        raise BadInput(f"LiteLLM counts requests in {start:%Y-%m} and shows none. Try --pull daily, or {_REMEDY}")
    return paths


def _daily_pages(proxy: Service, start: date, end: date) -> Iterator[bytes]:
    """The pages of daily sums, byte for byte."""
    page, more = 1, True
    while more:
        days = {"start_date": str(start), "end_date": str(end - timedelta(days=1))}
        params: dict[str, str | int] = {**days, "page": page, "page_size": PAGE}
        raw = proxy.get(_DAILY, params)
        answer = _json(_DAILY, raw)
        if answer["results"]:
            yield raw
        more, page = answer["metadata"].get("has_more") is True, page + 1


def _log_pages(proxy: Service, start: date, end: date) -> Iterator[bytes]:
    """Every request, in windows of time that fit on a page: pages of one window could miss some and repeat others."""
    first = datetime.combine(start, time(), UTC)
    day = timedelta(days=1)
    while first < datetime.combine(end, time(), UTC):
        yield from _logs_between(proxy, first, first + day)
        first += day


def _logs_between(proxy: Service, start: datetime, end: datetime) -> Iterator[bytes]:
    """The requests from `start` to `end`, both in: instants are cut to seconds, so windows share their edges."""
    params: dict[str, str | int] = {
        "start_date": f"{start:%Y-%m-%d %H:%M:%S}",
        "end_date": f"{end:%Y-%m-%d %H:%M:%S}",
        "page": 1,
        "page_size": PAGE,
        "sort_by": "startTime",
        "sort_order": "asc",
    }
    raw = proxy.get(_LOGS, params)
    answer = _json(_LOGS, raw)
    count = int(answer["total"])
    if count <= PAGE:
        if answer["data"]:
            yield raw
        return
    seconds = int((end - start).total_seconds())
    if seconds <= 1:
        raise Unavailable(
            f"LiteLLM logs {count} requests in the second {start:%Y-%m-%d %H:%M:%S}, more than it can list. Use --pull"
            " daily, or export LiteLLM_SpendLogs from its database."
        )
    parts = min(-(-count // COMFORTABLE), seconds)
    edges = [start + timedelta(seconds=seconds * part // parts) for part in range(parts + 1)]
    for one, other in pairwise(edges):
        yield from _logs_between(proxy, one, other)


def _answer(proxy: Service, path: str, params: Mapping[str, str | int]) -> Any:
    return _json(path, proxy.get(path, params))


def _json(path: str, raw: bytes) -> Any:
    """The content of an answer. Raises BadInput when it is not what LiteLLM documents."""
    try:
        answer = exact_json(raw)
        if isinstance(answer, dict) and ("metadata" in answer or "total" in answer):
            return answer
    except ValueError:
        pass
    raise BadInput(f"What answers {path} is no LiteLLM: {raw[:200].decode(errors='replace')!r}. Check --base-url.")
