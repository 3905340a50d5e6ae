"""Markup: what teams pay on top of what they owe, and who is credited with it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from app.domain.money import EXACT, ZERO, total
from app.domain.policy import Markup
from app.domain.statement import CostType, LineKey, StatementLine


def markup_lines(lines: Iterable[StatementLine], markup: Markup) -> Iterator[StatementLine]:
    """The markup on `lines`, a line for each currency and team, and the credit of the team that keeps it.

    A percentage of an exact amount is exact, and the credit is the sum of what is paid: together they are zero. Who
    keeps the markup pays none, and nobody pays for what is unallocated.
    """
    owed: defaultdict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        team = line.key.team_id
        if team is not None and team != markup.to:
            owed[line.key.billing_currency, team] = EXACT.add(owed[line.key.billing_currency, team], line.exact_amount)
    paid = {key: _percent(amount, markup.percents.get(key[1], markup.percent)) for key, amount in owed.items()}
    for (currency, team), amount in paid.items():
        if amount:
            yield _line(currency, team, amount)
    for currency in {currency for currency, _ in paid}:
        kept = total(amount for key, amount in paid.items() if key[0] == currency)
        if kept:
            yield _line(currency, markup.to, EXACT.minus(kept))


def _percent(amount: Decimal, percent: Decimal) -> Decimal:
    return EXACT.scaleb(EXACT.multiply(amount, percent), -2)


def _line(currency: str, team: str, amount: Decimal) -> StatementLine:
    key = LineKey(currency, None, None, team, CostType.MARKUP, None, None, None, None)
    return StatementLine(key, None, None, amount, ZERO, 0, 0)
