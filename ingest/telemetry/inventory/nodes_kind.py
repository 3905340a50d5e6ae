"""The kind `nodes`: nodes and the boards they have."""

from collections.abc import Iterable, Iterator

from app.domain.gpu.node import NodeInventory
from ingest.files import SourceFile
from ingest.telemetry.inventory.nodes import csv_nodes
from ingest.telemetry.kind import TelemetryOpening
from ingest.telemetry.records import CSV, Refuse, kind_of_records


def _read(lines: Iterable[str], file: SourceFile, refuse: Refuse, _: TelemetryOpening) -> Iterator[NodeInventory]:
    return csv_nodes(lines, file.name, refuse)


KIND = kind_of_records("nodes", "nodes and the GPU boards they have, as CSV", CSV, _read)
