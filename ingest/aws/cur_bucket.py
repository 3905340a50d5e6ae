"""Cost and Usage Reports in S3, as AWS delivered them before Data Exports, by the manifest of each month.

    <prefix>/<report>/20260601-20260701/<report>-Manifest.json      names the assembly and its files (reportKeys)
    <prefix>/<report>/20260601-20260701/<assembly>/<report>-1.csv.gz            new report versions
    <prefix>/<report>/20260601-20260701/<report>-1.csv.gz                       overwritten ones
    <prefix>/<report>/<report>/year=2026/month=6/<report>-1.snappy.parquet      for Athena

Source: AWS Cost and Usage Report user guide, "Understanding your report versions".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Self

from pydantic import Field, model_validator

from app.domain.period import next_month
from app.errors import BadInput
from ingest.aws.bucket import Bucket
from ingest.aws.deliveries import Layout, check, offers
from ingest.aws.manifest import is_manifest
from ingest.aws.session import AwsSettings, connect
from ingest.aws.tree import newest
from ingest.files import SourceFile
from ingest.kind import Access, Offer, Window


@dataclass(frozen=True)
class ReportLayout:
    """How a report lies in its bucket."""

    prefix: str
    name: str

    @property
    def root(self) -> str:
        """The folder of the report, with its slash. AWS writes two slashes after a prefix that ends in one."""
        return f"{self.prefix}/{self.name}/" if self.prefix else f"{self.name}/"

    def scope(self, month: date) -> str:
        """The folder of a month, its end excluded as AWS has it."""
        return f"{month:%Y%m%d}-{next_month(month):%Y%m%d}"

    def manifests(self, month: date) -> Sequence[str]:
        """Where the manifest of a month lies: the newest assembly's."""
        return (f"{self.scope(month)}/{self.name}-Manifest.json",)

    def below(self, key: str) -> str:
        """Where a report file lies, whatever the bucket and the prefix that the manifest was written for."""
        if key.startswith(self.root):
            return key.removeprefix(self.root)
        _, found, tail = f"/{key}".partition(f"/{self.name}/")
        return tail if found else key


class CurSettings(AwsSettings):
    """Where a report is delivered to."""

    fetched_from: ClassVar[str | None] = "bucket"

    bucket: str | None = Field(None, description="the S3 bucket that the report is delivered to")
    prefix: str = Field("", description="the report path prefix")
    report_name: str | None = Field(None, description="the name of the report")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.bucket is None) != (self.report_name is None):
            raise ValueError("bucket and report_name belong together: give both, or neither and a path")
        return self

    @property
    def place(self) -> tuple[str, Layout] | None:
        """The bucket and how it is laid out, where the settings name one."""
        if self.bucket is None or self.report_name is None:
            return None
        return self.bucket, ReportLayout(self.prefix, self.report_name)


def report_files(files: Sequence[SourceFile]) -> Sequence[SourceFile]:
    """Of files at hand, the newest assembly of each month with its manifests; all of them where there is no manifest.

    Raises BadInput as `ingest.aws.tree.newest` does.
    """
    if not any(is_manifest(file.name) for file in files):
        return files
    chosen = newest(files)
    return (*chosen.manifests, *chosen.data)


def cur_offers(settings: CurSettings, window: Window) -> Iterator[Offer]:
    """One offer for each month that has a manifest. Raises as `ingest.aws.deliveries.offers` does."""
    if settings.place is None:
        raise BadInput("This source has no --path, and no --bucket with --report-name. Add it again with one of them.")
    name, layout = settings.place
    yield from offers(Bucket(connect(settings).client("s3"), name), layout, window)


def check_cur(settings: CurSettings) -> Iterator[Access]:
    """Whether we are let in, and to the manifest and the files of this month or the last."""
    yield from check(settings, settings.place)
