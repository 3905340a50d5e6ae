"""The lines of a statement that a figure is the sum of."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Numeric, Text, cast, func, select
from sqlalchemy.orm import Session

from app.db.queries.conditions import keeps, paying_test
from app.db.queries.question import TEAM, Condition
from app.db.tables.statements import StatementLine
from app.domain.statement import CostType

# Lines that are worked out from other lines; behind the others stand charges.
WORKED = (CostType.COMMITMENT_BENEFIT, CostType.MARKUP, CostType.ADJUSTMENT)

_LINE = StatementLine.__table__.c


@dataclass(frozen=True)
class LineChoice:
    """The lines of a statement that a figure is about, of the teams that may be seen."""

    statement_id: int
    filters: Sequence[Condition]
    visible: frozenset[str] | None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """The choice as SQL."""
        return [
            _LINE.statement_id == self.statement_id,
            paying_test(self.filters, self.visible)(_LINE.team_id),
            # As text: the first day of a month compares with how a condition writes it.
            *(keeps(each, cast(_LINE[each.dimension], Text)) for each in self.filters if each.dimension != TEAM),
        ]


@dataclass(frozen=True)
class LineSum:
    """Lines of a currency added up. `from_charges` and `worked` make up the exact amount; `amount` is rounded."""

    currency: str
    exact_amount: Decimal
    amount: Decimal
    from_charges: Decimal
    worked: Decimal
    worked_lines: int


def line_sums(session: Session, choice: LineChoice) -> list[LineSum]:
    """What the chosen lines come to, by currency."""
    worked = _LINE.cost_type.in_([kind.value for kind in WORKED])
    exact = func.sum(_LINE.exact_amount)
    statement = (
        select(
            _LINE.billing_currency,
            _trimmed(exact),
            _trimmed(func.sum(_LINE.amount)),
            _trimmed(func.coalesce(exact.filter(~worked), 0)),
            _trimmed(func.coalesce(exact.filter(worked), 0)),
            func.count().filter(worked),
        )
        .where(*choice.conditions)
        .group_by(_LINE.billing_currency)
        .order_by(_LINE.billing_currency.collate("C"))
    )
    return [LineSum(*row) for row in session.execute(statement)]


def worked_line_ids(session: Session, choice: LineChoice, *, limit: int) -> list[int]:
    """Those of the chosen lines that are worked out from others, by the size of their amount, at most `limit`."""
    statement = (
        select(_LINE.id)
        .where(*choice.conditions, _LINE.cost_type.in_([kind.value for kind in WORKED]))
        .order_by(func.abs(_LINE.exact_amount).desc(), _LINE.id)
        .limit(limit)
    )
    return list(session.scalars(statement))


def owed_before_markup(session: Session, statement_id: int, currency: str) -> dict[str, Decimal]:
    """What every team owes on a statement in a currency, markup and adjustments aside."""
    aside = (CostType.MARKUP.value, CostType.ADJUSTMENT.value)
    statement = (
        select(_LINE.team_id, _trimmed(func.sum(_LINE.exact_amount)))
        .where(
            _LINE.statement_id == statement_id,
            _LINE.billing_currency == currency,
            _LINE.team_id.is_not(None),
            _LINE.cost_type.not_in(aside),
        )
        .group_by(_LINE.team_id)
    )
    return {str(team): amount for team, amount in session.execute(statement)}


def _trimmed(amount: Any) -> ColumnElement[Decimal]:
    return func.trim_scale(amount, type_=Numeric)
