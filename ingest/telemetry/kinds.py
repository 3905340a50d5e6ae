"""The kinds of telemetry there are. A kind's module is imported when the kind is first used."""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from app.errors import BadInput

if TYPE_CHECKING:  # Ibis takes a second to import, and a command that reads no telemetry needs none
    from ingest.telemetry.kind import TelemetryKind

_MODULES = {
    "samples": "ingest.telemetry.samples.kind",
    "dcgm": "ingest.telemetry.dcgm.kind",
    "nvidia-smi": "ingest.telemetry.nvidia_smi.kind",
    "prometheus": "ingest.telemetry.prometheus.kind",
    "cloudwatch": "ingest.telemetry.cloudwatch.kind",
    "sacct": "ingest.telemetry.slurm.sacct_kind",
    "sinfo": "ingest.telemetry.slurm.sinfo_kind",
    "jobs": "ingest.telemetry.inventory.jobs_kind",
    "nodes": "ingest.telemetry.inventory.nodes_kind",
}
TELEMETRY_KINDS = tuple(_MODULES)


@cache
def telemetry_kind(name: str) -> "TelemetryKind":
    """The kind of telemetry called `name`. Raises BadInput when there is none."""
    if name not in _MODULES:
        raise BadInput(f"There is no kind of telemetry called '{name}'. Choose from {', '.join(TELEMETRY_KINDS)}.")
    found: TelemetryKind = import_module(_MODULES[name]).KIND
    return found
