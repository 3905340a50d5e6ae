"""Whose a fact of telemetry is: the team that posting found for the workload when its waste was posted.

So telemetry and money are never shown under two teams, and who may see the one may see the other.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnCollection, ColumnElement, Date, Select, Subquery, and_, cast, func, select, true

from app.db.queries.conditions import may_see
from app.db.tables.gpu import GpuHourFact, GpuWaste


@dataclass(frozen=True)
class PostedTeams:
    """The team of each day, board and owner."""

    table: Subquery

    @property
    def c(self) -> ColumnCollection[str, ColumnElement[Any]]:
        """Its columns."""
        return self.table.c

    def joined(self, statement: Select[Any]) -> Select[Any]:
        """`statement` over hourly facts, with the team of each."""
        day = cast(func.timezone("UTC", GpuHourFact.hour), Date)
        same = and_(
            self.c.day == day,
            self.c.board_id == GpuHourFact.board_id,
            self.c.owner == func.coalesce(GpuHourFact.owner_id, 0),
        )
        return statement.outerjoin(self.table, same)


def posted_teams(start: date, end: date) -> PostedTeams:
    """The teams of the workloads of the days from `start` up to, not including, `end`."""
    owner = func.coalesce(GpuWaste.owner_id, 0).label("owner")
    statement = (
        select(GpuWaste.day, GpuWaste.board_id, owner, func.min(GpuWaste.team_id).label("team_id"))
        .where(GpuWaste.day >= start, GpuWaste.day < end, GpuWaste.board_id.is_not(None))
        .group_by(GpuWaste.day, GpuWaste.board_id, owner)
    )
    return PostedTeams(statement.subquery("posted"))


def seen(teams: PostedTeams, visible: frozenset[str] | None) -> ColumnElement[bool]:
    """Whether a fact may be seen by who sees the `visible` teams; None sees all, those of nobody included."""
    return true() if visible is None else may_see(visible)(teams.c.team_id)
