"""A billing period beside another in the reporting currency, with the effect of exchange rates as a line of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from app.chargeback.policies import policy_in_force
from app.db.queries.fx import frozen_rates, reporting_rates
from app.domain.charge import Metric
from app.domain.currency_effects import Effects, ShownEffects, effects, shown, summed
from app.domain.fx import PeriodRate
from app.domain.invoice import subunit
from app.domain.period import Period
from app.domain.policy import FxMethod, Reporting
from app.domain.reporting_currency import ReportingRates
from app.domain.viewer import Viewer
from app.errors import BadInput
from app.reports.chargeback import ChargebackReport, chargeback
from app.reports.fx import UsedRate, used_rate
from app.reports.owed import UNALLOCATED


@dataclass(frozen=True)
class ComparedTeam:
    """What a team owes in two periods, and why it is another amount; no team id: the unallocated cost."""

    team_id: str | None
    name: str
    amounts: ShownEffects


@dataclass(frozen=True)
class ComparedRate:
    """A billing currency's rate in the two periods."""

    billing_currency: str
    before: UsedRate
    now: UsedRate


@dataclass(frozen=True)
class CurrencyComparison:
    """Two billing periods in the reporting currency. The teams and the unallocated add up to the total."""

    period: Period
    compared_with: Period
    metric: Metric
    currency: str
    rates: tuple[ComparedRate, ...]
    teams: tuple[ComparedTeam, ...]
    unallocated: ComparedTeam
    total: ShownEffects


def currency_comparison(
    session: Session,
    viewer: Viewer,
    period: Period,
    compared_with: Period,
    *,
    today: date,
    currency: str | None = None,
    method: FxMethod | None = None,
    metric: Metric | None = None,
) -> CurrencyComparison:
    """`period` beside `compared_with`, for the teams that `viewer` may see.

    A closed period is turned by the rates it was closed with, any other by those known now: a month that is not over
    `today`, by the days there are. The currency and the method are the policy's unless given. Raises BadInput where
    neither says a currency, MissingRate where a rate is missing.
    """
    reporting = _reporting(session, currency, method)
    now = chargeback(session, viewer, period, metric)
    before = chargeback(session, viewer, compared_with, now.metric)
    currencies = {block.currency for report in (now, before) for block in report.blocks}
    then, current = (
        _rates(session, each, currencies, reporting, whole=each.end <= today) for each in (compared_with, period)
    )
    owed_now, owed_before = _owed(now), _owed(before)
    order = _order(owed_now, owed_before)
    rows = [effects(owed_before.get(team, {}), owed_now.get(team, {}), then, current) for team in order]
    names = _names(before) | _names(now)
    compared = _compared(order, names, rows, reporting.currency)
    return CurrencyComparison(
        period=period,
        compared_with=compared_with,
        metric=now.metric,
        currency=reporting.currency,
        rates=_compared_rates(then, current, compared_with, period),
        teams=tuple(compared[:-1]),
        unallocated=compared[-1],
        total=summed(each.amounts for each in compared),
    )


def _reporting(session: Session, currency: str | None, method: FxMethod | None) -> Reporting:
    applied = policy_in_force(session)
    told = applied.policy.reporting if applied else None
    named = currency or (told.currency if told else None)
    if named is None:
        raise BadInput(
            "The policy names no reporting currency. Add `reporting: {currency: EUR}` to it, or say which you mean."
        )
    return Reporting(named, method or (told.method if told else FxMethod.MONTHLY_AVERAGE))


def _rates(
    session: Session, period: Period, currencies: set[str], reporting: Reporting, *, whole: bool
) -> ReportingRates:
    """The rates a period was closed with and, for what those do not have, the rates known now."""
    frozen = frozen_rates(session, period, reporting.currency)
    kept: Mapping[str, PeriodRate] = frozen.by_currency if frozen else {}
    missing = currencies - kept.keys()
    known = reporting_rates(session, missing, reporting, period, whole=whole)
    return ReportingRates(reporting.currency, {**known.by_currency, **kept})


def _owed(report: ChargebackReport) -> dict[str | None, dict[str, Decimal]]:
    """What each team owes, and nobody does, by billing currency."""
    owed: dict[str | None, dict[str, Decimal]] = {}
    for block in report.blocks:
        for charge in (*block.teams, block.unallocated):
            owed.setdefault(charge.team_id, {})[block.currency] = charge.total
    return owed


def _names(report: ChargebackReport) -> dict[str | None, str]:
    return {each.team_id: each.name for block in report.blocks for each in (*block.teams, block.unallocated)}


def _order(*owed: Mapping[str | None, object]) -> tuple[str | None, ...]:
    """Every team by its id, and last what nobody owes."""
    return (*sorted({team for each in owed for team in each if team is not None}), None)


def _compared(
    order: Iterable[str | None], names: Mapping[str | None, str], rows: Iterable[Effects], currency: str
) -> list[ComparedTeam]:
    amounts = shown(rows, subunit(currency))
    return [ComparedTeam(team, names.get(team, UNALLOCATED), each) for team, each in zip(order, amounts, strict=True)]


def _compared_rates(
    then: ReportingRates, current: ReportingRates, before: Period, now: Period
) -> tuple[ComparedRate, ...]:
    both = sorted(then.by_currency.keys() & current.by_currency.keys())
    return tuple(
        ComparedRate(name, used_rate(then.by_currency[name], before), used_rate(current.by_currency[name], now))
        for name in both
    )
