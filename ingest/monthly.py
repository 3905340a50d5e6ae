"""A vendor's API asked month by month: what is offered, and how its answers are archived and read again.

2026-06.json                      the costs of June as the API answered
2026-06.page-2.json               its next page
2026-06.usage.completions.json    what was used in June; a page that names nothing is not kept
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from app.domain.period import Period, next_month
from app.errors import BadInput
from ingest.files import Progress, SourceFile
from ingest.http import Page, exact_json
from ingest.kind import Offer, Window

# Vendors still change the buckets of the last days, and name no day after which they do not.
SETTLING = timedelta(days=7)

Usage = Iterable[tuple[str, Iterable[Page]]]  # (what was used, its pages)


def months(window: Window) -> Iterator[Period]:
    """The months of `window`, without those that have not begun; oldest first."""
    start = window.start
    while start < window.end and start <= window.today:
        yield Period.month_of(start)
        start = next_month(start)


def asked_until(month: Period, today: date) -> date:
    """The day up to which a month is asked about: its end, or tomorrow while it runs."""
    return min(month.end, today + timedelta(days=1))


def month_offer(
    vendor: str, month: Period, today: date, costs: Sequence[Page], usage: Callable[[], Usage]
) -> Offer | None:
    """What a vendor offers for `month`, given the answers about its costs; None where nothing was charged.

    Costs are asked for first, because they are cheap to ask and say what changed: the version is their digest. Usage
    can settle after costs have, so a month that is not past `SETTLING` is a new version every day.
    """
    if not any(entries(page.content) for page in costs):
        return None
    unsettled = f"@{today}" if today < month.end + SETTLING else ""

    def fetch(folder: Path, progress: Progress) -> Sequence[Path]:
        written = list(_write(folder, month.label, costs, progress))
        for what, pages in usage():
            named = (page for page in pages if entries(page.content))
            written += _write(folder, f"{month.label}.usage{what}", named, progress)
        return written

    return Offer(month.label, content_digest(costs) + unsettled, f"{vendor} {month.label}", fetch)


def _write(folder: Path, stem: str, pages: Iterable[Page], progress: Progress) -> Iterator[Path]:
    for number, page in enumerate(pages, start=1):
        target = folder / (f"{stem}.json" if number == 1 else f"{stem}.page-{number}.json")
        target.write_bytes(page.raw)
        progress("download", len(page.raw))
        yield target


def content_digest(pages: Iterable[Page]) -> str:
    """The SHA-256 of what pages say, whatever the order and however they are cut: a cursor is no change."""
    said = sorted(_canonical(entry) for page in pages for entry in entries(page.content))
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _canonical(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{_canonical(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(sorted(map(_canonical, value))) + "]"
    return json.dumps(value)


def next_page(content: Any) -> str | None:
    """The cursor of the page after this one. Raises ValueError and the like when this is no page of a list."""
    entries(content)
    if content["has_more"]:
        if not content.get("next_page"):
            raise ValueError("has_more without next_page")
        return str(content["next_page"])
    return None


def entries(content: Any) -> list[Any]:
    """The buckets or rows that say something: a page has them under `data`, a saved file may be the list itself."""
    data = content["data"] if isinstance(content, dict) else content
    return [each for each in data if each.get("results", True)]


def read_entries(file: SourceFile) -> list[dict[str, Any]]:
    """The buckets or rows in a file, with every number as text. Raises BadInput when it holds something else."""
    raw = file.path.read_bytes()
    try:
        found = entries(exact_json(raw))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        where = f"line {error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else "no list of buckets"
        raise BadInput(f"{file.name} is not an answer of this API ({where}). Download it again.") from error
    return found
