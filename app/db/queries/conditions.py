"""Conditions of a question, as SQL."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, false, not_, or_, true

from app.db.queries.question import TEAM, Condition, Question

TeamTest = Callable[[ColumnElement[Any]], ColumnElement[bool]]


def keeps(condition: Condition, column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether `column` fulfils `condition`; never null, so that excluding a value keeps the rows that have none."""
    texts = [value for value in condition.values if value is not None]
    is_one = and_(column.is_not(None), column.in_(texts)) if texts else false()
    kept = or_(is_one, column.is_(None)) if None in condition.values else is_one
    return not_(kept) if condition.exclude else kept


def team_test(question: Question, visible: frozenset[str] | None) -> TeamTest:
    """The test that a paying team must pass: the question's own conditions, and the teams the viewer may see."""
    return paying_test(question.filters, visible)


def paying_test(filters: Iterable[Condition], visible: frozenset[str] | None) -> TeamTest:
    """The test that a paying team must pass: those of `filters` that are on the team, and being `visible`."""
    conditions = [condition for condition in filters if condition.dimension == TEAM]

    def test(team: ColumnElement[Any]) -> ColumnElement[bool]:
        return and_(may_see(visible)(team), *(keeps(condition, team) for condition in conditions))

    return test


def may_see(visible: frozenset[str] | None) -> TeamTest:
    """The test that a team is one of `visible`; None lets everything pass, unallocated cost included."""

    def test(team: ColumnElement[Any]) -> ColumnElement[bool]:
        return true() if visible is None else and_(team.is_not(None), team.in_(sorted(visible)))

    return test
