"""Reading a bucket: whole files, byte for byte, going on where a cut connection left off.

The SDK itself tries a request again (throttling, 5xx, no connection). What it cannot know is a body that breaks off:
that is asked for again from where it stopped, on condition that the file is still the same (If-Match).
"""

import hashlib
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from pathlib import Path
from threading import Lock
from time import sleep
from typing import Any, BinaryIO

from botocore.exceptions import (
    ClientError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    ResponseStreamingError,
)
from urllib3.exceptions import HTTPError

from app.errors import Unavailable
from ingest.aws.refusals import asking, storing
from ingest.files import BLOCK, Progress

ATTEMPTS = 6  # how often in a row a body may break off without a byte more
LONGEST_WAIT_SECONDS = 20.0
AT_ONCE = 4  # files at a time
_CUT = (HTTPClientError, IncompleteReadError, ResponseStreamingError, HTTPError, ConnectionError, TimeoutError)
# The ETag of a file that was put in one piece and is not encrypted with KMS is its MD5 (S3 API, Object).
_MD5 = re.compile(r'"([0-9a-f]{32})"')


def pause(seconds: float) -> None:
    """Waits before the next attempt."""
    sleep(seconds)


@dataclass(frozen=True)
class Stored:
    """A file of the bucket as it was read."""

    etag: str
    size: int
    modified: datetime
    read_at: datetime  # by the clock of the store


@dataclass(frozen=True)
class Wanted:
    """A file to download."""

    key: str
    target: Path
    size: int | None = None  # bytes, where a manifest says so


class _DamagedError(Exception):
    """The bytes that arrived are not those that are stored."""


@dataclass(frozen=True)
class Bucket:
    """A bucket that files are read from."""

    client: Any
    name: str

    def where(self, key: str) -> str:
        """The address of a file, for messages."""
        return f"s3://{self.name}/{key}"

    def read(self, key: str) -> tuple[bytes, Stored]:
        """A small file. Raises NotFound, NotPermitted or Unavailable."""
        sink = BytesIO()
        stored = self._pull(key, sink, lambda _stage, _bytes: None)
        return sink.getvalue(), stored

    def touch(self, key: str) -> None:
        """Reads one byte of a file, to see whether we may. Raises NotFound, NotPermitted or Unavailable."""
        with asking(self.where(key)):
            self.client.get_object(Bucket=self.name, Key=key, Range="bytes=0-0")["Body"].close()

    def download(self, wanted: Wanted, progress: Progress) -> Stored:
        """Writes a file of any size to its target. Raises NotFound, NotPermitted or Unavailable."""
        with storing(self.where(wanted.key)):
            wanted.target.parent.mkdir(parents=True, exist_ok=True)
            with wanted.target.open("wb") as sink:
                stored = self._pull(wanted.key, sink, progress)
        if wanted.size is not None and wanted.size != stored.size:
            raise Unavailable(
                f"{self.where(wanted.key)} has {stored.size} bytes, but its manifest says {wanted.size}: it is being"
                " rewritten. Run this again in an hour."
            )
        return stored

    def download_all(self, wanted: Sequence[Wanted], progress: Progress) -> list[Stored]:
        """Writes several files, a few at a time; the first that fails ends it."""
        lock = Lock()

        def tell(stage: str, done: int) -> None:
            with lock:
                progress(stage, done)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            running = [pool.submit(self.download, each, tell) for each in wanted]
            try:
                return [each.result() for each in running]
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _pull(self, key: str, sink: BinaryIO, progress: Progress) -> Stored:
        pull = _Pull(self, key, sink, progress)
        stalled = damaged = 0
        while True:
            before = pull.written
            try:
                return pull.go_on()
            except _DamagedError as error:
                damaged += 1
                if damaged == 2:
                    raise Unavailable(f"{self.where(key)} arrived damaged twice ({error}). Run this again.") from error
                pull = _Pull(self, key, sink, progress)
            except _CUT as error:
                stalled = 0 if pull.written > before else stalled + 1
                if stalled == ATTEMPTS:
                    raise Unavailable(
                        f"{self.where(key)}: the connection keeps breaking off at byte {pull.written} ({error})."
                        " Run this again later."
                    ) from error
                pause(min(2.0**stalled - 1, LONGEST_WAIT_SECONDS))


class _Pull:
    """One file on its way, from its first byte on."""

    def __init__(self, bucket: Bucket, key: str, sink: BinaryIO, progress: Progress) -> None:
        self._bucket, self._key, self._sink, self._progress = bucket, key, sink, progress
        self._etag: str | None = None
        self._rewind()

    def go_on(self) -> Stored:
        """Reads on to the end. Raises one of _CUT when the body breaks off before it, and _DamagedError."""
        answer = self._ask()
        if not answer.keys() >= {"ContentLength", "ETag", "LastModified"}:  # it broke off among the headers
            raise IncompleteReadError(actual_bytes=0, expected_bytes=1)
        if self.written and answer["ResponseMetadata"]["HTTPStatusCode"] != 206:  # a store that knows no ranges
            self._rewind()
        self._etag = str(answer["ETag"])
        size = self.written + int(answer["ContentLength"])
        with closing(answer["Body"]) as body:
            try:
                while block := body.read(BLOCK):
                    self._sink.write(block)
                    self._md5.update(block)
                    self.written += len(block)
                    self._progress("download", len(block))
            except FlexibleChecksumError as error:
                raise _DamagedError(str(error)) from error
            except _CUT:
                if self.written < size:
                    raise
        if self.written < size:
            raise IncompleteReadError(actual_bytes=self.written, expected_bytes=size)
        self._check(answer)
        said = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        modified = answer["LastModified"]
        return Stored(self._etag, size, modified, parsedate_to_datetime(said) if said else modified)

    def _rewind(self) -> None:
        self.written = 0
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sink.seek(0)
        self._sink.truncate()

    def _ask(self) -> Any:
        bucket, at = self._bucket, {"Bucket": self._bucket.name, "Key": self._key}
        rest = {"Range": f"bytes={self.written}-", "IfMatch": self._etag} if self.written else {}
        with asking(bucket.where(self._key)):
            try:
                return bucket.client.get_object(**at, **rest)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] == 412:
                    raise Unavailable(
                        f"{bucket.where(self._key)} was replaced while it was read. Run this again in an hour."
                    ) from error
                raise

    def _check(self, answer: Any) -> None:
        found = _MD5.fullmatch(str(answer["ETag"]))
        plain = answer.get("ServerSideEncryption") in {None, "AES256"} and "SSECustomerAlgorithm" not in answer
        if found and plain and found.group(1) != self._md5.hexdigest():
            raise _DamagedError(f"its MD5 is {self._md5.hexdigest()}, not {found.group(1)}")
