"""What an OpenCost source can be told."""

from typing import ClassVar

from pydantic import Field

from ingest.kind import SourceSettings

AGGREGATE = ("cluster", "node", "namespace", "controllerKind", "controller", "pod")


class OpenCostSettings(SourceSettings):
    """Where OpenCost is and what it shall sum by. A key, where a proxy wants one, is OPENCOST_API_KEY."""

    fetched_from: ClassVar[str | None] = "base_url"

    base_url: str | None = Field(None, description="the address of OpenCost, such as http://opencost.opencost:9003")
    api_path: str = Field("/allocation/compute", description="its allocation API; Kubecost has /model/allocation")
    aggregate: tuple[str, ...] = Field(AGGREGATE, description="what it sums by; also label:NAME")
    labels: tuple[str, ...] = Field(
        ("team", "project", "app", "owner"), description="the labels to keep as dimensions, as Prometheus spells them"
    )
    include_idle: bool = Field(default=True, description="also ask for what no workload asked for (__idle__)")
    currency: str = Field("USD", pattern="^[A-Z]{3}$", description="what OpenCost's prices are in")
