"""Bills that AWS delivers into a bucket month by month, found by their manifests; the bucket is never listed.

A month that shrank leaves files behind that belong to nothing, and a bucket that keeps every version has many. Only the
manifest tells which files count. It is written after them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

from app.domain.period import next_month
from app.errors import BadInput, NotFound, TrueupError, Unavailable
from ingest.aws.bucket import Bucket, Stored, Wanted
from ingest.aws.manifest import Manifest, read_manifest
from ingest.aws.refusals import Denied, storing
from ingest.aws.session import AwsSettings, connect, identity
from ingest.files import Progress
from ingest.kind import Access, Offer, Window

# A data file that is younger than its manifest by less than this is being rewritten; an older one was copied so.
REWRITING = timedelta(hours=6)


class Layout(Protocol):
    """How a kind of delivery lies in its bucket."""

    @property
    def root(self) -> str:
        """The folder that holds everything, with its slash."""

    @property
    def name(self) -> str:
        """What the export or report is called."""

    def scope(self, month: date) -> str:
        """What the delivery of a month is a snapshot of."""

    def manifests(self, month: date) -> Sequence[str]:
        """Where below the root the manifest of a month may lie."""

    def below(self, key: str) -> str:
        """Where below the root a file lies that a manifest calls `key`, in this bucket or in one that it copies."""


@dataclass(frozen=True)
class _Found:
    """A manifest in the bucket."""

    key: str
    content: bytes
    stored: Stored
    address: str

    @property
    def manifest(self) -> Manifest:
        """What it says. Raises BadInput when it is broken."""
        return read_manifest(self.content, self.address)

    @property
    def version(self) -> str:
        """The execution and the ETag; a broken manifest, which is refused when it is fetched, has an ETag too."""
        try:
            return f"{self.manifest.execution or ''} {self.stored.etag}".strip()
        except BadInput:
            return self.stored.etag


def offers(bucket: Bucket, layout: Layout, window: Window) -> Iterator[Offer]:
    """One offer for each month of `window` that has a manifest.

    Raises NotPermitted, and Unavailable also when no month has one: a new export is first delivered within a day.
    """
    denied: Denied | None = None
    offered = False
    month = window.start
    while month < window.end:
        try:
            found = _find(bucket, layout, month)
        except NotFound:
            found = None
        except Denied as error:  # S3 says so of a missing file, too, to whoever may not list the bucket
            found, denied = None, denied or error
        if found:
            offered = True
            label = f"{layout.name} {month:%Y-%m}"
            yield Offer(layout.scope(month), found.version, label, partial(_fetch, bucket, layout, found))
        month = next_month(month)
    if not offered:
        raise denied or Unavailable(
            f"{bucket.where(layout.root)} has no manifest for {window.start:%Y-%m} to"
            f" {window.end - timedelta(days=1):%Y-%m}. AWS delivers the first within a day after it is set up; if it is"
            " older, check the names of the bucket, the prefix and the export or report."
        )


def check(settings: AwsSettings, place: tuple[str, Layout] | None) -> Iterator[Access]:
    """Whether we are let in, and to the manifest and the data of this month or the last in `place`.

    A source that is fed from files at hand needs nothing of AWS.
    """
    if place is None or settings.path or not settings.fetches:
        return
    try:
        aws = connect(settings)
        who = identity(aws)
        yield Access(ok=True, message=f"sts:GetCallerIdentity: {who.arn}")
        bucket, layout = Bucket(aws.client("s3"), place[0]), place[1]
        month = who.today.replace(day=1)
        try:
            found = _find(bucket, layout, month)
        except NotFound:
            found = _find(bucket, layout, (month - timedelta(days=1)).replace(day=1))
        yield Access(ok=True, message=f"s3:GetObject on {bucket.where(found.key)}")
        data = _wanted(layout, found.manifest, Path())[0].key
        bucket.touch(data)
        yield Access(ok=True, message=f"s3:GetObject on {bucket.where(data)}")
    except TrueupError as error:
        yield Access(ok=False, message=str(error))


def _find(bucket: Bucket, layout: Layout, month: date) -> _Found:
    """The manifest of a month. Raises NotFound when there is none."""
    *firsts, last = (layout.root + each for each in layout.manifests(month))
    for key in firsts:
        try:
            return _read(bucket, key)
        except NotFound:
            continue
    return _read(bucket, last)


def _read(bucket: Bucket, key: str) -> _Found:
    content, stored = bucket.read(key)
    return _Found(key, content, stored, bucket.where(key))


def _fetch(bucket: Bucket, layout: Layout, found: _Found, folder: Path, progress: Progress) -> Sequence[Path]:
    """Downloads the files that a manifest names, and keeps the manifest with them.

    Raises BadInput when one is not there, and Unavailable when AWS is rewriting the month while we read it.
    """
    wanted = _wanted(layout, found.manifest, folder)
    try:
        stored = bucket.download_all(wanted, progress)
    except NotFound as error:
        raise BadInput(
            f"{bucket.where(found.key)} names a file that is missing. {error} Run this again after the next delivery;"
            " if it stays so, look for a lifecycle rule that deletes files."
        ) from error
    late = [
        each.key
        for each, it in zip(wanted, stored, strict=True)
        if it.modified > found.stored.modified and it.read_at - it.modified < REWRITING
    ]
    if late or bucket.read(found.key)[1].etag != found.stored.etag:
        raise Unavailable(
            f"{bucket.where(late[0] if late else found.key)} was written after we read the manifest or the manifest was"
            " written: AWS is delivering right now. Run this again in an hour."
        )
    manifest = folder / found.key.removeprefix(layout.root)
    with storing(str(manifest)):
        manifest.parent.mkdir(parents=True, exist_ok=True)
        manifest.write_bytes(found.content)
    return [folder]


def _wanted(layout: Layout, manifest: Manifest, folder: Path) -> list[Wanted]:
    names = [(layout.below(each.key), each.size) for each in manifest.files]
    return [Wanted(layout.root + name, folder / name, size) for name, size in names]
