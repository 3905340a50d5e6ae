"""An archive in a bucket of Google Cloud Storage.

Credentials are the SDK's own; an emulator is found by STORAGE_EMULATOR_HOST and asked without any.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.cloud import storage  # type: ignore[attr-defined]  # it ships no types
from requests import exceptions as requests

from app.archive.store import SHA256, Kept
from app.errors import BadInput, NotPermitted, Unavailable

_TIMEOUT = (10, 120)  # to connect, and between two bytes; seconds
_RETRY = storage.retry.DEFAULT_RETRY.with_timeout(60)  # seconds, all attempts together
_REMEDY = "Set GOOGLE_APPLICATION_CREDENTIALS, or run where there is a service account"
_PLAIN = "application/octet-stream"  # so that nobody unpacks a .gz on the way


class GcsArchive:
    """A prefix of a bucket."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket, self._prefix = bucket, prefix

    @property
    def url(self) -> str:
        return f"gs://{self._bucket}/{self._prefix}"

    def find(self, key: str) -> Kept | None:
        with self._asking(key, "storage.objects.get"):
            blob = self._objects.get_blob(self._prefix + key, timeout=_TIMEOUT, retry=_RETRY)
        return Kept(blob.size, (blob.metadata or {}).get(SHA256)) if blob else None

    def put(self, key: str, file: Path, sha256: str) -> None:
        with self._asking(key, "storage.objects.create (and storage.objects.delete, to replace)"):
            blob = self._objects.blob(self._prefix + key)
            blob.metadata = {SHA256: sha256}
            # GCS refuses bytes with another checksum; of those it offers, this is the one that it has for every object.
            blob.upload_from_filename(str(file), content_type=_PLAIN, timeout=_TIMEOUT, retry=_RETRY, checksum="crc32c")

    def get(self, key: str, target: Path) -> None:
        with self._asking(key, "storage.objects.get"):
            blob = self._objects.blob(self._prefix + key)
            blob.download_to_filename(str(target), timeout=_TIMEOUT, raw_download=True, retry=_RETRY)

    def remove(self, key: str) -> None:
        with self._asking(key, "storage.objects.delete"):
            self._objects.blob(self._prefix + key).delete(timeout=_TIMEOUT, retry=_RETRY)

    @cached_property
    def _objects(self) -> storage.Bucket:
        return storage.Client(project=None).bucket(self._bucket)

    @contextmanager
    def _asking(self, key: str, permission: str) -> Iterator[None]:
        """Turns what the SDK raises inside into an error of ours about `key`."""
        what = f"The archive {self.url}{key}"
        try:
            yield
        except api.Forbidden as error:
            raise NotPermitted(
                f"{what}: the permission {permission} is missing ({error.message}). Grant it."
            ) from error
        except (api.Unauthorized, auth.DefaultCredentialsError, auth.RefreshError) as error:
            raise NotPermitted(f"{what}: there are no usable Google Cloud credentials ({error}). {_REMEDY}.") from error
        except api.NotFound as error:
            raise BadInput(f"{what}: there is no such bucket. Create it, or correct TRUEUP_ARCHIVE_URL.") from error
        except (api.GoogleAPICallError, api.RetryError, auth.TransportError, requests.RequestException) as error:
            raise Unavailable(
                f"{what}: Google Cloud Storage does not answer ({error}). Run this again later."
            ) from error
        except storage.exceptions.DataCorruption as error:
            raise Unavailable(f"{what} arrived damaged ({error}). Run this again.") from error
