"""The object store in which archived deliveries are kept beside the data folder: S3 or Google Cloud Storage.

Keys are paths below the archive folder, so that a copy of one made by hand (`aws s3 sync`) is as good as ours.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.errors import BadInput
from app.settings import Settings

SHA256 = "sha256"  # the object's metadata in which the SHA-256 of its bytes is kept
_URL = re.compile(r"(s3|gs)://([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:/(.*))?")


@dataclass(frozen=True)
class Kept:
    """An object as the store describes it."""

    size: int  # bytes
    sha256: str | None  # as it was told when the object was put; None for one that others put there


class ObjectStore(Protocol):
    """A prefix of a bucket. Each call raises Unavailable, NotPermitted (naming the permission) or BadInput."""

    @property
    def url(self) -> str:
        """The address of the prefix, for messages."""

    def find(self, key: str) -> Kept | None:
        """The object at `key`, or None."""

    def put(self, key: str, file: Path, sha256: str) -> None:
        """Stores `file`, replacing what is at `key`. The store checks the bytes that arrive."""

    def get(self, key: str, target: Path) -> None:
        """Writes the object at `key` to `target`."""

    def remove(self, key: str) -> None:
        """Deletes the object at `key`."""


def object_store(config: Settings) -> ObjectStore | None:
    """The store that TRUEUP_ARCHIVE_URL names, if any. Raises BadInput for an address that cannot be one."""
    if not config.archive_url:
        return None
    found = _URL.fullmatch(config.archive_url)
    if not found:
        raise BadInput(
            f"TRUEUP_ARCHIVE_URL is {config.archive_url!r}. Write s3://BUCKET/PREFIX or gs://BUCKET/PREFIX; keys and"
            " passwords belong into the cloud's own variables."
        )
    scheme, bucket, path = found.groups(default="")
    prefix = f"{path.strip('/')}/" if path.strip("/") else ""
    # The clouds' libraries take long to import, and most of Trueup never needs them.
    if scheme == "s3":
        from app.archive.s3 import S3Archive  # noqa: PLC0415

        return S3Archive(bucket, prefix)
    from app.archive.gcs import GcsArchive  # noqa: PLC0415

    return GcsArchive(bucket, prefix)
