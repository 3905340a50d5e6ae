"""What a currency is worth in another for a billing period, worked out of the rates that are known, exactly.

Nothing is assumed: where no rate leads from one currency to the other, there is no figure (`MissingRate`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from app.domain.period import Period
from app.domain.policy import FxMethod
from app.errors import Refused

FIRST_PIVOT = "EUR"  # the European Central Bank quotes every currency against it
# Banks are closed for four days in a row at Easter, the ECB's longest gap; a week leaves room for other calendars.
LONGEST_GAP = timedelta(days=7)


class MissingRate(Refused):
    """No rate leads from one currency to another in a period; a figure in the other cannot be given."""

    def __init__(self, base: str, quote: str, period: Period, found: str) -> None:
        super().__init__(
            f"There is no rate from {base} to {quote} for {period.label}: {found}. Import rates of that month for both"
            " (`trueup fx import FILE`; the European Central Bank's eurofxref-hist.csv has most), then ask again."
        )
        self.base, self.quote, self.period = base, quote, period


@dataclass(frozen=True)
class FxQuote:
    """What one unit of `base` is worth in `quote` on a day or, if `monthly`, on average in the month it begins."""

    base: str
    quote: str
    day: date
    rate: Decimal
    monthly: bool = False


@dataclass(frozen=True)
class WantedRates:
    """Which rates to list; None: whichever."""

    base: str | None = None
    quote: str | None = None
    start: date | None = None  # of the days
    end: date | None = None  # the first day that is no longer meant
    superseded: bool = False  # corrected ones too


@dataclass(frozen=True)
class PeriodRate:
    """What one unit of `base` is worth in `quote` for a billing period, and the days whose rates say so."""

    base: str
    quote: str
    method: FxMethod
    value: Fraction
    days: tuple[date, ...] = ()
    via: str | None = None  # the currency in between
    monthly: bool = False  # of published monthly averages; `days` is then the first of the month

    def as_json(self) -> dict[str, object]:
        """The rate as a statement keeps it."""
        return {
            "base": self.base,
            "quote": self.quote,
            "method": self.method.value,
            "numerator": str(self.value.numerator),
            "denominator": str(self.value.denominator),
            "days": [day.isoformat() for day in self.days],
            "via": self.via,
            "monthly": self.monthly,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, object]) -> "PeriodRate":
        """The rate that `as_json` wrote."""
        days = kept["days"]
        assert isinstance(days, list)
        return cls(
            base=str(kept["base"]),
            quote=str(kept["quote"]),
            method=FxMethod(str(kept["method"])),
            value=Fraction(int(str(kept["numerator"])), int(str(kept["denominator"]))),
            days=tuple(date.fromisoformat(day) for day in days),
            via=None if kept["via"] is None else str(kept["via"]),
            monthly=bool(kept["monthly"]),
        )


def period_rate(
    quotes: Iterable[FxQuote], base: str, quote: str, period: Period, method: FxMethod, *, whole: bool = True
) -> PeriodRate:
    """The rate from `base` to `quote` for a month by `method`, of those among `quotes`.

    Taken as it is quoted, turned round, or crossed through a currency that both are quoted against: the euro if it can
    be, else the first by name. An average is the mean of the days that have a rate, unless the month's average itself
    is known. If `whole`, the days must reach to within a week of the month's end (an average's: of its start as well);
    a period that is not over may be asked about without. Raises MissingRate.
    """
    if base == quote:
        return PeriodRate(base, quote, method, Fraction(1))
    table = _Table.of(each for each in quotes if each.day in period)
    short: list[date] = []
    for via in (None, *table.pivots(base, quote)):
        if method is FxMethod.MONTHLY_AVERAGE and (months := table.monthly.series(base, quote, via)):
            return PeriodRate(base, quote, method, months[period.start], (period.start,), via, monthly=True)
        days = table.daily.series(base, quote, via)
        if days and (not whole or _reaches(days, period, method)):
            return _of_days(PeriodRate(base, quote, method, Fraction(0), via=via), days)
        short = short or sorted(days)
    found = f"those known are of {short[0]} to {short[-1]}, which leaves out a part of it" if short else "none is known"
    raise MissingRate(base, quote, period, found)


def _of_days(rate: PeriodRate, days: Mapping[date, Fraction]) -> PeriodRate:
    used = sorted(days) if rate.method is FxMethod.MONTHLY_AVERAGE else [max(days)]
    value = sum((days[day] for day in used), Fraction(0)) / len(used)
    return PeriodRate(rate.base, rate.quote, rate.method, value, tuple(used), rate.via)


def _reaches(days: Mapping[date, Fraction], period: Period, method: FxMethod) -> bool:
    last_day = period.end - timedelta(days=1)
    starts = method is FxMethod.MONTH_END or min(days) - period.start <= LONGEST_GAP
    return starts and last_day - max(days) <= LONGEST_GAP


@dataclass(frozen=True)
class _Quoted:
    """Rates of one kind, by pair of currencies and day."""

    pairs: dict[tuple[str, str], dict[date, Fraction]] = field(default_factory=dict)

    def series(self, base: str, quote: str, via: str | None) -> dict[date, Fraction]:
        """The rate of each day on which one can be told."""
        if via is None:
            turned = {day: 1 / rate for day, rate in self.pairs.get((quote, base), {}).items()}
            return turned | self.pairs.get((base, quote), {})
        first, second = self.series(base, via, None), self.series(via, quote, None)
        return {day: first[day] * second[day] for day in first.keys() & second.keys()}


@dataclass(frozen=True)
class _Table:
    daily: _Quoted
    monthly: _Quoted

    @classmethod
    def of(cls, quotes: Iterable[FxQuote]) -> "_Table":
        table = cls(_Quoted(), _Quoted())
        for each in quotes:
            quoted = table.monthly if each.monthly else table.daily
            quoted.pairs.setdefault((each.base, each.quote), {})[each.day] = Fraction(each.rate)
        return table

    def pivots(self, base: str, quote: str) -> Iterator[str]:
        known = {currency for quoted in (self.daily, self.monthly) for pair in quoted.pairs for currency in pair}
        return iter(sorted(known - {base, quote}, key=lambda currency: (currency != FIRST_PIVOT, currency)))
