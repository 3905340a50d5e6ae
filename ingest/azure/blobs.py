"""A container in Azure Blob storage, read with the SDK's own retries, its faults said as ours.

Credentials: `AZURE_STORAGE_CONNECTION_STRING` where it is for this account, else DefaultAzureCredential (environment,
workload identity, managed identity, `az login`). The SDK retries what can pass (408, 5xx, the network) with backoff.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobPrefix, BlobServiceClient, ContainerClient, ExponentialRetry

from app.errors import BadInput, NotFound, NotPermitted, TrueupError, Unavailable
from ingest.files import Progress

CONNECTION_STRING = "AZURE_STORAGE_CONNECTION_STRING"
ROLE = "Storage Blob Data Reader"
_TIMEOUTS = {"connection_timeout": 20, "read_timeout": 120}  # seconds
_BY_FIREWALL = ("AuthorizationFailure", "IpAuthorizationSourceIPMismatch")
_STALE = ("AuthenticationFailed", "InvalidAuthenticationInfo", "NoAuthenticationInformation")
_UNAUTHENTICATED = "failed to authenticate"  # in the message, where the code says less
_CHANGED = 412  # precondition failed: the blob was written while it was read
_TOO_MANY = 429


class Listed(NamedTuple):
    """A blob, or a folder of blobs, in a listing."""

    name: str
    is_folder: bool


class Content(NamedTuple):
    """What a small blob holds."""

    data: bytes
    etag: str


class Container:
    """A container that we may list and read."""

    def __init__(self, account_url: str | None, name: str) -> None:
        self.name = name
        with self._faults():
            self._client: ContainerClient = _service(account_url).get_container_client(name)

    @property
    def account(self) -> str:
        """The account it is in, as people know it."""
        return str(self._client.account_name)

    def listing(self, folder: str) -> Iterator[Listed]:
        """What lies directly in `folder`, which ends in a slash or is empty."""
        with self._faults():
            for each in self._client.walk_blobs(name_starts_with=folder or None):
                # An account with a hierarchical namespace lists a folder as an empty blob too; it has no manifest name.
                yield Listed(str(each.name), isinstance(each, BlobPrefix))

    def read(self, name: str) -> Content:
        """A small blob."""
        with self._faults(name):
            stream = self._client.download_blob(name)
            return Content(stream.readall(), str(stream.properties.etag))

    def etag(self, name: str) -> str:
        """The version of a blob."""
        with self._faults(name):
            return str(self._client.get_blob_client(name).get_blob_properties().etag)

    def download(self, name: str, target: Path, progress: Progress) -> None:
        """Writes a blob of any size to `target`. Raises NotFound when it is not there."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._faults(name), target.open("wb") as file:
            for chunk in self._client.download_blob(name).chunks():
                file.write(chunk)
                progress("fetch", len(chunk))

    @contextmanager
    def _faults(self, blob: str | None = None) -> Iterator[None]:
        """Turns what the SDK raises into Unavailable, NotPermitted, NotFound (a blob) or BadInput (the settings)."""
        place = f"{self.name}/{blob}" if blob else f"the container {self.name}"
        try:
            yield
        except ClientAuthenticationError as error:
            raise NotPermitted(
                f"Azure does not accept our credentials for {place} ({_first(error)}). Renew the login, the secret or"
                f" {CONNECTION_STRING}; the identity needs the role {ROLE} on the container."
            ) from error
        except ResourceNotFoundError as error:
            if blob and _code(error) != "ContainerNotFound":
                raise NotFound(f"{place} is not there.") from error
            raise BadInput(
                f"There is no container {self.name} in this storage account. Check --container and --account-url."
            ) from error
        except HttpResponseError as error:
            raise _refused(error, place) from error
        except AzureError as error:  # no answer, or one that breaks off
            raise Unavailable(
                f"Azure Blob storage could not be reached for {place} ({_first(error)}). Check the network and"
                " --account-url; the next run tries again."
            ) from error
        except ValueError as error:
            raise BadInput(f"{CONNECTION_STRING} or --account-url cannot be used: {_first(error)}.") from error


def retry_policy() -> ExponentialRetry:
    """How often, and after how many seconds, a request that failed for a passing reason is made again."""
    return ExponentialRetry(initial_backoff=1, increment_base=3, retry_total=4, random_jitter_range=1)


def _service(account_url: str | None) -> BlobServiceClient:
    told = os.environ.get(CONNECTION_STRING)
    options: dict[str, Any] = {"retry_policy": retry_policy(), **_TIMEOUTS}
    if told:
        service = BlobServiceClient.from_connection_string(told, **options)
        # The string may be there for another account, which is none of this source's business.
        if account_url is None or _same_place(account_url, str(service.url)):
            return service
    if account_url is None:
        raise ValueError(f"there is neither an account_url nor {CONNECTION_STRING} in the environment")
    return BlobServiceClient(account_url, credential=DefaultAzureCredential(), **options)


def _same_place(one: str, other: str) -> bool:
    first, second = urlsplit(one), urlsplit(other)
    return (first.netloc.casefold(), first.path.strip("/")) == (second.netloc.casefold(), second.path.strip("/"))


def _refused(error: HttpResponseError, place: str) -> TrueupError:
    """What an answer that is a refusal means for whoever runs us."""
    status, code = error.status_code or 0, _code(error)
    if status in (401, 403):
        return NotPermitted(_turned_away(place, str(code or status), str(error)))
    if status == _CHANGED:
        return Unavailable(f"{place} was written while it was read. The next run takes it.")
    if status < 400:
        return Unavailable(f"The answer of Azure Blob storage for {place} broke off. The next run tries again.")
    if status >= 500 or status in (408, _TOO_MANY):
        return Unavailable(
            f"Azure Blob storage does not serve {place} now ({status} {code}, tried several times). The next run tries"
            " again."
        )
    return BadInput(f"Azure Blob storage does not understand the request for {place}: {_first(error)}.")


def _turned_away(place: str, code: str, said: str) -> str:
    if code in _STALE or _UNAUTHENTICATED in said:
        return (
            f"Azure does not accept our credentials for {place} ({code}): they are wrong or have expired. Renew"
            f" {CONNECTION_STRING}, or log in again."
        )
    if code in _BY_FIREWALL:
        return (
            f"The storage account turns us away from {place} ({code}): its firewall does not let this machine in, or"
            f" the identity lacks the role {ROLE}. Allow the network, and assign the role on the container."
        )
    return (
        f"We may not read {place} ({code}). Assign the role {ROLE} on the container to the identity that Trueup runs as"
        " (a SAS needs read and list)."
    )


def _code(error: HttpResponseError) -> str:
    """What storage calls the fault; empty where it does not say."""
    code = getattr(error, "error_code", None)
    return str(code.value if isinstance(code, Enum) else code or "")


def _first(error: Exception) -> str:
    """The first line of what an error says, without the dot at its end."""
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(".")
