"""Answers as DuckDB tables: what each series said by hour and minute, each board's counter, and what pods are.

pulled_hour      series, hour_number, metric, measure, stat, value      averages, greatest values and counts
pulled_minute    series, hour_number, measure, seen, is_on              sets of minutes
pulled_board     gpu_uuid, hour_number, stat, minute, value             contradictions and fatal errors
pulled_counter   gpu_uuid, moment, value                                the energy counter, in mJ
pulled_pod       stat, namespace, pod, day_number, name, kind           team, controller or node of a pod on a day
pulled_series    SERIES_SCHEMA
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from ibis.backends.duckdb import Backend

from ingest.telemetry.dcgm.labels import place
from ingest.telemetry.dcgm.metrics import metric_of, within
from ingest.telemetry.kind import TelemetryOpening
from ingest.telemetry.prometheus.pulled import Kept, Pull, read_pull
from ingest.telemetry.prometheus.queries import HOUR, MINUTE
from ingest.telemetry.prometheus.questions import DAY, Stat, column_of
from ingest.telemetry.prometheus.series import SeriesTable, factor
from ingest.telemetry.unreadable import UnreadableRowError

_TABLES = {
    "pulled_hour": "series INTEGER, hour_number BIGINT, metric VARCHAR, measure VARCHAR, stat VARCHAR, value DOUBLE",
    "pulled_minute": "series INTEGER, hour_number BIGINT, measure VARCHAR, seen BIGINT, is_on BIGINT",
    "pulled_board": "gpu_uuid VARCHAR, hour_number BIGINT, stat VARCHAR, minute INTEGER, value DOUBLE",
    "pulled_counter": "gpu_uuid VARCHAR, moment BIGINT, value DOUBLE",
    "pulled_pod": "stat VARCHAR, namespace VARCHAR, pod VARCHAR, day_number BIGINT, name VARCHAR, kind VARCHAR",
}
_HOURLY = frozenset({Stat.AVERAGE, Stat.MAXIMUM, Stat.COUNT})
_OF_PODS = frozenset({Stat.TEAM, Stat.CONTROLLER, Stat.NODE})
_START_OF_MINUTE = f"(moment - {MINUTE})"


@dataclass(frozen=True)
class _Points:
    """The points of an answer, as columns: which series, when, and what in our unit."""

    keys: "pa.Array[Any]"
    at: "pa.Array[Any]"
    values: "pa.Array[Any]"


def read_answers(opening: TelemetryOpening) -> Pull:
    """Makes the tables of a pull's answers. A value that cannot be meant is refused, with its file and series.

    Raises BadInput when a file is missing or damaged.
    """
    told, answers = read_pull(opening.files)
    backend = opening.backend
    for name, columns in _TABLES.items():
        backend.raw_sql(f"CREATE OR REPLACE TABLE {name} ({columns})")
    series = SeriesTable(told.node_label)
    for kept, found in answers:
        if kept.stat in _OF_PODS:
            _add_pods(backend, kept, found, told.team_label)
        else:
            _add_points(opening, kept, found, series)
        opening.progress("read", 1)
    _insert(backend, "CREATE OR REPLACE TABLE pulled_series AS SELECT * FROM answer", series.table())
    return told


def _add_points(opening: TelemetryOpening, kept: Kept, found: list[dict[str, Any]], series: SeriesTable) -> None:
    by_series = kept.stat in _HOURLY or kept.stat is Stat.MINUTE
    parts: list[_Points] = []
    for number, each in enumerate(found, start=1):
        try:
            key = series.number(each["metric"]) if by_series else place(each["metric"]).gpu_uuid
        except UnreadableRowError as error:
            opening.refuse(kept.file, number, f"{error}")
            continue
        parts.append(_points(opening, kept, number, each, key))
    names = ["series" if by_series else "gpu_uuid", "moment", "value"]
    columns = (
        [pa.chunked_array([getattr(part, name) for part in parts]) for name in ("keys", "at", "values")]
        if parts
        else None
    )
    if columns:
        _insert(opening.backend, _into(kept), pa.table(columns, names=names))


def _points(opening: TelemetryOpening, kept: Kept, number: int, each: dict[str, Any], key: int | str) -> _Points:
    at = np.array([moment for moment, _ in each["values"]], dtype=np.int64)
    values = np.array([value for _, value in each["values"]], dtype=np.float64)
    good = np.isfinite(values)
    if kept.stat is not Stat.COUNT:
        values = values * factor(kept.metric, each["metric"])
        strange = _mend(kept.metric, values, good)
        if strange:
            opening.refuse(
                kept.file, number, f"{strange} values of {kept.metric} cannot be meant, DCGM's blanks perhaps"
            )
    values, at = values[good], at[good]
    keys = pa.array([key] * len(values), pa.int32() if isinstance(key, int) else pa.string())
    return _Points(keys, pa.array(at), pa.array(values))


def _mend(
    metric: str, values: "np.ndarray[Any, np.dtype[np.float64]]", good: "np.ndarray[Any, np.dtype[np.bool_]]"
) -> int:
    """Brings values down to what can be meant, marks others as not good, and says how many there were of those."""
    found = metric_of(metric)
    assert found
    measure = found[0]
    column = measure.sample_column
    least, most = column.least or 0.0, np.inf if column.most is None else column.most
    refused = 0
    for index in np.flatnonzero(good & ((values < least) | (values > most))):
        meant = within(measure, float(values[index]))
        good[index] = meant is not None
        refused += meant is None
        values[index] = values[index] if meant is None else meant
    return refused


def _into(kept: Kept) -> str:
    """The statement that takes an answer in."""
    measure = column_of(kept.metric)
    hour, minute = f"{_START_OF_MINUTE} // {HOUR}", f"{_START_OF_MINUTE} // {MINUTE} % 60"
    if kept.stat is Stat.COUNTER:
        return "INSERT INTO pulled_counter SELECT gpu_uuid, moment, value FROM answer"
    if kept.stat is Stat.MINUTE:
        return (
            f"INSERT INTO pulled_minute SELECT series, {hour}, '{measure}', bit_or(1::BIGINT << ({minute})),"
            f" bit_or(CASE WHEN value > 0 THEN 1::BIGINT << ({minute}) ELSE 0 END) FROM answer GROUP BY ALL"
        )
    if kept.stat in _HOURLY:
        return (
            f"INSERT INTO pulled_hour SELECT series, moment // {HOUR} - 1, '{kept.metric}', '{measure}', '{kept.stat}',"
            " value FROM answer"
        )
    return f"INSERT INTO pulled_board SELECT gpu_uuid, {hour}, '{kept.stat}', {minute}, value FROM answer"


def _add_pods(backend: Backend, kept: Kept, found: list[dict[str, Any]], team_label: str) -> None:
    rows = list(_pods(kept, found, team_label))
    if rows:
        names = ("stat", "namespace", "pod", "day_number", "name", "kind")
        table = pa.table({name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)})
        _insert(backend, "INSERT INTO pulled_pod SELECT * FROM answer", table)


def _pods(
    kept: Kept, found: Iterable[dict[str, Any]], team_label: str
) -> Iterator[tuple[str, str, str, int, str, str]]:
    names = {Stat.TEAM: team_label, Stat.CONTROLLER: "owner_name", Stat.NODE: "node"}
    for each in found:
        labels = each["metric"]
        namespace = labels.get("exported_namespace") or labels.get("namespace", "")
        pod = labels.get("exported_pod") or labels.get("pod", "")
        name, kind = labels.get(names[kept.stat], ""), labels.get("owner_kind", "")
        for moment, _ in each["values"]:
            yield kept.stat, namespace, pod, int(moment) // DAY - 1, name, kind


def _insert(backend: Backend, statement: str, answer: pa.Table) -> None:
    backend.con.register("answer", answer)
    try:
        backend.raw_sql(statement)
    finally:
        backend.con.unregister("answer")
