"""Teams of the policy in force."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, func, literal_column, select
from sqlalchemy.orm import Session

from app.db.tables.policy import PolicyVersion, Team
from app.domain import ownership


def teams_in_force(session: Session) -> tuple[ownership.Team, ...]:
    """The teams that the policy in force declares, by id and then from the oldest validity to the newest."""
    return _teams(session, select(func.max(PolicyVersion.id)).scalar_subquery())


def teams_of_version(session: Session, version: int) -> tuple[ownership.Team, ...]:
    """The teams that a policy version declares, in the same order."""
    return _teams(session, version)


def in_subtrees(session: Session, roots: Iterable[str]) -> frozenset[str]:
    """The ids of `roots` and of every team below them, each where the policy in force puts it last."""
    newest = {team.id: team for team in teams_in_force(session)}.values()
    return frozenset[str]().union(*(ownership.descendants(newest, root) for root in roots))


def _teams(session: Session, version: Any) -> tuple[ownership.Team, ...]:
    statement = (
        select(
            Team.team_id,
            Team.name,
            Team.parent_id,
            Team.cost_center,
            _finite(Team.valid_from, "-infinity"),
            _finite(Team.valid_to, "infinity"),
            Team.gl_account,
        )
        .where(Team.policy_version_id == version)
        .order_by(Team.team_id.collate("C"), Team.valid_from.nulls_first())  # an open start comes before any day
    )
    return tuple(ownership.Team(*row) for row in session.execute(statement))


def _finite(column: Any, infinity: str) -> ColumnElement[date | None]:
    """`column`, with null for an infinite date, which Python's `date` cannot hold."""
    return func.nullif(column, literal_column(f"'{infinity}'::date"), type_=Date)
