"""Asking OpenCost for the allocations of each day of a month.

Sources: OpenCost documentation, "API" and "API Examples" (window, step, aggregate, includeIdle).
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from app.domain.period import next_month
from app.errors import BadInput, TrueupError
from ingest.files import Progress
from ingest.http import Service, exact_json, service
from ingest.kind import Access, Offer, Window
from ingest.opencost.settings import OpenCostSettings

KEY = "OPENCOST_API_KEY"
SETTLED_DAYS = 3  # after a month has ended, OpenCost may still take in what the cloud has billed
_REMEDY = f"Set {KEY} to a bearer token that the proxy in front of OpenCost lets through."
_DAY = timedelta(days=1)


def offers(settings: OpenCostSettings, window: Window) -> Iterator[Offer]:
    """A delivery for each month that has complete days and that OpenCost still remembers.

    Raises Unavailable or NotPermitted.
    """
    month = window.start
    while month < min(window.end, window.today):
        end = min(next_month(month), window.today)
        with _opencost(settings) as api:
            there = bool(_allocations(_ask(api, settings, end - _DAY, aggregate=("cluster",))))
        if there:
            version = f"as of {min(window.today, next_month(month) + SETTLED_DAYS * _DAY)}"
            fetch = partial(_fetch, settings, month, end)
            yield Offer(f"{month:%Y-%m}", version, f"OpenCost, {month:%Y-%m}", fetch)
        month = next_month(month)


def check(settings: OpenCostSettings) -> Iterator[Access]:
    """Whether OpenCost answers and has allocations of yesterday."""
    try:
        with _opencost(settings) as api:
            yesterday = datetime.now(UTC).date() - _DAY
            there = bool(_allocations(_ask(api, settings, yesterday, aggregate=("cluster",))))
    except TrueupError as error:
        yield Access(ok=False, message=str(error))
        return
    said = "has" if there else "answers, and has no"
    yield Access(ok=there, message=f"OpenCost {said} allocations of {yesterday}.")


@contextmanager
def _opencost(settings: OpenCostSettings) -> Iterator[Service]:
    if not settings.base_url:
        raise BadInput("The source has no --base-url to ask. Add one, or hand over exports: `trueup ingest file`.")
    key = os.environ.get(KEY)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with service("OpenCost", settings.base_url, remedy=_REMEDY, headers=headers) as api:
        yield api


def _ask(api: Service, settings: OpenCostSettings, day: date, *, aggregate: Sequence[str]) -> bytes:
    """The allocations of one UTC day, byte for byte."""
    params = {
        "window": f"{day}T00:00:00Z,{day + _DAY}T00:00:00Z",
        "step": "1d",
        "aggregate": ",".join(aggregate),
        "accumulate": "false",
        "includeIdle": str(settings.include_idle).lower(),
    }
    return api.get(settings.api_path, params)


def _allocations(raw: bytes) -> Any:
    """What is in an answer's sets. Raises BadInput when it is none of OpenCost's."""
    try:
        sets = exact_json(raw)["data"]
        if isinstance(sets, dict):
            sets = [each["allocations"] for each in sets["sets"]]
        return [each for each in sets or () if each]
    except (ValueError, KeyError, TypeError) as error:
        said = raw[:200].decode(errors="replace")
        raise BadInput(f"What answers is no OpenCost: {said!r}. Check --base-url and --api-path.") from error


def _fetch(settings: OpenCostSettings, start: date, end: date, folder: Path, progress: Progress) -> Sequence[Path]:
    paths = []
    with _opencost(settings) as api:
        day = start
        while day < end:
            raw = _ask(api, settings, day, aggregate=settings.aggregate)
            if _allocations(raw):  # days without any all look alike
                target = folder / f"allocation-{day}.json"
                target.write_bytes(raw)
                progress("download", len(raw))
                paths.append(target)
            day += _DAY
    return paths
