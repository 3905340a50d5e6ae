"""The boards that the CloudWatch agent tells of, by ListMetrics.

The agent names a board by its index in the machine (dimensions `index`, `name`, `arch`, `host`, and what
`append_dimensions` adds, `InstanceId` above all); it knows no UUID. An instance and an index are as good a key, because
an instance keeps its boards for as long as it runs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from ingest.aws.refusals import asking

# The agent's metrics (Amazon CloudWatch user guide, "Collect NVIDIA GPU metrics") by the column of samples that they
# are; the units are nvidia-smi's, whatever unit the agent was told to write beside them. `utilization_memory` is none:
# it is the time in which memory is read or written at all, not the share of cycles.
METRICS: Mapping[str, str] = {
    "nvidia_smi_utilization_gpu": "gpu_util_percent",
    "nvidia_smi_memory_used": "fb_used_mib",
    "nvidia_smi_memory_total": "fb_total_mib",
    "nvidia_smi_power_draw": "power_watts",
}


@dataclass(frozen=True)
class Series:
    """A metric with all its dimensions."""

    metric: str
    dimensions: Mapping[str, str]

    @property
    def machine(self) -> str | None:
        """The instance; the host where the agent runs elsewhere, or was not told to add the instance."""
        return self.dimensions.get("InstanceId") or self.dimensions.get("host")

    @classmethod
    def of(cls, listed: Mapping[str, Any]) -> Self:
        """A metric as ListMetrics lists it."""
        return cls(listed["MetricName"], {each["Name"]: each["Value"] for each in listed["Dimensions"]})


@dataclass(frozen=True)
class Board:
    """A board and its series, those with the most dimensions last: where two tell the same minute, the last is right.

    A metric comes twice where the agent also writes it for fewer dimensions (`aggregation_dimensions`), or where a
    dimension changed while the machine was there.
    """

    gpu_uuid: str  # no UUID, but stable: InstanceId/index
    hostname: str
    model: str | None
    series: tuple[Series, ...]


def boards(client: Any, namespace: str, *, recent: bool) -> list[Board]:
    """The boards with metrics of the last three hours (`recent`), else of two weeks: CloudWatch lists no others.

    Raises Denied without the permission cloudwatch:ListMetrics, and what `ingest.aws.refusals.asking` raises.
    """
    found: dict[tuple[str, str], list[Series]] = {}
    for series in _listed(client, namespace, recent=recent):
        index = series.dimensions.get("index")
        if series.machine and index:  # without an index it is a sum over boards
            found.setdefault((series.machine, index), []).append(series)
    return [_board(machine, index, series) for (machine, index), series in sorted(found.items())]


def _listed(client: Any, namespace: str, *, recent: bool) -> Iterator[Series]:
    lately = {"RecentlyActive": "PT3H"} if recent else {}
    for metric in METRICS:
        with asking(f"CloudWatch in {client.meta.region_name}"):
            pages = client.get_paginator("list_metrics").paginate(Namespace=namespace, MetricName=metric, **lately)
            for page in pages:
                yield from map(Series.of, page["Metrics"])


def _board(machine: str, index: str, series: list[Series]) -> Board:
    ordered = sorted(series, key=lambda each: (len(each.dimensions), sorted(each.dimensions.items()), each.metric))
    models = [each.dimensions["name"] for each in ordered if each.dimensions.get("name")]
    return Board(f"{machine}/{index}", machine, models[-1] if models else None, tuple(ordered))
