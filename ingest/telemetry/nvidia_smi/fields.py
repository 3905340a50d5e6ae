"""Fields of `nvidia-smi --query-gpu`: the names that a measure has had, its unit, and what stands where it has none.

Source: `nvidia-smi --help-query-gpu` of drivers 470 to 595.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.domain.gpu.sample import SampleColumn
from ingest.telemetry.sample_writer import BY_NAME
from ingest.telemetry.unreadable import UnreadableRowError

TIME, BOARD = "timestamp", "uuid"
# Measures by their field, the better name of one first. Drivers from 530 on say whether power is an average.
MEASURES: Mapping[str, tuple[str, ...]] = {
    "gpu_util_percent": ("utilization.gpu",),
    "fb_used_mib": ("memory.used",),
    "fb_total_mib": ("memory.total",),
    "power_watts": ("power.draw.average", "power.draw", "power.draw.instant"),
}
TEXTS: Mapping[str, tuple[str, ...]] = {
    "gpu_uuid": (BOARD,),
    "model": ("name",),
    "hostname": ("hostname",),
}
_MEASURED = frozenset(name for names in MEASURES.values() for name in names)
_UNITS = {"gpu_util_percent": "%", "fb_used_mib": "MiB", "fb_total_mib": "MiB", "power_watts": "W"}
_TITLE = re.compile(r"(?P<field>[A-Za-z][\w.]*)\s*(?:\[(?P<unit>[^\]]*)\])?$")
_VALUE = re.compile(r"(?P<number>[-+]?\d+(?:\.\d+)?)\s*(?P<unit>\D*)$")
_NONE = re.compile(r"\[.*\]$|N/A$|ERR!$|$")  # [N/A], [Not Supported], [Requested functionality has been deprecated]


@dataclass(frozen=True)
class Title:
    """A column's field, and the unit that its values are in, where the header says so."""

    field: str
    unit: str | None


def titles(line: str) -> tuple[Title, ...] | None:
    """The columns of a table of boards; None where a line is no header, or one of processes or memory pages."""
    if BOARD not in line:
        return None
    found = [_TITLE.match(cell.strip()) for cell in line.split(",")]
    named = tuple(Title(each["field"], each["unit"]) for each in found if each)
    fields = {each.field for each in named}
    return named if len(named) == len(found) and BOARD in fields and _MEASURED & fields else None


def positions(header: Sequence[Title], names: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[int, ...]]:
    """Where each column of samples can stand in a row, the better place first."""
    places = {title.field: number for number, title in reversed(list(enumerate(header)))}
    return {column: tuple(places[name] for name in known if name in places) for column, known in names.items()}


def text(cell: str) -> str | None:
    """What a cell says; None where it says that there is nothing."""
    return None if _NONE.match(cell) else cell


@lru_cache(maxsize=65_536)  # a log repeats itself
def number(cell: str, column: str, unit: str | None) -> float | None:
    """The number in a cell, in the unit of `column`; None where there is none. Raises UnreadableRowError.

    `unit` is the header's; with `nounits`, cells have none.
    """
    if text(cell) is None:
        return None
    found = _VALUE.match(cell)
    if not found:
        raise UnreadableRowError(f"{column} '{cell}' is no number")
    said = found["unit"].strip() or unit
    if said and said != _UNITS[column]:
        raise UnreadableRowError(f"{column} '{cell}' is in {said}, not in {_UNITS[column]}")
    return _within(float(found["number"]), BY_NAME[column], cell)


def _within(value: float, column: SampleColumn, cell: str) -> float:
    assert column.least is not None
    assert column.most is not None
    if not column.least <= value <= column.most:
        raise UnreadableRowError(f"{column.name} '{cell}' is outside of {column.least:g} to {column.most:g}")
    return value
