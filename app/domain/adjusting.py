"""Adjustments: what an open period owes because a closed one has moved."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from app.domain.money import EXACT, ZERO
from app.domain.rounding import line_order
from app.domain.statement import CostType, LineKey, StatementLine


def adjustments(
    period: date,
    *,
    draft: Iterable[StatementLine],
    closed: Iterable[StatementLine],
    posted: Iterable[StatementLine],
    causes: Mapping[str, object],
    restated: Collection[str] = (),
) -> tuple[StatementLine, ...]:
    """The lines that bring what was charged for the closed `period` to what it comes to now.

    `draft` is the statement of the period as it would be drawn now, `closed` the one it was closed with, `posted` its
    adjustments in statements that have been closed since; own lines alone count of the first two. For every line,
    draft − closed − posted, of what is exact and of what is charged alike: so over time both add up to the draft, the
    one to the last digit and the other to the minor unit, and a period that has not moved since has no adjustments.
    Where another line of the invoice moves, rounding may move a minor unit of a line whose exact amount stays. A line
    of the closed statement that is adjusted is linked to.

    In the currencies `restated`, other amounts were billed than before. Where no team owes more or less for that, as
    for a purchase that comes later, one line of zero says so: the journal books it.
    """
    closed_lines = {line.key: line for line in closed if line.key.adjusts_period is None}
    left: dict[LineKey, _Left] = defaultdict(_Left)
    for line in draft:
        if line.key.adjusts_period is None:
            left[line.key].add(line)
    for key, line in closed_lines.items():
        left[key].take(line)
    for line in posted:
        left[adjusted_key(line.key)].take(line)
    moved = {key: each for key, each in left.items() if each.exact_amount or each.amount}
    told = {key.billing_currency for key in moved}
    moved |= {_said_only(currency): _Left() for currency in sorted(set(restated) - told)}
    lines = (
        StatementLine(
            key=replace(key, cost_type=CostType.ADJUSTMENT, adjusts_period=period, adjusts_cost_type=key.cost_type),
            share=None,
            quantity=each.quantity,
            exact_amount=each.exact_amount,
            amount=each.amount,
            row_count=0,
            rows_without_value=0,
            adjusts_line_id=closed_lines[key].id if key in closed_lines else None,
            causes=causes,
        )
        for key, each in moved.items()
    )
    return tuple(sorted(lines, key=lambda line: line_order(line.key)))


@dataclass
class _Left:
    """What is left to adjust of a line."""

    exact_amount: Decimal = ZERO
    amount: Decimal = ZERO
    quantity: Decimal | None = None

    def add(self, line: StatementLine) -> None:
        self._count(line, EXACT.add)

    def take(self, line: StatementLine) -> None:
        self._count(line, EXACT.subtract)

    def _count(self, line: StatementLine, counted: Callable[[Decimal, Decimal], Decimal]) -> None:
        self.exact_amount = counted(self.exact_amount, line.exact_amount)
        self.amount = counted(self.amount, line.amount)
        if line.quantity is not None:
            self.quantity = counted(self.quantity or ZERO, line.quantity)


def _said_only(currency: str) -> LineKey:
    """The line that says that a period was restated where no team owes more or less."""
    return LineKey(currency, None, None, None, CostType.DIRECT, None, None, None, None)


def adjusted_key(key: LineKey) -> LineKey:
    """The key of the line that an adjustment corrects."""
    assert key.adjusts_cost_type is not None
    return replace(key, cost_type=key.adjusts_cost_type, adjusts_period=None, adjusts_cost_type=None)
