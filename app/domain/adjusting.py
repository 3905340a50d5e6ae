"""Adjustments: what an open period owes because a closed one has moved."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from app.domain.money import EXACT, ZERO
from app.domain.rounding import rounded
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
    draft − closed − posted: so what was charged over time adds up to the draft, to the last digit, and a period
    that has not moved since has no adjustments. A line of the closed statement that is adjusted is linked to.
    """
    closed_lines = {line.key: line for line in closed if line.key.adjusts_period is None}
    left: dict[LineKey, tuple[Decimal, Decimal | None]] = {}
    for line in draft:
        if line.key.adjusts_period is None:
            left[line.key] = (line.exact_amount, line.quantity)
    for key, line in closed_lines.items():
        left[key] = _less(left.get(key), line)
    for line in posted:
        key = adjusted_key(line.key)
        left[key] = _less(left.get(key), line)
    moved = {key: each for key, each in left.items() if each[0]}
    told = {key.billing_currency for key in moved}
    moved |= {_said_only(currency): (ZERO, None) for currency in sorted(set(restated) - told)}
    return rounded(
        StatementLine(
            key=replace(key, cost_type=CostType.ADJUSTMENT, adjusts_period=period, adjusts_cost_type=key.cost_type),
            share=None,
            quantity=quantity,
            exact_amount=amount,
            amount=ZERO,
            row_count=0,
            rows_without_value=0,
            adjusts_line_id=closed_lines[key].id if key in closed_lines else None,
            causes=causes,
        )
        for key, (amount, quantity) in moved.items()
    )


def _said_only(currency: str) -> LineKey:
    """The line that says that a period was restated where no team owes more or less."""
    return LineKey(currency, None, None, None, CostType.DIRECT, None, None, None, None)


def adjusted_key(key: LineKey) -> LineKey:
    """The key of the line that an adjustment corrects."""
    assert key.adjusts_cost_type is not None
    return replace(key, cost_type=key.adjusts_cost_type, adjusts_period=None, adjusts_cost_type=None)


def _less(left: tuple[Decimal, Decimal | None] | None, line: StatementLine) -> tuple[Decimal, Decimal | None]:
    amount, quantity = left or (ZERO, None)
    if line.quantity is not None:
        quantity = EXACT.subtract(quantity or ZERO, line.quantity)
    return EXACT.subtract(amount, line.exact_amount), quantity
