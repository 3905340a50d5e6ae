"""Cells of a table of samples: how each column is read in DuckDB, and what keeps a cell from being used.

Times are ISO 8601 with a zone, or seconds, milliseconds, microseconds or nanoseconds after the first of 1970.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.domain.gpu.sample import EARLIEST, LATEST, REQUIRED, SAMPLE_COLUMNS, SampleColumn
from ingest.engine.duckdb import identifier, quoted
from ingest.telemetry.sample_writer import BY_NAME

_RATIO = "0-1"
SHOWN = 40  # characters of a cell that a refusal repeats
_ISO = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.]\d+)?)?"
_ZONE = r"\s?(Z|z|[+-]\d\d(:?\d\d)?)$"
_NUMBER = r"^\d+([.]\d*)?$"
# An epoch is in seconds to the year 5138, in milliseconds from 1973; each unit is a thousand times the one before.
_MICROSECONDS_IN = ((1e17, "/ 1000"), (1e14, ""), (1e11, "* 1000"), (0, "* 1000000"))


@dataclass(frozen=True)
class Cell:
    """How a column is read: SQL of its value, and SQL of what is wrong with it, NULL where nothing is."""

    name: str
    value: str
    wrong: str
    text: str  # SQL of the cell as it stands there

    @property
    def usable(self) -> str | None:
        """SQL of whether a row can be used with it; None for a cell that can be left empty.

        An instance that cannot be read may be any; without one, the row would be of the whole board.
        """
        if self.name in REQUIRED:
            return f"({self.value}) IS NOT NULL"
        return f"({self.wrong}) IS NULL" if self.name == "gpu_instance_id" else None


def cells(columns: Mapping[str, str], timezone: str | None) -> Iterator[Cell]:
    """How the columns of samples are read from a table's own `columns` (their DuckDB types by name)."""
    for column in SAMPLE_COLUMNS:
        header = next((each for each in columns if each.strip().casefold() == column.name), None)
        if header is not None:
            yield _cell(column, identifier(header), columns[header], timezone)


def unknown(columns: Mapping[str, str]) -> list[str]:
    """The table's columns that samples do not have."""
    return [each for each in columns if each.strip().casefold() not in BY_NAME]


def _cell(column: SampleColumn, header: str, found: str, timezone: str | None) -> Cell:
    text = f"trim(CAST({header} AS VARCHAR))"
    if column.type == "TIMESTAMPTZ":
        value, wrong = _in_time(*_moment(header, text, found, timezone))
    elif column.type == "VARCHAR":
        value, wrong = f"nullif({text}, '')", "NULL"
    else:
        value, wrong = _number(column, text)
    empty = f"coalesce({text}, '') = ''"
    missing = "" if column.name not in REQUIRED else f"WHEN {empty} THEN 'is empty' "
    return Cell(column.name, value, f"CASE {missing}WHEN {empty} THEN NULL ELSE {wrong} END", text)


def _number(column: SampleColumn, text: str) -> tuple[str, str]:
    """A number within the limits of its column; whole where the column is. NaN says that there is none."""
    number = f"TRY_CAST({text} AS DOUBLE)"
    whole = column.type != "DOUBLE"
    fits = f"{number} BETWEEN {column.least} AND {column.most}" + (f" AND {number} % 1 = 0" if whole else "")
    unit = "" if column.unit in {"", _RATIO} else f" {column.unit}"
    limits = f"{column.least:g} to {column.most:g}{unit}"
    outside = quoted(f"is outside of {limits}{' in whole numbers' if whole else ''}")
    wrong = f"WHEN {number} IS NULL THEN 'is no number' WHEN isnan({number}) OR ({fits}) THEN NULL ELSE {outside}"
    return f"CASE WHEN {fits} THEN CAST({number} AS {column.type}) END", f"CASE {wrong} END"


def _in_time(value: str, wrong: str) -> tuple[str, str]:
    """A moment that a board can have been sampled at."""
    fits = f"({value}) >= '{EARLIEST}'::TIMESTAMPTZ AND ({value}) < '{LATEST}'::TIMESTAMPTZ"
    outside = quoted(f"is not between {EARLIEST:%Y} and {LATEST:%Y}")
    return f"CASE WHEN {fits} THEN {value} END", f"coalesce({wrong}, CASE WHEN NOT ({fits}) THEN {outside} END)"


def _moment(header: str, text: str, found: str, timezone: str | None) -> tuple[str, str]:
    if found.startswith("TIMESTAMP"):
        zoned = "ZONE" in found or "TZ" in found
        value = header if zoned else _local(header, timezone)
        return value, "NULL" if value != "NULL" else quoted(_NO_ZONE)
    epoch = f"TRY_CAST({text} AS DOUBLE)"
    micros = " ".join(f"WHEN {epoch} >= {least} THEN {epoch} {by}" for least, by in _MICROSECONDS_IN)
    value = (
        f"CASE WHEN regexp_matches({text}, '{_NUMBER}') THEN make_timestamptz(CAST(CASE {micros} END AS BIGINT))"
        f" WHEN regexp_matches({text}, '{_ISO}{_ZONE}') THEN TRY_CAST({_with_seconds(text)} AS TIMESTAMPTZ)"
        f" WHEN regexp_matches({text}, '{_ISO}$') THEN {_local(_with_seconds(text), timezone)} END"
    )
    naive = "" if timezone else f"WHEN regexp_matches({text}, '{_ISO}$') THEN {quoted(_NO_ZONE)} "
    return value, f"CASE {naive}WHEN ({value}) IS NULL THEN 'is no time such as 2026-03-02T10:00:00Z' END"


_NO_ZONE = "has no time zone; write 2026-03-02T10:00:00Z, or set `timezone`"


def _with_seconds(text: str) -> str:
    """A time to the minute is at its beginning; DuckDB reads none without seconds."""
    return f"regexp_replace({text}, '([T ]\\d\\d:\\d\\d)(\\s?[Zz+-]|$)', '\\1:00\\2')"


def _local(text: str, timezone: str | None) -> str:
    """A time without a zone as it is read in `timezone`; none where that is not said."""
    return f"TRY_CAST({text} AS TIMESTAMP) AT TIME ZONE {quoted(timezone)}" if timezone else "NULL"
