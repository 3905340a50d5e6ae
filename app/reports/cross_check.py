"""Whether estimates agree with the bill of the same account: AWS Cost Explorer beside an export.

An estimate never counts beside a bill (`ingest.booking`), but its load is kept. It comes from another service of the
vendor, so a part of the bill that never arrived shows here.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.db.queries.cross_check import AccountLoad, bill_loads, checkable_periods, estimate_loads, service_costs
from app.domain.cross_check import CheckedService, CheckedTotal, Match, checked_services, checked_totals, unmatched
from app.domain.period import Period
from app.domain.viewer import Viewer
from app.reports.visibility import sees_everything


@dataclass(frozen=True)
class CheckedLoad:
    """A load that is compared."""

    load_id: int
    source: str
    state: str
    created_at: datetime
    last_charge_day: date


@dataclass(frozen=True)
class CheckedAccount:
    """A billing account's live bills beside its newest estimate; the lines add up to the totals."""

    billing_account_id: str
    bills: tuple[CheckedLoad, ...]
    estimate: CheckedLoad
    totals: tuple[CheckedTotal, ...]
    services: tuple[CheckedService, ...]
    only_in_bill: tuple[str, ...]  # names of services
    only_in_estimate: tuple[str, ...]


@dataclass(frozen=True)
class CrossCheck:
    """Each account of a billing month that has both a bill and an estimate."""

    period: Period
    accounts: tuple[CheckedAccount, ...]


def cross_check(session: Session, viewer: Viewer, period: Period) -> CrossCheck:
    """How the live bills of `period` differ from the newest estimates of the same accounts.

    Empty for a viewer who sees only some teams: it is about whole bills.
    """
    if not sees_everything(viewer):
        return CrossCheck(period, ())
    guesses: dict[str, AccountLoad] = {}
    for load in estimate_loads(session, period.start):
        for account in load.billing_account_ids:
            guesses.setdefault(account, load)
    bills = bill_loads(session, period.start)
    accounts = [
        _account(session, period, account, [each for each in bills if account in each.billing_account_ids], guess)
        for account, guess in sorted(guesses.items())
    ]
    return CrossCheck(period, tuple(each for each in accounts if each))


def _account(
    session: Session, period: Period, account: str, bills: list[AccountLoad], guess: AccountLoad
) -> CheckedAccount | None:
    if not bills:
        return None
    billed = service_costs(session, [each.load_id for each in bills], period.start, account)
    lines = checked_services(billed, service_costs(session, [guess.load_id], period.start, account))
    return CheckedAccount(
        billing_account_id=account,
        bills=tuple(_load(each) for each in bills),
        estimate=_load(guess),
        totals=checked_totals(lines),
        services=lines,
        only_in_bill=unmatched(lines, Match.ONLY_BILL),
        only_in_estimate=unmatched(lines, Match.ONLY_ESTIMATE),
    )


def _load(load: AccountLoad) -> CheckedLoad:
    return CheckedLoad(load.load_id, load.source, load.state, load.created_at, load.last_charge_day)


def cross_check_months(session: Session, viewer: Viewer) -> tuple[date, ...]:
    """The billing months that can be checked, newest first; none for a viewer who sees only some teams."""
    return tuple(checkable_periods(session)) if sees_everything(viewer) else ()
