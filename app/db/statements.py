"""Writes of drafts: the only statements whose lines change. The database refuses all others.

A draft holds the lines of its own billing period and, while it is the one that takes them, adjustments of closed
periods. The two are replaced apart: `adjusts_period` tells them.
"""

import json
from collections.abc import Iterable
from dataclasses import fields
from datetime import date
from operator import attrgetter
from typing import Any

from psycopg import sql
from sqlalchemy import delete, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.load import driver
from app.db.tables import statements as tables
from app.db.tables.statements import Statement
from app.domain.statement import LineKey, StatementLine, StatementState

_HEADER = ("metric", "allocation_version", "policy_version_id", "loads", "splits")
_KEY = tuple(field.name for field in fields(LineKey))
_FIGURES = ("share", "quantity", "exact_amount", "amount", "row_count", "rows_without_value", "adjusts_line_id")
_key, _figures = attrgetter(*_KEY), attrgetter(*_FIGURES)
_COPY = sql.SQL("COPY statement_line (statement_id, {}, causes) FROM STDIN").format(
    sql.SQL(", ").join(map(sql.Identifier, (*_KEY, *_FIGURES)))
)
_LINE = tables.StatementLine


def replace_draft(session: Session, draft: Statement, lines: Iterable[StatementLine]) -> int:
    """Makes the draft of a billing period what `draft` and `lines` say. Adjustments in it stay. Returns its id."""
    statement_id = _upserted(session, draft, replace=True)
    session.execute(delete(_LINE).where(_LINE.statement_id == statement_id, _LINE.adjusts_period.is_(None)))
    copy_lines(session, statement_id, lines)
    return statement_id


def replace_adjustments(session: Session, corrected: date, draft: Statement, lines: Iterable[StatementLine]) -> None:
    """Makes `lines` the only drafted adjustments of the closed period `corrected`, in the draft of another period.

    `draft` says how that is made if there is none yet: an adjustment may come before the first bill.
    """
    drafts = select(Statement.id).where(Statement.state == StatementState.DRAFT.value)
    session.execute(delete(_LINE).where(_LINE.adjusts_period == corrected, _LINE.statement_id.in_(drafts)))
    if adjusting := tuple(lines):
        copy_lines(session, _upserted(session, draft, replace=False), adjusting)
    _drop_empty_drafts(session)


def drop_draft(session: Session, period: date) -> None:
    """Takes the lines of `period` itself out of its draft, and the draft away unless adjustments are in it."""
    is_draft = (Statement.billing_period_start == period, Statement.state == StatementState.DRAFT.value)
    ids = select(Statement.id).where(*is_draft)
    session.execute(delete(_LINE).where(_LINE.statement_id.in_(ids), _LINE.adjusts_period.is_(None)))
    session.execute(update(Statement).where(*is_draft).values(loads=[], splits=[]))
    _drop_empty_drafts(session)


def copy_lines(session: Session, statement_id: int, lines: Iterable[StatementLine]) -> None:
    """Copies `lines` into a statement, in the order given; their ids ascend in it."""
    with driver(session).cursor() as cursor, cursor.copy(_COPY) as copy:
        for line in lines:
            copy.write_row((statement_id, *_key(line.key), *_figures(line), json.dumps(line.causes or {})))


def _upserted(session: Session, draft: Statement, *, replace: bool) -> int:
    names = ("billing_period_start", *_HEADER)
    values: dict[str, Any] = {name: getattr(draft, name) for name in names}
    new = insert(Statement).values(**values, state=StatementState.DRAFT.value)
    kept = {name: getattr(new.excluded if replace else Statement, name) for name in _HEADER}
    drawn_at = func.now() if replace else Statement.drawn_at
    statement = new.on_conflict_do_update(
        index_elements=["billing_period_start", "state"],
        index_where=text("state <> 'withdrawn'"),
        set_={**kept, "drawn_at": drawn_at},
    )
    return session.execute(statement.returning(Statement.id)).scalar_one()


def _drop_empty_drafts(session: Session) -> None:
    no_lines = ~exists().where(_LINE.statement_id == Statement.id)
    session.execute(
        delete(Statement).where(
            Statement.state == StatementState.DRAFT.value, func.cardinality(Statement.loads) == 0, no_lines
        )
    )
