"""A budget: what a team means to spend in a billing period, and how far what it owes has come."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from app.domain.invoice import subunit
from app.domain.largest_remainder import whole_units
from app.domain.money import EXACT, percent, plain
from app.domain.period import Period
from app.errors import BadInput

# What people are told of when they say nothing else, in percent of the amount.
DEFAULT_THRESHOLDS = (Decimal(50), Decimal(80), Decimal(100))
_MOST_THRESHOLDS = 10
_HIGHEST_THRESHOLD = 1000
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Budget:
    """What a team, with every team below it, means to owe for a billing period in one currency.

    `thresholds` are in percent of the amount, rising. Raises BadInput for an amount below zero, and for thresholds that
    are not one to ten different ones above 0 % and up to 1000 %.
    """

    team_id: str
    billing_period_start: date
    billing_currency: str
    amount: Decimal
    thresholds: tuple[Decimal, ...] = DEFAULT_THRESHOLDS

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise BadInput(f"amount {plain(self.amount)} is below zero, and a budget is not")
        if wrong := _wrong_with(self.thresholds):
            raise BadInput(f"thresholds {', '.join(map(plain, self.thresholds))}: {wrong}")

    @property
    def identity(self) -> tuple[str, date, str]:
        """What two budgets share only if one supersedes the other."""
        return (self.team_id, self.billing_period_start, self.billing_currency)


def _wrong_with(thresholds: tuple[Decimal, ...]) -> str | None:
    if not 1 <= len(thresholds) <= _MOST_THRESHOLDS:
        return f"between 1 and {_MOST_THRESHOLDS} of them can be set"
    if not all(0 < each <= _HIGHEST_THRESHOLD for each in thresholds):
        return f"each is a percentage above 0, up to {_HIGHEST_THRESHOLD}"
    if list(thresholds) != sorted(set(thresholds)):
        return "they must rise, none twice"
    return None


def rising(thresholds: Iterable[Decimal]) -> tuple[Decimal, ...]:
    """Thresholds in the order a budget has them."""
    return tuple(sorted(set(thresholds)))


@dataclass(frozen=True)
class Pace:
    """How a running billing period goes on if every day is like those so far, in whole minor units.

    A straight line through what is owed, and no forecast: a fee that is billed once a month counts as often as days
    are left. `budget_to_date` is the same line through the budget.
    """

    days_so_far: int
    days: int
    at_period_end: Decimal
    budget_to_date: Decimal


@dataclass(frozen=True)
class Standing:
    """How far what is owed has come against a budget. Amounts are exact; the percentage is for display."""

    owed: Decimal
    remaining: Decimal
    percent: Decimal | None
    reached: tuple[Decimal, ...]
    pace: Pace | None

    @property
    def is_over(self) -> bool:
        """Whether more is owed than was meant to be."""
        return self.remaining < 0


def standing(budget: Budget, owed: Decimal, as_of: date | None = None) -> Standing:
    """How far `owed` has come; with the last day that has charges, `as_of`, in the period, also at which pace.

    A threshold is reached when so many percent of the amount are owed, compared exactly; of a budget of nothing, with
    the first amount above zero.
    """
    remaining = EXACT.subtract(budget.amount, owed)
    reached = tuple(each for each in budget.thresholds if owed > 0 and _reaches(owed, budget.amount, each))
    period = Period.month_of(budget.billing_period_start)
    pace = _pace(budget, owed, period, as_of) if as_of is not None and as_of in period else None
    return Standing(owed, remaining, percent(owed, budget.amount), reached, pace)


def _reaches(owed: Decimal, amount: Decimal, threshold: Decimal) -> bool:
    return EXACT.multiply(owed, HUNDRED) >= EXACT.multiply(amount, threshold)


def _pace(budget: Budget, owed: Decimal, period: Period, as_of: date) -> Pace:
    so_far = (as_of + timedelta(days=1) - period.start).days
    unit = subunit(budget.billing_currency)
    (at_end,) = whole_units([Fraction(owed) * period.days / so_far], unit)
    (to_date,) = whole_units([Fraction(budget.amount) * so_far / period.days], unit)
    return Pace(so_far, period.days, at_end, to_date)
