"""What a machine costs each day: amounts cut so that the days add up to their month, and the months to the price.

A cut of an amount into n parts gives part k the difference of two cumulative shares, both rounded down: the last share
is the amount itself, so nothing is lost or made up.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from app.domain.money import EXACT, ZERO, total
from app.domain.period import next_month
from ingest.rate_card.card import Machine, MonthlyRate, PowerRate

MONTH_DIGITS = 2  # a month of depreciation is booked in cents, unless the price itself is finer
DAY_DIGITS = 6


@dataclass(frozen=True)
class DayCost:
    """What a part of a machine cost on a day."""

    day: date
    amount: Decimal
    kwh: Decimal | None = None


def cut(amount: Decimal, part: int, parts: int, *, digits: int) -> Decimal:
    """Part number `part` (from 0) of `amount` in `parts` parts that add up to it, with at least `digits` decimals."""
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int)
    assert 0 <= part < parts
    scale = max(digits, -exponent)
    units = int(EXACT.scaleb(amount, scale))
    return EXACT.scaleb(Decimal(units * (part + 1) // parts - units * part // parts), -scale)


def depreciation(machine: Machine, month: date) -> Iterator[DayCost]:
    """Straight-line depreciation of a machine in a calendar month, by day.

    The month of purchase counts as a whole one (full-month convention); its amount is carried by the days from the
    purchase on.
    """
    amount = depreciation_of_month(machine, month)
    first = max(month, machine.purchase.bought_on)
    days = (next_month(month) - first).days
    if not amount:
        return
    for number in range(days):
        day = first + timedelta(days=number)
        if machine.retired_on is None or day < machine.retired_on:
            yield DayCost(day, cut(amount, number, days, digits=DAY_DIGITS))


def depreciation_of_month(machine: Machine, month: date) -> Decimal:
    """The equal part of price less residual value that falls on a calendar month; 0 outside the useful life."""
    purchase = machine.purchase
    number = (month.year - purchase.bought_on.year) * 12 + month.month - purchase.bought_on.month
    if not 0 <= number < purchase.months:
        return ZERO
    return cut(EXACT.subtract(purchase.price, purchase.residual), number, purchase.months, digits=MONTH_DIGITS)


def write_off(machine: Machine) -> Decimal:
    """What of price less residual value was not depreciated when the machine was retired."""
    if machine.retired_on is None:
        return ZERO
    purchase, month, done = machine.purchase, machine.purchase.bought_on.replace(day=1), ZERO
    while month < machine.retired_on:
        done = EXACT.add(done, total(each.amount for each in depreciation(machine, month)))
        month = next_month(month)
    return EXACT.subtract(EXACT.subtract(purchase.price, purchase.residual), done)


def running(machine: Machine, month: date, rates: tuple[MonthlyRate | PowerRate, ...]) -> Iterator[DayCost]:
    """Colocation or power of a machine in a calendar month, on the days that it was there.

    A fixed monthly amount is cut over all days of the month, so that a machine that comes on the 16th pays its half.
    """
    days = (next_month(month) - month).days
    for number in range(days):
        day = month + timedelta(days=number)
        if day < machine.purchase.bought_on or (machine.retired_on and day >= machine.retired_on):
            continue
        for rate in rates:
            if day not in rate.valid:
                continue
            if isinstance(rate, MonthlyRate):
                yield DayCost(day, cut(rate.per_month, number, days, digits=DAY_DIGITS))
            else:
                kwh = EXACT.multiply(EXACT.multiply(rate.kw, rate.pue), Decimal(24))
                yield DayCost(day, EXACT.multiply(kwh, rate.price_per_kwh), kwh)
