"""Half-open spans of days in UTC: `start` is in, `end` is not, as FOCUS has it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from app.errors import BadInput


@dataclass(frozen=True, order=True)
class Period:
    """The days from `start` up to, not including, `end`."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise BadInput(f"A period must start before it ends; {self.start} is not before {self.end}.")

    @classmethod
    def month(cls, year: int, month: int) -> Self:
        """A calendar month."""
        start = date(year, month, 1)
        return cls(start, next_month(start))

    @classmethod
    def month_of(cls, day: date) -> Self:
        """The calendar month that `day` falls in."""
        return cls.month(day.year, day.month)

    @classmethod
    def parse_month(cls, text: str) -> Self:
        """The month written as `YYYY-MM`. Raises BadInput on anything else."""
        try:
            year, month = text.split("-")
            if len(year) == 4 and len(month) == 2:
                return cls.month(int(year), int(month))
        except ValueError:
            pass
        raise BadInput(f"'{text}' is not a month. Write it as YYYY-MM, for example 2026-03.")

    @property
    def days(self) -> int:
        """How many days the period has."""
        return (self.end - self.start).days

    @property
    def label(self) -> str:
        """`2026-03` for a calendar month, else `2026-03-01..2026-03-15` with both ends included."""
        if self == Period.month_of(self.start):
            return f"{self.start:%Y-%m}"
        return f"{self.start}..{self.end - timedelta(days=1)}"

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def previous_month(self) -> "Period":
        """The calendar month before the one this period starts in."""
        return Period.month_of(self.start.replace(day=1) - timedelta(days=1))


def next_month(day: date) -> date:
    """The first day of the month after the one `day` falls in."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def months_back(day: date, count: int) -> date:
    """The first day of the month `count` months before the one `day` falls in."""
    months = day.year * 12 + day.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)
