"""What a figure rests on: a statement with its frozen loads, policy version and shares, or what is live now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from app.chargeback.cost_types import COST_TYPE
from app.chargeback.policies import policy_in_force
from app.db.queries.explain import pool_parts
from app.db.queries.explain_charges import PoolPart, Selection
from app.db.queries.facts import live_loads
from app.db.queries.policy import newest_policy
from app.db.queries.statements import binding_statement, current_statements
from app.db.tables.statements import Statement
from app.domain.charge import Axis, Metric
from app.domain.figure import FIELDS, Figure
from app.domain.period import Period
from app.domain.split_record import SplitRecord, from_json
from app.domain.statement import StatementState
from app.errors import NotFound
from app.reports.cost_query import CostQuery, Filter, Granularity


@dataclass(frozen=True)
class CostFigure:
    """A figure of the dashboard that is on no statement: what a question about costs comes to in one currency."""

    query: CostQuery
    currency: str | None = None


Asked = Figure | CostFigure


@dataclass(frozen=True)
class FigureGround:
    """The charges behind a figure, the statement it is on (None: live charges), and how pools were split.

    `query` is what the roll-ups are asked for the same figure, where they can be: it has no statement then.
    """

    selection: Selection
    statement: Statement | None
    splits: Sequence[tuple[date, SplitRecord]]
    query: CostQuery | None


def figure_ground(session: Session, asked: Asked, visible: frozenset[str] | None) -> FigureGround:
    """The ground of a figure. Raises NotFound for a statement that there is not."""
    if isinstance(asked, CostFigure):
        filters = (*asked.query.filters, *_equal({"billing_currency": asked.currency} if asked.currency else {}))
        return _live(session, asked.query, filters, visible, rolled_up=True)
    statement = _statement(session, asked)
    filters = tuple(_equal({FIELDS[name]: value for name, value in asked.where.items()}))
    if statement is None or (asked.metric and asked.metric != statement.metric):
        query = CostQuery(
            asked.period.start,
            asked.period.end,
            asked.metric or _metric(session),
            Axis.BILLING,
            Granularity.TOTAL,
            filters=tuple(each for each in filters if each.dimension in _ROLLED_UP),
        )
        rolled_up = asked.days is None and all(each.dimension in {*_ROLLED_UP, "billing_currency"} for each in filters)
        ground = _live(session, query, filters, visible, rolled_up=rolled_up)
    else:
        ground = _frozen(statement, filters, visible)
    days = asked.days
    return (
        ground
        if days is None
        else replace(ground, selection=replace(ground.selection, first_day=days.start, end_day=days.end))
    )


_ROLLED_UP = frozenset({"team", "service_provider_name", "service_name"})


def _equal(where: dict[str, str | None]) -> Iterable[Filter]:
    """Conditions that columns have these values. A statement's `team_id` is a question's `team`; months are days."""
    for name, value in where.items():
        if name == "adjusts_period" and value is not None:
            yield Filter(name, (str(Period.parse_month(value).start),))
        else:
            yield Filter("team" if name == "team_id" else name, (value,))


def _statement(session: Session, figure: Figure) -> Statement | None:
    period = figure.period.start
    if figure.state is None:
        return binding_statement(session, period)
    found = current_statements(session, period).get(figure.state)
    if found is None:
        raise NotFound(
            f"The statement of {figure.period.label} is not {figure.state.value}."
            f" `trueup chargeback show {figure.period.label}` shows what there is."
        )
    return found


def _metric(session: Session) -> Metric:
    applied = policy_in_force(session)
    return applied.policy.statement_metric if applied else Metric.EFFECTIVE


def _frozen(statement: Statement, filters: tuple[Filter, ...], visible: frozenset[str] | None) -> FigureGround:
    period, records = statement.billing_period_start, from_json(statement.splits)
    parts = [
        PoolPart(period, record.currency, record.pool_id, team, share)
        for record in records
        for team, share in record.shares.items()
        if share
    ]
    selection = Selection(
        Metric(statement.metric),
        statement.loads,
        [period],
        statement.policy_version_id,
        parts,
        COST_TYPE,
        filters,
        visible=visible,
    )
    return FigureGround(selection, statement, [(period, record) for record in records], None)


def _live(
    session: Session,
    query: CostQuery,
    filters: tuple[Filter, ...],
    visible: frozenset[str] | None,
    *,
    rolled_up: bool,
) -> FigureGround:
    loads, periods = live_loads(session, query)
    newest = newest_policy(session)
    parts = pool_parts(session, periods)
    by_day = query.axis is Axis.CHARGE
    selection = Selection(
        query.metric,
        loads,
        periods,
        newest.id if newest else None,
        parts,
        COST_TYPE,
        filters,
        query.start if by_day else None,
        query.end if by_day else None,
        visible=visible,
    )
    total = replace(query, granularity=Granularity.TOTAL, group_by=()) if rolled_up else None
    return FigureGround(selection, None, _drafted_splits(session, periods, parts), total)


def _drafted_splits(
    session: Session, periods: Sequence[date], parts: Sequence[PoolPart]
) -> list[tuple[date, SplitRecord]]:
    """How pools are split now, as the drafts say, which follow what is live."""
    found = []
    for period in periods if parts else ():
        draft = current_statements(session, period).get(StatementState.DRAFT)
        found += [(period, record) for record in from_json(draft.splits)] if draft else []
    return found


def span_of(asked: Asked) -> Period:
    """The days or the billing period that a figure is about."""
    if isinstance(asked, CostFigure):
        return Period(asked.query.start, asked.query.end)
    return asked.days or asked.period
