"""Rates between currencies: those that are known, and the one that a period's amounts are turned by."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal

from sqlalchemy.orm import Session

from app.db.queries.fx import rate_for, rate_rows
from app.domain.fx import PeriodRate, WantedRates
from app.domain.period import Period
from app.domain.policy import FxMethod
from app.domain.viewer import Scope, Viewer

SHOWN_DIGITS = 12  # of a rate that is a fraction, such as one crossed through the euro
_SHOWN = Context(prec=SHOWN_DIGITS, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True)
class RateRow:
    """What one unit of a currency is worth in another on a day or, if `monthly`, on average in the month it begins."""

    id: int
    base_currency: str
    quote_currency: str
    day: date
    monthly: bool
    rate: Decimal
    imported_from: str
    imported_at: datetime
    superseded_at: datetime | None


@dataclass(frozen=True)
class UsedRate:
    """The rate by which a period's amounts are turned; `rate` to twelve digits, the two integers exactly."""

    base_currency: str
    quote_currency: str
    period: Period
    method: FxMethod
    rate: Decimal
    numerator: str
    denominator: str
    via: str | None  # the currency in between
    monthly: bool  # of published averages of the month
    days: int
    first_day: date | None
    last_day: date | None


def fx_rates(
    session: Session, viewer: Viewer, wanted: WantedRates, *, before: int | None = None, limit: int | None = 100
) -> tuple[RateRow, ...]:
    """The rates that are wanted, those imported last first."""
    viewer.require(Scope.READ_COSTS)
    return tuple(
        RateRow(
            id=row.id,
            base_currency=row.base_currency,
            quote_currency=row.quote_currency,
            day=row.day,
            monthly=row.monthly,
            rate=row.rate,
            imported_from=row.imported_from,
            imported_at=row.imported_at,
            superseded_at=row.superseded_at,
        )
        for row in rate_rows(session, wanted, before=before, limit=limit)
    )


def fx_rate(session: Session, viewer: Viewer, base: str, quote: str, *, period: Period, method: FxMethod) -> UsedRate:
    """The rate from `base` to `quote` for a billing period. Raises MissingRate where none can be told."""
    viewer.require(Scope.READ_COSTS)
    return used_rate(rate_for(session, base, quote, period, method), period)


def used_rate(rate: PeriodRate, period: Period) -> UsedRate:
    """`rate` as it is shown."""
    numerator, denominator = rate.value.numerator, rate.value.denominator
    return UsedRate(
        base_currency=rate.base,
        quote_currency=rate.quote,
        period=period,
        method=rate.method,
        rate=_SHOWN.divide(Decimal(numerator), Decimal(denominator)),
        numerator=str(numerator),
        denominator=str(denominator),
        via=rate.via,
        monthly=rate.monthly,
        days=len(rate.days),
        first_day=min(rate.days, default=None),
        last_day=max(rate.days, default=None),
    )
