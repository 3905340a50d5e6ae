"""A FOCUS file behind HTTP."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from app.errors import BadInput, NotPermitted
from ingest.files import Progress
from ingest.focus.stores import Stored, is_bill
from ingest.http import Service, service

TOKEN = "FOCUS_BEARER_TOKEN"  # noqa: S105  (the name of an environment variable)
_REMEDY = f"Check the address, and set {TOKEN} where the server wants a bearer token."


@dataclass(frozen=True)
class WebStore:
    """The one file at an address; its version is its ETag, or when it was changed."""

    url: str

    def files(self) -> Sequence[Stored]:
        name = unquote(urlsplit(self.url).path.rpartition("/")[2])
        if not is_bill(name):
            raise BadInput(f"{name or self.url} is no .csv, .csv.gz or .parquet file. Let --url name the file itself.")
        with self._asked() as web:
            try:
                headers = web.headers(self.url)
            except (BadInput, NotPermitted):  # a signed address, or a server that knows no HEAD
                return [Stored(self.url, name, None)]
        marks = [headers.get(mark, "") for mark in ("etag", "last-modified", "content-length")]
        version = marks[0] or " ".join(marks[1:]).strip()
        return [Stored(self.url, name, version or None)]

    def download(self, file: Stored, target: Path, progress: Progress) -> None:
        with self._asked() as web:
            web.download(file.key, target, progress)

    @contextmanager
    def _asked(self) -> Iterator[Service]:
        """The server. Bytes must come as they are stored, not compressed for the way."""
        parts = urlsplit(self.url)
        token = os.environ.get(TOKEN)
        headers = {"Accept-Encoding": "identity", **({"Authorization": f"Bearer {token}"} if token else {})}
        base = f"{parts.scheme}://{parts.netloc}"
        with service(parts.netloc, base, remedy=_REMEDY, headers=headers, follow_redirects=True) as web:
            yield web
