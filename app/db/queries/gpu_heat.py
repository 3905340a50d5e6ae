"""Boards × hours, binned by the database: a few thousand cells whatever the size of the cluster."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import BigInteger, Integer, Select, bindparam, cast, exists, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from app.db.queries.conditions import keeps
from app.db.queries.gpu_dimensions import of_facts, with_names
from app.db.queries.gpu_facts import popcount
from app.db.queries.gpu_teams import posted_teams, seen
from app.db.queries.question import TEAM, Condition
from app.db.tables.gpu import GpuBoard, GpuHourFact, GpuNode


class HeatAsked(Protocol):
    """A heat map's hours from `start` up to, not including, `end`."""

    @property
    def start(self) -> datetime: ...
    @property
    def end(self) -> datetime: ...
    @property
    def measure(self) -> str: ...
    @property
    def filters(self) -> Sequence[Condition]: ...


@dataclass(frozen=True)
class BoardPlace:
    """A board that has facts, and the node it was seen in last."""

    board_id: int
    gpu_uuid: str
    node: str | None


@dataclass(frozen=True)
class Cell:
    """What was measured in a row and a column of a heat map."""

    row: int
    column: int
    value: float | None
    observed_minutes: int


def boards_with_facts(session: Session, asked: HeatAsked, *, visible: frozenset[str] | None) -> list[BoardPlace]:
    """The boards that have facts in the hours asked for, by node and UUID."""
    node = aliased(GpuNode)
    facts = _within(select(GpuHourFact.board_id), asked, visible).where(GpuHourFact.board_id == GpuBoard.id)
    statement = (
        select(GpuBoard.id, GpuBoard.gpu_uuid, node.name)
        .outerjoin(node, node.id == GpuBoard.node_id)
        .where(exists(facts.correlate(GpuBoard)))
        .order_by(node.name.collate("C").nulls_last(), GpuBoard.gpu_uuid.collate("C"))
    )
    return [BoardPlace(*row) for row in session.execute(statement)]


def heat_cells(
    session: Session, asked: HeatAsked, rows: dict[int, int], *, hours: int, visible: frozenset[str] | None
) -> list[Cell]:
    """The measured cells: `rows` says which row a board is in, a column is `hours` long, counted from the start."""
    boards = bindparam("boards", list(rows), ARRAY(BigInteger))
    places = bindparam("places", list(rows.values()), ARRAY(Integer))
    placed = func.unnest(boards, places).table_valued("board_id", "place", name="placed").render_derived()
    seconds = func.extract("epoch", GpuHourFact.hour - asked.start)
    column = cast(func.floor(seconds / (hours * 3600)), Integer).label("at")
    weight = popcount(GpuHourFact.observed.expression)
    average = GpuHourFact.__table__.c[f"{asked.measure}_avg"]
    measured = func.nullif(func.sum(weight).filter(average.is_not(None)), 0)
    selected = select(placed.c.place, column, func.sum(average * weight) / measured, func.sum(weight))
    statement = (
        _within(selected.select_from(GpuHourFact), asked, visible)
        .join(placed, placed.c.board_id == GpuHourFact.board_id)
        .group_by(placed.c.place, column)
        .order_by(placed.c.place, column)
    )
    return [Cell(row, at, value, int(minutes)) for row, at, value, minutes in session.execute(statement)]


def _within(statement: Select[Any], asked: HeatAsked, visible: frozenset[str] | None) -> Select[Any]:
    """`statement` over the facts of the hours that are asked for, filtered, as far as they may be seen."""
    first = asked.start.astimezone(UTC).date()
    teams = posted_teams(first, asked.end.astimezone(UTC).date() + timedelta(days=1))
    known = of_facts(teams.c.team_id)
    names = {each.dimension for each in asked.filters}
    statement = with_names(statement, GpuHourFact, names)
    if TEAM in names or visible is not None:
        statement = teams.joined(statement)
    return statement.where(
        GpuHourFact.hour >= asked.start,
        GpuHourFact.hour < asked.end,
        seen(teams, visible),
        *(keeps(each, known[each.dimension]) for each in asked.filters),
    )
