"""Sums of paid board-minutes and their cost: the one query behind every question about GPU waste."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Numeric, Text, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.orm import Session

from app.db.queries.conditions import keeps, may_see
from app.db.queries.gpu_dimensions import of_waste, with_names
from app.db.queries.question import Condition
from app.db.tables.bills import Load
from app.db.tables.charges import ChargeKey
from app.db.tables.gpu import GpuHourFact, GpuPrice, GpuWaste
from app.domain.charge import Axis
from app.domain.gpu.states import STATES

CATALOGUE = "catalogue"  # the purchase option of what no bill has a price for
CONFIDENCES = ("high", "medium", "low")


class WasteSpan(Protocol):
    """Days from `start` up to, not including, `end`: of use, or on the billing axis those billing periods start on."""

    @property
    def start(self) -> date: ...
    @property
    def end(self) -> date: ...
    @property
    def axis(self) -> Axis: ...


class WasteAsked(WasteSpan, Protocol):
    """A question about paid board-minutes."""

    @property
    def group_by(self) -> Sequence[str]: ...
    @property
    def filters(self) -> Sequence[Condition]: ...


@dataclass(frozen=True)
class WasteSum:
    """Paid board-minutes of a combination of dimensions, what they cost, and what of it could be recovered."""

    currency: str
    keys: tuple[str | None, ...]
    board_minutes: Decimal
    effective_cost: Decimal
    waste_cost: Decimal  # the part of effective_cost in a state that is waste
    recoverable_capacity_cost: Decimal
    recoverable_bill_cost: Decimal
    catalogue_cost: Decimal  # the part of effective_cost that a catalogue and no bill says
    confidence: str | None  # the least of what is recoverable


def waste_sums(
    session: Session, asked: WasteAsked, *, visible: frozenset[str] | None, limit: int | None = None
) -> list[WasteSum]:
    """The sums that answer `asked`, of the `visible` teams, by currency and dimensions; states in their own order."""
    known = of_waste()
    dimensions = [known[name] for name in asked.group_by]
    names = {*asked.group_by, *(each.dimension for each in asked.filters)}
    statement = (
        with_names(select(GpuWaste.billing_currency, *dimensions, *_sums()), GpuWaste, names)
        .where(_within(asked), may_see(visible)(GpuWaste.team_id.expression))
        .where(*(keeps(each, known[each.dimension]) for each in asked.filters))
        .group_by(GpuWaste.billing_currency, *dimensions)
        .order_by(GpuWaste.billing_currency.collate("C"), *map(_ordered, asked.group_by, dimensions))
        .limit(limit)
    )
    return [_sum(row, len(dimensions)) for row in session.execute(statement)]


def gpu_part_of_bill(session: Session, span: WasteSpan) -> dict[str, Decimal]:
    """What GPUs come to on live bills in a span, by currency: what the states must add up to."""
    period = Load.billing_period_start
    if span.axis is Axis.BILLING:
        within = (period >= span.start, period < span.end)
    else:
        within = (GpuPrice.hour >= _midnight(span.start), GpuPrice.hour < _midnight(span.end))
    currency = ChargeKey.__table__.c.billing_currency
    statement = (
        select(currency, _exact(func.sum(GpuPrice.effective_cost)))
        .join(Load, Load.id == GpuPrice.load_id)
        .join(ChargeKey, ChargeKey.id == GpuPrice.charge_key_id)
        .where(Load.state == "live", *within)
        .group_by(currency)
    )
    return dict(session.execute(statement).all())


def days_told(session: Session) -> tuple[date | None, date | None, date | None]:
    """The newest day that waste was posted for, and the oldest and newest that telemetry has."""
    oldest, newest = (session.scalar(select(of(GpuHourFact.hour))) for of in (func.min, func.max))
    return session.scalar(select(func.max(GpuWaste.day))), _day(oldest), _day(newest)


def _day(hour: datetime | None) -> date | None:
    return hour.astimezone(UTC).date() if hour else None


def _sum(row: Sequence[Any], keys: int) -> WasteSum:
    currency, *rest = row
    rest[-1] = CONFIDENCES[rest[-1] - 1] if rest[-1] else None
    return WasteSum(currency, tuple(rest[:keys]), *rest[keys:])


def _within(span: WasteSpan) -> ColumnElement[bool]:
    column = GpuWaste.billing_period_start if span.axis is Axis.BILLING else GpuWaste.day
    return (column >= span.start) & (column < span.end)


def _sums() -> list[ColumnElement[Any]]:
    cost = func.sum(GpuWaste.effective_cost)
    waste = cost.filter(GpuWaste.state.in_([state for state in STATES if state.is_waste]))
    catalogue = cost.filter(GpuWaste.purchase_option == CATALOGUE)
    recoverable = (GpuWaste.recoverable_capacity_cost != 0) | (GpuWaste.recoverable_bill_cost != 0)
    position = func.array_position(cast(array(CONFIDENCES), ARRAY(Text)), GpuWaste.confidence)
    return [
        _exact(func.sum(GpuWaste.board_minutes)),
        _exact(cost),
        _exact(waste),
        _exact(func.sum(GpuWaste.recoverable_capacity_cost)),
        _exact(func.sum(GpuWaste.recoverable_bill_cost)),
        _exact(catalogue),
        func.max(position).filter(recoverable),
    ]


def _exact(amount: ColumnElement[Any]) -> ColumnElement[Decimal]:
    return func.trim_scale(func.coalesce(amount, 0), type_=Numeric)


def _ordered(name: str, dimension: ColumnElement[Any]) -> ColumnElement[Any]:
    """States as they are declared, everything else by code points, so that an answer reads the same everywhere."""
    if name == "state":
        return func.array_position(cast(array([str(state) for state in STATES]), ARRAY(Text)), dimension)
    return dimension.collate("C").nulls_last()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
