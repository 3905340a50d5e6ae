"""Posting: live charges × policy → the roll-ups that reports read, who pays for pools, drafts of statements, GPU waste.

Roll-ups keep the owner *before* sharing: a team, a pool, or nobody. A share is an exact factor, so reports multiply
when they read, at any grain, and every grain adds up to the same total (docs/decisions/0003).
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.chargeback.adjustments import adjust
from app.chargeback.basis import Basis, live_basis
from app.chargeback.draft import Drawn, draw_from, write_draft
from app.chargeback.gpu_findings import find
from app.chargeback.gpu_hours import keep_gpu_hours
from app.chargeback.gpu_waste import post_waste
from app.chargeback.policies import assign_new_keys, policy_in_force
from app.chargeback.summing import CELL, COST_COLUMNS, RESOURCE, SUMS, summed, summed_costs
from app.db.dataset import count_change
from app.db.load import driver
from app.domain.allocation import share
from app.domain.statement import Shares

# Only one transaction at a time may change the figures: two loads of one month each recompute what both share.
_POSTING_LOCK = 5_872_002

_DAILY = f"""
INSERT INTO daily_cost (billing_period_start, charge_day, {CELL}, row_count, {COST_COLUMNS})
SELECT :period, charge_day, {CELL}, row_count, {COST_COLUMNS}
FROM summed_by_day JOIN (SELECT DISTINCT cell_id, {CELL} FROM owned_key) AS cell USING (cell_id)
ORDER BY charge_day, cell_id
"""
_MONTHLY = f"""
INSERT INTO monthly_cost (billing_period_start, charge_month, {CELL}, row_count, {COST_COLUMNS})
SELECT billing_period_start, date_trunc('month', charge_day)::date, {CELL}, sum(row_count), {SUMS}
FROM daily_cost WHERE billing_period_start = :period
GROUP BY billing_period_start, date_trunc('month', charge_day)::date, {CELL}
"""
_MONTHLY_RESOURCE = f"""
INSERT INTO monthly_resource_cost (billing_period_start, charge_month, {RESOURCE}, row_count, {COST_COLUMNS})
SELECT :period, charge_month, {RESOURCE}, sum(row_count), {SUMS}
FROM summed_by_key JOIN owned_key USING (owned_key_id)
GROUP BY charge_month, {RESOURCE}
"""


def lock_posting(session: Session) -> None:
    """Waits until no other transaction is changing figures, and keeps the others out until this one ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTING_LOCK})


def post(session: Session, periods: Iterable[date], *, gpus: bool = True) -> None:
    """Rewrites roll-ups, pool shares, drafts and GPU waste of billing `periods` from live charges and policy in force.

    Without `gpus`, nothing that GPU waste rests on has changed, and it is left as it is. The caller holds
    `lock_posting`. Readers see the old figures until the transaction commits.
    """
    applied = policy_in_force(session)
    if applied:
        assign_new_keys(session, applied)
    posted = sorted(set(periods))
    for period in posted:
        keep_gpu_hours(session, period, applied.policy if applied else None)
        basis = live_basis(session, period)
        drawn = _rolled_up(session, basis)
        _share_pools(session, period, drawn.shares)
        write_draft(session, basis, drawn)
    adjust(session, posted)
    if gpus:
        post_waste(session, posted)
        find(session, posted)
    count_change(session)


def _rolled_up(session: Session, basis: Basis) -> Drawn:
    """Rewrites the roll-ups of a billing period; what was summed up for them is what its draft is drawn from."""
    for table in ("daily_cost", "monthly_cost", "monthly_resource_cost"):
        session.execute(text(f"DELETE FROM {table} WHERE billing_period_start = :period"), {"period": basis.period})
    with summed(session, basis):
        for statement in (_DAILY, _MONTHLY, _MONTHLY_RESOURCE):
            session.execute(text(statement), {"period": basis.period})
        return draw_from(session, basis, summed_costs(session, basis))


def _share_pools(session: Session, period: date, shares: Shares) -> None:
    session.execute(text("DELETE FROM pool_share WHERE billing_period_start = :period"), {"period": period})
    rows = [
        (period, currency, pool_id, team, share(Decimal(1), parts))
        for (currency, pool_id), by_team in shares.items()
        for team, parts in by_team.items()
        if parts
    ]
    with driver(session).cursor() as cursor:
        cursor.executemany("INSERT INTO pool_share VALUES (%s, %s, %s, %s, %s)", rows)
