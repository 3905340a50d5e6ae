"""The days the demo company has lived through, and how long ago each was."""

from dataclasses import dataclass
from datetime import date, timedelta

from app.domain.period import Period, months_back

CLOSED_MONTHS = 13


@dataclass(frozen=True)
class When:
    """One UTC day of a billing month, and how many months ago that was: 0 is the running month, 1 the last closed."""

    day: date
    months_ago: int
    days_in_month: int

    @property
    def is_weekend(self) -> bool:
        """Saturday or Sunday."""
        return self.day.weekday() >= 5


@dataclass(frozen=True)
class Month:
    """A billing month and its days that are over: all of them once it is closed, those before today while it runs."""

    period: Period
    months_ago: int
    days: tuple[When, ...]

    @property
    def is_closed(self) -> bool:
        """Whether the month is over, so that it has been invoiced."""
        return self.months_ago > 0

    @property
    def end_so_far(self) -> date:
        """The day after the month's last day that is over."""
        return self.days[-1].day + timedelta(days=1)


def months_until(today: date) -> list[Month]:
    """The thirteen closed months before the month of `today`, then the running one up to and including yesterday.

    On the first day of a month nothing of it is over yet, so there is no running month.
    """
    months = [_month(months_back(today, ago), ago, today) for ago in range(CLOSED_MONTHS, -1, -1)]
    return [month for month in months if month.days]


def _month(start: date, months_ago: int, today: date) -> Month:
    period = Period.month_of(start)
    days = (start + timedelta(days=offset) for offset in range(period.days))
    return Month(period, months_ago, tuple(When(day, months_ago, period.days) for day in days if day < today))
