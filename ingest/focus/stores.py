"""Places that hold files of bills: what is there, each with a version, and its bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from app.errors import BadInput
from ingest.files import SUFFIXES, Progress
from ingest.focus.settings import FocusSettings


@dataclass(frozen=True)
class Stored:
    """A file in a store."""

    key: str  # its whole name there
    name: str  # relative to what the source points at
    version: str | None  # changes when the bytes do; None where the store does not say
    size: int | None = None  # bytes


class Store(Protocol):
    """A place that holds files. Methods raise Unavailable, NotPermitted, NotFound or BadInput."""

    def files(self) -> Sequence[Stored]:
        """The bill files there are, by name."""
        ...

    def download(self, file: Stored, target: Path, progress: Progress) -> None:
        """Writes a file's bytes to `target`."""
        ...


def store_of(settings: FocusSettings) -> Store:
    """The store that a source points at. An SDK is imported when its store is asked for."""
    if settings.url is None:
        raise BadInput("The source has no --url to ask. Add one, or hand over files: `trueup ingest file`.")
    parts = urlsplit(settings.url)
    if parts.scheme == "s3":
        from ingest.focus.s3 import S3Store  # noqa: PLC0415

        return S3Store(settings, parts.netloc, parts.path.lstrip("/"))
    if parts.scheme == "gs":
        from ingest.focus.gcs import GcsStore  # noqa: PLC0415

        return GcsStore(settings.endpoint_url, parts.netloc, parts.path.lstrip("/"))
    from ingest.focus.web import WebStore  # noqa: PLC0415

    return WebStore(settings.url)


def is_bill(name: str) -> bool:
    """Whether a file's name is that of a bill, and none of its folders is hidden."""
    hidden = any(part.startswith(".") for part in name.split("/"))
    return name.lower().endswith(SUFFIXES) and not hidden


def relative(key: str, prefix: str) -> str:
    """The name of a file below a prefix, which may be a folder or the file itself."""
    folder = prefix if prefix.endswith("/") or not prefix else prefix.rpartition("/")[0] + "/"
    return key.removeprefix(folder if "/" in folder else "")
