"""The rates that a statement is closed with: into the reporting currency of the policy in force."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.chargeback.policies import policy_in_force
from app.db.queries.fx import rate_for
from app.domain.fx import MissingRate, PeriodRate
from app.domain.period import Period
from app.domain.statement import StatementLine


@dataclass(frozen=True)
class ClosingRates:
    """The rates from the currencies of a statement, and those that there are none of."""

    known: tuple[PeriodRate, ...] = ()
    missing: tuple[MissingRate, ...] = ()


def closing_rates(session: Session, period: Period, lines: Iterable[StatementLine]) -> ClosingRates:
    """The rates for `lines` of a billing month; none when the policy names no reporting currency."""
    applied = policy_in_force(session)
    reporting = applied.policy.reporting if applied else None
    if reporting is None:
        return ClosingRates()
    known, missing = [], []
    for currency in sorted({line.key.billing_currency for line in lines} - {reporting.currency}):
        try:
            known.append(rate_for(session, currency, reporting.currency, period, reporting.method))
        except MissingRate as error:
            missing.append(error)
    return ClosingRates(tuple(known), tuple(missing))
