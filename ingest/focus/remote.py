"""FOCUS files from S3, Google Cloud Storage or HTTPS: which deliveries they make up, and their bytes.

Where every file's name or folder carries a month, a month's files are one delivery; otherwise all files are one. Where
deliveries add (`--delivery-handling Append`), each file is one of its own.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from app.errors import BadInput, NotFound, TrueupError
from ingest.files import Progress
from ingest.focus.settings import FocusSettings
from ingest.focus.stores import Store, Stored, store_of
from ingest.kind import Access, Offer, Window

# 2026-06, 202606, 2026/06, BILLING_PERIOD=2026-06, 2026-06-15, 20260601-20260630: the first in a name counts.
_MONTH = re.compile(
    r"(?<![0-9A-Za-z])(20[0-9]{2})[-_/]?(0[1-9]|1[0-2])(?:[-_/]?(?:0[1-9]|[12][0-9]|3[01]))?(?![0-9A-SU-Za-su-z])"
)
EVERYTHING = "all files"


def offers(settings: FocusSettings, window: Window) -> Iterator[Offer]:
    """A delivery for each month of files, or for all of them. Raises Unavailable, NotPermitted or NotFound."""
    store = store_of(settings)
    for scope, files in _scopes(settings, store).items():
        if _within(scope, window):
            label = f"{scope} of {settings.url}"
            yield Offer(scope, _version(files, window.today), label, partial(_fetch, store, files))


def check(settings: FocusSettings) -> Iterator[Access]:
    """Whether the files can be listed and read."""
    if settings.url is None:
        return
    try:
        files = store_of(settings).files()
    except TrueupError as error:
        yield Access(ok=False, message=str(error))
        return
    what = f"{settings.url} has {len(files)} bill files"
    yield Access(ok=bool(files), message=what if files else f"{what}: no .csv, .csv.gz or .parquet. Check --url.")


def month_of(name: str) -> date | None:
    """The first month that a file's name or its folders carry."""
    found = _MONTH.search(name)
    return date(int(found[1]), int(found[2]), 1) if found else None


def _scopes(settings: FocusSettings, store: Store) -> Mapping[str, Sequence[Stored]]:
    files = store.files()
    if not files:
        raise NotFound(f"{settings.url} holds no .csv, .csv.gz or .parquet file. Check --url.")
    if settings.adds:
        return {each.name: [each] for each in files}
    months = {each: month_of(each.name) for each in files}
    scopes: dict[str, list[Stored]] = {}
    for each, month in months.items():
        scope = f"{month:%Y-%m}" if month and all(months.values()) else EVERYTHING
        scopes.setdefault(scope, []).append(each)
    return dict(sorted(scopes.items()))


def _within(scope: str, window: Window) -> bool:
    """Whether a scope can hold a month of the window."""
    month = month_of(scope)
    return month is None or window.start <= month < window.end


def _version(files: Sequence[Stored], today: date) -> str:
    """Changes when a file comes, goes or changes. A file without a version is asked for once a day."""
    told = [f"{each.name}\0{each.version or today}" for each in files]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _fetch(store: Store, files: Sequence[Stored], folder: Path, progress: Progress) -> Sequence[Path]:
    for each in files:
        target = folder / each.name
        if not target.resolve().is_relative_to(folder.resolve()):
            raise BadInput(f"{each.key} would be written outside of its folder. Rename it.")
        target.parent.mkdir(parents=True, exist_ok=True)
        store.download(each, target, progress)
    return [folder]
