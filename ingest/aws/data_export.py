"""AWS Data Exports: CUR 2.0 or FOCUS tables, from S3 or a copy of the bucket, by the manifest's own list of files.

Source: AWS Data Exports user guide, "Understanding export delivery".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar, Self

from pydantic import Field, model_validator

from app.errors import BadInput
from ingest.aws.bucket import Bucket
from ingest.aws.cur import open_cur
from ingest.aws.deliveries import Layout, check, offers
from ingest.aws.inside import Inside, inside
from ingest.aws.session import AwsSettings, connect
from ingest.aws.tree import data_key, newest
from ingest.delivery import OpenDelivery
from ingest.files import SUFFIXES, SourceFile
from ingest.focus.kind import open_focus
from ingest.kind import Access, Kind, Offer, Opening, Window


@dataclass(frozen=True)
class ExportLayout:
    """How an export lies in its bucket."""

    prefix: str
    name: str

    @property
    def root(self) -> str:
        """The folder of the export, with its slash."""
        return "/".join(filter(None, (self.prefix.strip("/"), self.name))) + "/"

    def scope(self, month: date) -> str:
        """The partition of a month."""
        return f"BILLING_PERIOD={month:%Y-%m}"

    def manifests(self, month: date) -> Sequence[str]:
        """Where the manifest of a month may lie; the guide has both names."""
        folder = f"metadata/{self.scope(month)}"
        return f"{folder}/{self.name}-Manifest.json", f"{folder}/Manifest.json"

    def below(self, key: str) -> str:
        """Where a data file lies, whatever the bucket and the prefix that the manifest was written for."""
        return key.removeprefix(self.root) if key.startswith(self.root) else data_key(key)


class ExportSettings(AwsSettings):
    """Where an export is delivered to."""

    fetched_from: ClassVar[str | None] = "bucket"

    bucket: str | None = Field(None, description="the S3 bucket that the export is delivered to")
    prefix: str = Field("", description="the S3 path prefix that the export was given")
    export_name: str | None = Field(None, description="the name of the export")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.bucket is None) != (self.export_name is None):
            raise ValueError("bucket and export_name belong together: give both, or neither and a path")
        return self

    @property
    def place(self) -> tuple[str, Layout] | None:
        """The bucket and how it is laid out, where the settings name one."""
        if self.bucket is None or self.export_name is None:
            return None
        return self.bucket, ExportLayout(self.prefix, self.export_name)


def open_export(opening: Opening) -> OpenDelivery:
    """Opens the newest delivery of each billing period in a tree of metadata and data, as FOCUS or CUR 2.0.

    Raises BadInput as `ingest.aws.tree.newest` does, and when a table holds no charges.
    """
    chosen = newest(opening.files)
    first = chosen.data[0]
    table = inside(first)
    if table is None:
        raise BadInput(
            f"{first.name} is neither a CUR 2.0 nor a FOCUS table. Export COST_AND_USAGE_REPORT, FOCUS_1_2_AWS or"
            " FOCUS_1_0_AWS; other tables hold no charges."
        )
    is_cur = table is Inside.CUR
    opened = open_cur(opening, chosen.data) if is_cur else open_focus(replace(opening, files=chosen.data))
    counting = {file.name for file in (*chosen.data, *chosen.manifests)}
    left = [(file, "not of the newest delivery") for file in opening.files if file.name not in counting]
    manifests = [(file, "manifest") for file in chosen.manifests]
    return replace(opened, set_aside=(*opened.set_aside, *manifests, *left))


def counting(files: Sequence[SourceFile]) -> Sequence[SourceFile]:
    """The files of a tree that make up its newest deliveries: what there is to archive. Raises as `newest` does."""
    chosen = newest(files)
    return (*chosen.manifests, *chosen.data)


def export_offers(settings: ExportSettings, window: Window) -> Iterator[Offer]:
    """One offer for each month that has a manifest. Raises as `ingest.aws.deliveries.offers` does."""
    if settings.place is None:
        raise BadInput("This source has no --path, and no --bucket with --export-name. Add it again with one of them.")
    name, layout = settings.place
    yield from offers(Bucket(connect(settings).client("s3"), name), layout, window)


def check_export(settings: ExportSettings) -> Iterator[Access]:
    """Whether we are let in, and to the manifest and the data of this month or the last."""
    yield from check(settings, settings.place)


KIND = Kind(
    "aws-export",
    "AWS Data Exports: CUR 2.0 or FOCUS, from S3 or a copy of the bucket",
    open_export,
    settings=ExportSettings,
    suffixes=(*SUFFIXES, ".json"),
    choose=counting,
    offers=export_offers,
    check=check_export,
    trailing_months=6,  # a manifest costs one small request; AWS still refunds and credits months that are long over
    cadence_minutes=360,
)
