"""FOCUS files in an S3 bucket, or in a store that speaks S3."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from ingest.aws.bucket import Bucket, Wanted
from ingest.aws.refusals import asking
from ingest.aws.session import AwsSettings, connect
from ingest.files import Progress
from ingest.focus.settings import FocusSettings
from ingest.focus.stores import Stored, is_bill, relative


class S3Store:
    """The files below a prefix of a bucket; their versions are ETags."""

    def __init__(self, settings: FocusSettings, bucket: str, prefix: str) -> None:
        self._settings, self._name, self._prefix = settings, bucket, prefix

    def files(self) -> Sequence[Stored]:
        found = []
        with asking(f"s3://{self._name}/{self._prefix}"):
            pages = self._bucket.client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._name, Prefix=self._prefix):
                for each in page.get("Contents", []):
                    key = str(each["Key"])
                    found.append(Stored(key, relative(key, self._prefix), str(each["ETag"]), int(each["Size"])))
        return [each for each in sorted(found, key=lambda each: each.name) if is_bill(each.name)]

    def download(self, file: Stored, target: Path, progress: Progress) -> None:
        self._bucket.download(Wanted(file.key, target, file.size), progress)

    @cached_property
    def _bucket(self) -> Bucket:
        told = self._settings
        aws = AwsSettings(
            region=told.region,
            profile=told.profile,
            role_arn=told.role_arn,
            external_id=told.external_id,
            endpoint_url=told.endpoint_url,
        )
        return Bucket(connect(aws).client("s3"), self._name)
