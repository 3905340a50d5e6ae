"""The lines of a statement: every figure that a team is charged, with what it comes from and what corrects it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from app.db.queries.conditions import TeamTest, may_see
from app.db.queries.statements import adjusting_lines
from app.db.queries.statements import statement_lines as read_lines
from app.domain.charge import Metric
from app.domain.period import Period
from app.domain.split_record import SplitRecord
from app.domain.statement import CostType, StatementLine, StatementState
from app.domain.viewer import Viewer
from app.errors import NotFound
from app.reports.owed import UNALLOCATED, Names
from app.reports.shown_statement import ShownStatement, told
from app.reports.statement_ground import Ground, ground
from app.reports.visibility import sees_everything, visible_teams


@dataclass(frozen=True)
class LineRow:
    """A line of a statement. No team means unallocated.

    `exact_amount` has every digit, `amount` is what is charged. An adjustment says which closed billing period, kind
    of cost and line it corrects, and which loads and policy versions moved it; `adjusted_by` are the lines that correct
    this one. Of what a pool shares, each line counts all of its charges in `row_count`.
    """

    id: int
    billing_currency: str
    invoice_issuer_name: str | None
    invoice_id: str | None
    team_id: str | None
    team_name: str
    cost_type: CostType
    pool_id: str | None
    pool_name: str | None
    split: str | None  # how the pool was split, in words
    service_provider_name: str | None
    service_name: str | None
    unit: str | None
    share: Decimal | None
    quantity: Decimal | None
    exact_amount: Decimal
    amount: Decimal
    row_count: int
    rows_without_value: int
    adjusts_period: date | None
    adjusts_cost_type: CostType | None
    adjusts_line_id: int | None
    causes: dict[str, object] | None
    adjusted_by: tuple[int, ...]


@dataclass(frozen=True)
class StatementLinesReport:
    """Lines of a billing month's statement, by id; there are more after `next_after` unless it is None.

    `splits` say how its pools were split, and by which weights; a viewer limited to teams gets none of them.
    """

    period: Period
    metric: Metric
    statement: ShownStatement
    lines: tuple[LineRow, ...]
    next_after: int | None
    splits: tuple[SplitRecord, ...]


def statement_lines(
    session: Session,
    viewer: Viewer,
    period: Period,
    team_id: str | None = None,
    state: StatementState | None = None,
    *,
    after: int = 0,
    limit: int | None = None,
) -> StatementLinesReport:
    """The lines of the closed statement, else the issued one, else the draft, or of the one in `state`.

    Those of `team_id` alone, or of every team that `viewer` may see; whoever sees everything sees the unallocated too.
    Raises NotFound without such a statement, and for a team that `viewer` may not see.
    """
    visible = visible_teams(session, viewer)
    if team_id is not None and visible is not None and team_id not in visible:
        raise NotFound(f"There is no team '{team_id}' that you may see. GET /api/v1/teams lists them.")
    basis = ground(session, period, None, state)
    if basis.statement is None:
        raise NotFound(f"{period.label} has no statement yet. One is drawn as soon as a bill of the period is live.")
    test = may_see(visible) if team_id is None else _is(team_id)
    lines = read_lines(session, basis.statement.id, test, after=after, limit=None if limit is None else limit + 1)
    cut = limit is not None and len(lines) > limit
    shown = lines[:limit] if cut else lines
    everything = sees_everything(viewer)
    return StatementLinesReport(
        period=period,
        metric=basis.metric,
        statement=told(basis.statement, everything=everything),
        lines=tuple(_rows(session, basis, shown)),
        next_after=shown[-1].id if cut else None,
        splits=_splits(basis, shown) if everything else (),
    )


def _is(team_id: str) -> TeamTest:
    return lambda team: team == team_id


def _splits(basis: Ground, lines: Iterable[StatementLine]) -> tuple[SplitRecord, ...]:
    """Of the pools that the lines name."""
    named = {(line.key.billing_currency, line.key.pool_id) for line in lines}
    currencies = sorted({currency for currency, _ in named})
    records = (record for currency in currencies for record in basis.splits.records(currency))
    return tuple(record for record in records if (record.currency, record.pool_id) in named)


def _rows(session: Session, basis: Ground, lines: list[StatementLine]) -> Iterable[LineRow]:
    adjusted_by = adjusting_lines(session, [line.id for line in lines if line.id is not None])
    names = {currency: basis.names_in(currency) for currency in {line.key.billing_currency for line in lines}}
    for line in lines:
        yield _row(line, names[line.key.billing_currency], adjusted_by)


def _row(line: StatementLine, names: Names, adjusted_by: dict[int, tuple[int, ...]]) -> LineRow:
    assert line.id is not None
    key = line.key
    team = names.teams.get(key.team_id) if key.team_id is not None else None
    return LineRow(
        id=line.id,
        billing_currency=key.billing_currency,
        invoice_issuer_name=key.invoice_issuer_name,
        invoice_id=key.invoice_id,
        team_id=key.team_id,
        team_name=team.name if team else key.team_id or UNALLOCATED,
        cost_type=key.cost_type,
        pool_id=key.pool_id,
        pool_name=None if key.pool_id is None else names.pools.get(key.pool_id, key.pool_id),
        split=None if key.pool_id is None else names.splits.get(key.pool_id),
        service_provider_name=key.service_provider_name,
        service_name=key.service_name,
        unit=key.unit,
        share=line.share,
        quantity=line.quantity,
        exact_amount=line.exact_amount,
        amount=line.amount,
        row_count=line.row_count,
        rows_without_value=line.rows_without_value,
        adjusts_period=key.adjusts_period,
        adjusts_cost_type=key.adjusts_cost_type,
        adjusts_line_id=line.adjusts_line_id,
        causes=dict(line.causes) if line.causes else None,
        adjusted_by=adjusted_by.get(line.id, ()),
    )
