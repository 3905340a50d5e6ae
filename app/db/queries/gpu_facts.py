"""Telemetry as it was measured: hourly facts, averaged by board, node, model, team or workload.

Averages weigh a fact by the minutes that were observed, so a fact of three minutes counts a twentieth of a full one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Protocol

from sqlalchemy import BigInteger, ColumnElement, DateTime, Integer, Select, Subquery, Text, cast, func, null, select
from sqlalchemy.dialects.postgresql import ARRAY, BIT, array
from sqlalchemy.orm import Session

from app.db.queries.conditions import keeps
from app.db.queries.gpu_dimensions import of_facts, with_names
from app.db.queries.gpu_teams import posted_teams, seen
from app.db.queries.question import TEAM, Condition
from app.db.tables.gpu import GpuBoard, GpuHourFact
from app.domain.gpu.hour import ActivitySource

AVERAGED = ("activity", "gpu_util", "tensor_active", "dram_active", "fb_used_mib", "power_watts")
_LARGEST = ("activity_max", "fb_used_mib_max", "fb_total_mib", "source")
_SECONDS_AN_HOUR = 3600


class FactsAsked(Protocol):
    """A question about telemetry of the UTC days from `start` up to, not including, `end`."""

    @property
    def start(self) -> date: ...
    @property
    def end(self) -> date: ...
    @property
    def granularity(self) -> str: ...
    @property
    def group_by(self) -> Sequence[str]: ...
    @property
    def filters(self) -> Sequence[Condition]: ...


@dataclass(frozen=True)
class FactSum:
    """What telemetry says of a bucket and a combination of dimensions; what was not measured is None."""

    period_start: datetime | None
    keys: tuple[str | None, ...]
    boards: int
    observed_minutes: int  # of each board once, however many owners or MIG instances it had
    expected_minutes: int  # from each board's first hour in the bucket to its last
    active_minutes: int
    suspect_minutes: int
    energy_mj: float | None
    activity_avg: float | None
    gpu_util_avg: float | None
    tensor_active_avg: float | None
    dram_active_avg: float | None
    fb_used_mib_avg: float | None
    power_watts_avg: float | None
    activity_max: float | None
    fb_used_mib_max: float | None
    fb_total_mib: float | None  # of the largest board
    activity_source: str | None  # the poorest, where there are several


def fact_sums(
    session: Session, asked: FactsAsked, *, visible: frozenset[str] | None, limit: int | None = None
) -> list[FactSum]:
    """The facts that answer `asked`, as far as their teams are `visible`, by bucket and dimensions."""
    boards = _boards(_board_hours(asked, visible))
    keys = [column for column in boards.c if column.name.startswith("key")]
    minutes = [cast(func.sum(boards.c[name]), BigInteger) for name in ("observed", "expected", "active", "suspect")]
    averages = [func.sum(boards.c[f"{name}_sum"]) / func.sum(boards.c[f"{name}_weight"]) for name in AVERAGED]
    statement = (
        select(boards.c.bucket, *keys, func.count(boards.c.board_id.distinct()), *minutes)
        .add_columns(func.sum(boards.c.energy_mj), *averages, *(func.max(boards.c[name]) for name in _LARGEST))
        .group_by(boards.c.bucket, *keys)
        .order_by(boards.c.bucket.nulls_first(), *(key.collate("C").nulls_last() for key in keys))
        .limit(limit)
    )
    return [_sum(row, len(keys)) for row in session.execute(statement)]


def popcount(minutes: ColumnElement[Any]) -> ColumnElement[int]:
    """How many minutes are in a set of them."""
    return cast(func.bit_count(cast(minutes, BIT(64))), Integer)  # of integers, PostgreSQL sums fast


def midnight(day: date) -> datetime:
    """The first moment of a UTC day."""
    return datetime.combine(day, time(), UTC)


def _sum(row: Sequence[Any], keys: int) -> FactSum:
    bucket, *rest = row
    rest[-1] = list(ActivitySource)[rest[-1] - 1] if rest[-1] else None
    return FactSum(bucket, tuple(rest[:keys]), *rest[keys:])


def _board_hours(asked: FactsAsked, visible: frozenset[str] | None) -> Subquery:
    """One row for each bucket, combination of dimensions, board and hour."""
    teams = posted_teams(asked.start, asked.end)
    known = of_facts(teams.c.team_id)
    keys = [known[name].label(f"key{index}") for index, name in enumerate(asked.group_by)]
    names = {*asked.group_by, *(each.dimension for each in asked.filters)}
    weight = popcount(GpuHourFact.observed.expression)
    bucket = _bucket(asked.granularity).label("bucket")
    statement: Select[Any] = (
        select(bucket, *keys, GpuHourFact.board_id, GpuHourFact.hour, *_measured(weight))
        .where(GpuHourFact.hour >= midnight(asked.start), GpuHourFact.hour < midnight(asked.end))
        .where(*(keeps(each, known[each.dimension]) for each in asked.filters), seen(teams, visible))
        .group_by(bucket, *keys, GpuHourFact.board_id, GpuHourFact.hour)
    )
    statement = with_names(statement, GpuHourFact, names - {"board", "model"})
    statement = statement.outerjoin(GpuBoard, GpuBoard.id == GpuHourFact.board_id)  # its memory, whatever is asked
    if TEAM in names or visible is not None:
        statement = teams.joined(statement)
    return statement.subquery()


def _measured(weight: ColumnElement[int]) -> list[ColumnElement[Any]]:
    facts = GpuHourFact.__table__.c
    sources = cast(array([str(source) for source in ActivitySource]), ARRAY(Text))
    columns: list[ColumnElement[Any]] = [
        func.bit_or(facts.observed).label("observed"),
        func.bit_or(facts.active).label("active"),
        func.bit_or(facts.suspect).label("suspect"),
        func.sum(facts.energy_mj).label("energy_mj"),
        func.max(facts.activity_max).label("activity_max"),
        func.max(facts.fb_used_mib_max).label("fb_used_mib_max"),
        func.max(GpuBoard.fb_total_mib).label("fb_total_mib"),
        func.max(func.array_position(sources, facts.activity_source)).label("source"),
    ]
    for name in AVERAGED:
        average = facts[f"{name}_avg"]
        columns.append(func.sum(average * weight).label(f"{name}_sum"))
        columns.append(func.nullif(func.sum(weight).filter(average.is_not(None)), 0).label(f"{name}_weight"))
    return columns


def _boards(hours: Subquery) -> Subquery:
    """One row for each bucket, combination of dimensions and board."""
    groups = [column for column in hours.c if column.name == "bucket" or column.name.startswith("key")]
    seconds = func.extract("epoch", func.max(hours.c.hour) - func.min(hours.c.hour))
    summed = [f"{name}_{part}" for name in AVERAGED for part in ("sum", "weight")]
    statement: Select[Any] = select(
        *groups,
        hours.c.board_id,
        func.sum(popcount(hours.c.observed)).label("observed"),
        func.sum(popcount(hours.c.active)).label("active"),
        func.sum(popcount(hours.c.suspect)).label("suspect"),
        ((seconds / _SECONDS_AN_HOUR + 1) * 60).label("expected"),
        *(func.sum(hours.c[name]).label(name) for name in ("energy_mj", *summed)),
        *(func.max(hours.c[name]).label(name) for name in _LARGEST),
    )
    return statement.group_by(*groups, hours.c.board_id).subquery()


def _bucket(granularity: str) -> ColumnElement[Any]:
    if granularity == "hour":
        return GpuHourFact.hour.expression
    if granularity == "day":
        return func.date_trunc("day", GpuHourFact.hour, "UTC", type_=DateTime(timezone=True))
    return cast(null(), DateTime(timezone=True))
