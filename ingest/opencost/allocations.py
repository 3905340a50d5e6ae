"""OpenCost's allocations, from the answers of its API and from its CSV export, as rows of text.

Sources: OpenCost, core/pkg/opencost/allocation_json.go (the API rounds to five decimals; NaN is null),
allocationprops.go (properties) and pkg/costmodel/csv_export.go (columns of the CSV export).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any

from app.domain.money import plain
from app.errors import BadInput
from ingest.files import SourceFile

PROPERTIES = {
    "cluster": "cluster",
    "node": "node",
    "namespace": "namespace",
    "controllerKind": "controller_kind",
    "controller": "controller",
    "pod": "pod",
    "container": "container",
}
DIMENSIONS = (*PROPERTIES.values(), "allocation")
MEASURES = ("cost", "cpu_core_hours", "gpu_hours", "ram_gib_hours")
CSV_COLUMNS = {
    "Namespace": "namespace",
    "ControllerKind": "controller_kind",
    "ControllerName": "controller",
    "Pod": "pod",
    "Container": "container",
}
_SPECIAL = re.compile(r"__(idle|unmounted|unallocated)__")
_GIB = Decimal(1 << 30)
# Kept to the nearest billionth, about one byte-hour: the only place that rounds, and a quantity, never money.
_GIB_HOURS = Decimal("1E-9")
_QUANTITY = Context(prec=60, rounding=ROUND_HALF_EVEN)
Row = dict[str, str | None]


def columns(labels: Sequence[str]) -> tuple[str, ...]:
    """The columns of a row."""
    return ("day", *DIMENSIONS, *(f"label_{label}" for label in labels), *MEASURES)


def rows_of_answer(raw: bytes, file: SourceFile, labels: Sequence[str]) -> Iterator[Row]:
    """The allocations in an answer of the API. Raises BadInput when it is none, or sums more than a day."""
    try:
        answer = json.loads(raw, parse_float=str, parse_int=str)
        sets = answer["data"] if isinstance(answer, dict) else answer
        if isinstance(sets, dict):  # Kubecost wraps them once more
            sets = [each["allocations"] for each in sets["sets"]]
        for each in sets:
            for name, allocation in (each or {}).items():
                yield _row(name, allocation, file, labels)
    except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation) as error:
        raise BadInput(
            f"{file.name} is no answer of OpenCost's allocation API ({error!r}). Save what"
            " /allocation/compute?window=…&step=1d&aggregate=… answers."
        ) from error


def rows_of_export(rows: Iterator[Mapping[str, str | None]], labels: Sequence[str]) -> Iterator[Row]:
    """The rows of OpenCost's CSV export. It tells costs and no hours."""
    for row in rows:
        named = {ours: row.get(theirs) for theirs, ours in CSV_COLUMNS.items()}
        told = _flat(row.get("Labels"))
        marks = {f"label_{label}": told.get(label) for label in labels}
        yield {"day": row.get("Date"), **named, **marks, "cost": row.get("TotalCost")}


def _row(name: str, allocation: Mapping[str, Any], file: SourceFile, labels: Sequence[str]) -> Row:
    properties = allocation.get("properties") or {}
    told = properties.get("labels") or {}
    special = _SPECIAL.search(name)
    return {
        "day": str(_day(name, allocation, file)),
        **{ours: properties.get(theirs) or None for theirs, ours in PROPERTIES.items()},
        "allocation": special[0] if special else None,
        **{f"label_{label}": told.get(label) for label in labels},
        "cost": allocation.get("totalCost"),
        "cpu_core_hours": allocation.get("cpuCoreHours"),
        "gpu_hours": allocation.get("gpuHours"),
        "ram_gib_hours": _gib(allocation.get("ramByteHours")),
    }


def _day(name: str, allocation: Mapping[str, Any], file: SourceFile) -> date:
    """The UTC day an allocation belongs to: that of its window, of which it may have used a part."""
    window = allocation.get("window") or {}
    start = _instant(window.get("start") or allocation["start"])
    end = _instant(window.get("end") or allocation["end"])
    if start.date() != (end - timedelta(microseconds=1)).date():
        raise BadInput(
            f"{file.name}: {name} sums {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}, more than one UTC day. Ask for"
            " days: step=1d, accumulate=false, and a window that starts at midnight UTC."
        )
    return start.date()


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _gib(byte_hours: str | None) -> str | None:
    if byte_hours is None:
        return None
    return plain(_QUANTITY.quantize(_QUANTITY.divide(Decimal(byte_hours), _GIB), _GIB_HOURS))


def _flat(text: str | None) -> Mapping[str, str]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
