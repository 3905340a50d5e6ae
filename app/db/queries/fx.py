"""Reads of rates between currencies."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app.db.tables.fx import FxRate
from app.db.tables.statements import Statement
from app.domain.fx import FxQuote, PeriodRate, WantedRates, period_rate
from app.domain.period import Period
from app.domain.policy import FxMethod, Reporting
from app.domain.reporting_currency import ReportingRates
from app.domain.statement import StatementState


def rate_rows(session: Session, wanted: WantedRates, *, before: int | None, limit: int | None) -> Sequence[FxRate]:
    """The rates that are wanted, those imported last first."""
    statement = _narrowed(select(FxRate), wanted).order_by(FxRate.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(FxRate.id < before)
    return session.scalars(statement).all()


def _narrowed(statement: Select[Any], wanted: WantedRates) -> Select[Any]:
    if wanted.base:
        statement = statement.where(FxRate.base_currency == wanted.base)
    if wanted.quote:
        statement = statement.where(FxRate.quote_currency == wanted.quote)
    if wanted.start:
        statement = statement.where(FxRate.day >= wanted.start)
    if wanted.end:
        statement = statement.where(FxRate.day < wanted.end)
    return statement if wanted.superseded else statement.where(FxRate.superseded_at.is_(None))


def rate_for(
    session: Session, base: str, quote: str, period: Period, method: FxMethod, *, whole: bool = True
) -> PeriodRate:
    """What one unit of `base` is worth in `quote` for a billing period. Raises MissingRate."""
    return period_rate(_quotes(session, {base, quote}, period), base, quote, period, method, whole=whole)


def reporting_rates(
    session: Session, currencies: Iterable[str], reporting: Reporting, period: Period, *, whole: bool = True
) -> ReportingRates:
    """The rates from `currencies` into the reporting currency for a billing period. Raises MissingRate."""
    others = sorted(set(currencies) - {reporting.currency})
    quotes = _quotes(session, {*others, reporting.currency}, period) if others else []
    rates = {
        base: period_rate(quotes, base, reporting.currency, period, reporting.method, whole=whole) for base in others
    }
    return ReportingRates(reporting.currency, rates)


def frozen_rates(session: Session, period: Period, currency: str) -> ReportingRates | None:
    """The rates into `currency` that the period's statement was closed with; None where it was not."""
    statement = select(Statement.fx).where(
        Statement.billing_period_start == period.start, Statement.state == StatementState.CLOSED.value
    )
    kept = session.scalars(statement).first()
    return ReportingRates.from_json(currency, kept) if kept else None


def _quotes(session: Session, currencies: Iterable[str], period: Period) -> list[FxQuote]:
    """The current rates of a month that have one of `currencies` on either side."""
    names = sorted(currencies)
    statement = select(FxRate).where(
        FxRate.superseded_at.is_(None),
        FxRate.day >= period.start,
        FxRate.day < period.end,
        or_(FxRate.base_currency.in_(names), FxRate.quote_currency.in_(names)),
    )
    return [
        FxQuote(each.base_currency, each.quote_currency, each.day, each.rate, each.monthly)
        for each in session.scalars(statement)
    ]
