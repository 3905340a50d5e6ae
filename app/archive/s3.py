"""An archive in a bucket of S3, or of a store that speaks S3.

Credentials, region and endpoint (AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL) are the SDK's own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.client import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError, ProfileNotFound
from botocore.exceptions import ConnectionError as UnreachableError

from app.archive.store import SHA256, Kept
from app.errors import BadInput, NotPermitted, TrueupError, Unavailable

# Four attempts, throttling included (the SDK's "standard" retry mode).
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 4},
    connect_timeout=10,
    read_timeout=60,
    user_agent_extra="trueup",
)
_PART_BYTES = 16 << 20
_TRANSFER = TransferConfig(multipart_threshold=_PART_BYTES, multipart_chunksize=_PART_BYTES, max_concurrency=4)
_UNKNOWN = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
    }
)
_REMEDY = "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where there is an AWS role"


class S3Archive:
    """A prefix of a bucket."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket, self._prefix = bucket, prefix

    @property
    def url(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}"

    def find(self, key: str) -> Kept | None:
        # Without s3:ListBucket, S3 denies knowledge of what is absent.
        with self._asking(key, "s3:GetObject (or s3:ListBucket)"):
            try:
                found = self._client.head_object(Bucket=self._bucket, Key=self._prefix + key)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                    return None
                raise
            return Kept(int(found["ContentLength"]), found["Metadata"].get(SHA256))

    def put(self, key: str, file: Path, sha256: str) -> None:
        told = {"ChecksumAlgorithm": "SHA256", "Metadata": {SHA256: sha256}}  # S3 refuses bytes with another checksum
        with self._asking(key, "s3:PutObject"):
            self._client.upload_file(str(file), self._bucket, self._prefix + key, ExtraArgs=told, Config=_TRANSFER)

    def get(self, key: str, target: Path) -> None:
        with self._asking(key, "s3:GetObject"):
            self._client.download_file(self._bucket, self._prefix + key, str(target), Config=_TRANSFER)

    def remove(self, key: str) -> None:
        with self._asking(key, "s3:DeleteObject"):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    @cached_property
    def _client(self) -> Any:
        session = boto3.Session()
        try:
            return session.client("s3", region_name=session.region_name or "us-east-1", config=_CONFIG)
        except ValueError as error:  # botocore's word for an address that is none
            raise BadInput(f"S3: {error}. Check AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL.") from error

    @contextmanager
    def _asking(self, key: str, permission: str) -> Iterator[None]:
        """Turns what the SDK raises inside into an error of ours about `key`."""
        what = f"The archive {self.url}{key}"
        try:
            yield
        except ClientError as error:
            raise _refusal(error, what, permission) from error
        except (NoCredentialsError, ProfileNotFound) as error:
            raise NotPermitted(f"{what}: there are no usable AWS credentials ({error}). {_REMEDY}.") from error
        except Boto3Error as error:  # what a transfer makes of a ClientError
            if isinstance(error.__context__, ClientError):
                raise _refusal(error.__context__, what, permission) from error
            raise Unavailable(f"{what}: {error}. Run this again later.") from error
        except (UnreachableError, HTTPClientError) as error:
            raise Unavailable(f"{what}: S3 cannot be reached ({error}). Run this again later.") from error
        except BotoCoreError as error:
            raise Unavailable(f"{what}: {error}. Run this again later.") from error


def _refusal(error: ClientError, what: str, permission: str) -> TrueupError:
    said = error.response.get("Error", {})
    code, message = str(said.get("Code", "")), str(said.get("Message", "")).rstrip(". ")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _UNKNOWN:
        return NotPermitted(f"{what}: AWS does not accept these credentials ({code}). {_REMEDY}.")
    if status in {401, 403}:
        return NotPermitted(f"{what}: the permission {permission} is missing ({message or code}). Allow it.")
    if code == "NoSuchBucket":
        return BadInput(f"{what}: there is no such bucket. Create it, or correct TRUEUP_ARCHIVE_URL.")
    if status == 429 or status >= 500 or code in {"RequestTimeout", "SlowDown", "Throttling"}:
        return Unavailable(f"{what}: S3 answers {code}: {message}. Run this again later.")
    return BadInput(f"{what}: S3 answers {code}: {message}. Check TRUEUP_ARCHIVE_URL.")
