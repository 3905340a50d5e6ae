"""The series of all answers, each once: its board, and whose workload it was by its labels."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import pyarrow as pa

from app.domain.gpu.hour import Owner
from ingest.telemetry.dcgm.labels import Place, exporter_pods, owner, place
from ingest.telemetry.dcgm.metrics import DRIVER_LABEL_OF_DCGM_4_7, GPU_UTIL_RATIO_BY_VERSION, metric_of
from ingest.telemetry.hour_columns import OWNER_COLUMNS

Labels = Mapping[str, str]
_HOSTS = frozenset({"Hostname", "hostname", "instance"})  # labels that may name the exporter's pod, not the node
# `exporter_pod` may tell the node, where no label does.
_TEXTS = ("gpu_uuid", "mig_profile", "hostname", "model", "exporter_pod", *OWNER_COLUMNS)
_TYPES: dict[str, pa.DataType] = {"series": pa.int32(), "gpu_instance_id": pa.int16()}
SERIES_SCHEMA = pa.schema(_TYPES | dict.fromkeys(_TEXTS, pa.string()))


@dataclass
class SeriesTable:
    """Numbers for sets of labels, and what these say. The metric's name is no label."""

    node_label: str | None
    _numbers: dict[frozenset[tuple[str, str]], int] = field(default_factory=dict)
    _places: list[Place] = field(default_factory=list)
    _labels: list[Labels] = field(default_factory=list)

    def number(self, labels: Labels) -> int:
        """The number of the series with these labels. Raises UnreadableRowError where no board is named."""
        said = {name: value for name, value in labels.items() if value and name != "__name__"}  # "" is absent
        key = frozenset(said.items())
        if key not in self._numbers:
            self._places.append(place(said, node_label=self.node_label))
            self._labels.append(said)
            self._numbers[key] = len(self._numbers)
        return self._numbers[key]

    def table(self) -> pa.Table:
        """Every series; once all are numbered, since one tells of another which pod is an exporter's."""
        exporters = exporter_pods(self._labels)
        rows = [
            {
                "series": number,
                **asdict(where),
                "exporter_pod": self._exporter_pod(labels),
                **asdict(owner(labels, exporters) or Owner()),
            }
            for number, (where, labels) in enumerate(zip(self._places, self._labels, strict=True))
        ]
        return pa.Table.from_pylist(rows, schema=SERIES_SCHEMA)

    def _exporter_pod(self, labels: Labels) -> str | None:
        named = {name: value for name, value in labels.items() if name not in _HOSTS}
        if place(named, node_label=self.node_label).hostname:
            return None
        own = labels.get("pod") if "exported_pod" in labels else None
        return own or labels.get("Hostname") or labels.get("hostname")


def factor(metric: str, labels: Labels) -> float:
    """What brings a metric of a series to our unit."""
    if metric == GPU_UTIL_RATIO_BY_VERSION and labels.get(DRIVER_LABEL_OF_DCGM_4_7):
        return 100.0
    found = metric_of(metric)
    assert found, f"{metric} is not asked for"
    return found[1]
