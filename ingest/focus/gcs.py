"""FOCUS files in a Google Cloud Storage bucket.

An emulator is found by --endpoint-url or STORAGE_EMULATOR_HOST, the variable that Google's own client reads, and is
asked without credentials.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage  # type: ignore[attr-defined]  # it ships no types
from requests import exceptions as requests

from app.errors import NotFound, NotPermitted, Unavailable
from ingest.files import Progress
from ingest.focus.stores import Stored, is_bill, relative

EMULATOR = "STORAGE_EMULATOR_HOST"
TIMEOUT = (15, 120)  # to connect, and between two bytes; seconds
_REMEDY = (
    "Set GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`, or on a machine with a service"
    " account"
)


class GcsStore:
    """The files below a prefix of a bucket; their versions are generations."""

    def __init__(self, endpoint_url: str | None, bucket: str, prefix: str) -> None:
        self._endpoint, self._name, self._prefix = endpoint_url, bucket, prefix

    def files(self) -> Sequence[Stored]:
        with _asking(f"gs://{self._name}/{self._prefix}", permission="storage.objects.list"):
            blobs = list(self._client.list_blobs(self._name, prefix=self._prefix, timeout=TIMEOUT))
        found = [Stored(b.name, relative(b.name, self._prefix), str(b.generation), b.size) for b in blobs]
        return [each for each in sorted(found, key=lambda each: each.name) if is_bill(each.name)]

    def download(self, file: Stored, target: Path, progress: Progress) -> None:
        with _asking(f"gs://{self._name}/{file.key}", permission="storage.objects.get"):
            # The very generation that was listed; the client checks the bytes against the stored checksum.
            generation = int(file.version) if file.version else None
            blob = self._client.bucket(self._name).blob(file.key, generation=generation)
            blob.download_to_filename(str(target), timeout=TIMEOUT, raw_download=True)
        progress("download", target.stat().st_size)

    @cached_property
    def _client(self) -> storage.Client:
        endpoint = self._endpoint or os.environ.get(EMULATOR)
        with _asking("Google Cloud credentials", permission=""):
            if not endpoint:
                return storage.Client()
            address = endpoint if "://" in endpoint else f"http://{endpoint}"
            options = {"api_endpoint": address}
            nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]
            return storage.Client(project="trueup", credentials=nobody, client_options=options)


@contextmanager
def _asking(what: str, *, permission: str) -> Iterator[None]:
    """Turns what Google's client raises inside into Unavailable, NotPermitted or NotFound about `what`."""
    try:
        yield
    except api.Forbidden as error:
        raise NotPermitted(
            f"{what}: the permission {permission} is missing ({error.message}). Grant roles/storage.objectViewer."
        ) from error
    except (api.Unauthorized, auth.DefaultCredentialsError, auth.RefreshError) as error:
        raise NotPermitted(f"{what}: there are no usable Google Cloud credentials ({error}). {_REMEDY}.") from error
    except api.NotFound as error:
        raise NotFound(f"{what}: not there. Check --url.") from error
    except (api.GoogleAPICallError, api.RetryError, auth.TransportError, requests.RequestException) as error:
        raise Unavailable(f"{what}: Google Cloud Storage does not answer ({error}). Run this again later.") from error
