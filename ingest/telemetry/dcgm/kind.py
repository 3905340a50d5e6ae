"""dcgm-exporter: its pages, pasted, scraped or backfilled, as samples."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
from pydantic import Field

from app.errors import BadInput
from ingest.telemetry.dcgm.page import POINT_SCHEMA, Pages
from ingest.telemetry.dcgm.samples import write_samples_of
from ingest.telemetry.dcgm.scrape import scrape
from ingest.telemetry.kind import TelemetryKind, TelemetryOpening, TelemetrySettings

_SUFFIXES = (".prom", ".txt", ".om", ".metrics")


class DcgmSettings(TelemetrySettings):
    """Where exporters are, for those that are scraped by us."""

    urls: tuple[str, ...] = Field((), description="the exporters, such as http://node-1:9400/metrics")

    @property
    def points_somewhere(self) -> bool:
        """Whether there are exporters to ask."""
        return bool(self.urls)


def read_pages(opening: TelemetryOpening) -> Iterator[Path]:
    """The samples of all pages of a delivery. Raises BadInput when there is none in them."""
    points, target = opening.scratch / "dcgm_points.parquet", opening.scratch / "dcgm_samples.parquet"
    with pq.ParquetWriter(points, POINT_SCHEMA) as writer:
        pages = Pages(opening, writer)
        for file in opening.files:
            pages.read(file)
    if not pages.series:
        raise BadInput(
            f"{opening.files[0].name} has no metric of a GPU board (DCGM_FI_…) that can be read. "
            "Hand over what dcgm-exporter answers at /metrics."
        )
    write_samples_of(opening.backend, pages.series, points, target)
    points.unlink()
    yield target


KIND = TelemetryKind(
    "dcgm",
    "dcgm-exporter: metrics pages (.prom, .txt, OpenMetrics), pasted, saved or scraped",
    read_pages,
    suffixes=(*_SUFFIXES, *(f"{suffix}.gz" for suffix in _SUFFIXES)),
    settings=DcgmSettings,
    fetch=lambda settings, folder, progress, clock: scrape(settings.urls, folder, progress, clock),
    cadence_minutes=1,
)
