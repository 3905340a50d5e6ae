"""Posting: live charges × policy → the roll-ups that reports read, and who pays for each pool.

Roll-ups keep the owner *before* sharing: a team, a pool, or nobody. A share is an exact factor, so reports multiply
when they read, at any grain, and every grain adds up to the same total (docs/decisions/0003).
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.chargeback.policies import AppliedPolicy, assign_new_keys, policy_in_force
from app.chargeback.pool_basis import PoolBases
from app.db.load import driver
from app.domain.allocation import PARTS, pool_parts, share
from app.domain.charge import COSTS

# Only one transaction at a time may change the figures: two loads of one month each recompute what both share.
_POSTING_LOCK = 5_872_002

_COSTS = ", ".join((*COSTS, *(f"{cost}_missing" for cost in COSTS)))
_SUMS = ", ".join(f"sum({name}) AS {name}" for name in _COSTS.split(", "))
_CELL = "team_id, pool_id, service_provider_name, service_category, service_name, charge_category, billing_currency"
_RESOURCE = f"{_CELL}, pricing_category, sub_account_id, region_id, sku_id, resource_id, resource_name"

# Not temporary: Postgres sums up with several workers only what all of them can read, and nobody else sees these
# tables, which are gone before the commit.
_OWNED_KEYS = f"""
CREATE UNLOGGED TABLE owned_key AS
SELECT row_number() OVER () AS owned_key_id, dense_rank() OVER (ORDER BY {_CELL}) AS cell_id, *
FROM (
    SELECT present.charge_key_id, coalesce(valid_from, '-infinity') AS valid_from,
           coalesce(valid_to, 'infinity') AS valid_to, {_RESOURCE}
    FROM (SELECT DISTINCT charge_key_id FROM charge WHERE billing_period_start = :period AND load_id = ANY(:loads))
         AS present
    JOIN charge_key ON charge_key.id = present.charge_key_id
    LEFT JOIN assignment ON assignment.policy_version_id = :version
                        AND assignment.charge_key_id = present.charge_key_id
) AS key
"""
_OWNED_CHARGES = """
charge JOIN owned_key ON owned_key.charge_key_id = charge.charge_key_id
    AND charge_day >= valid_from AND charge_day < valid_to
WHERE billing_period_start = :period AND load_id = ANY(:loads)
"""
_SUMMED_BY_DAY = f"""
CREATE UNLOGGED TABLE summed_by_day AS
SELECT charge_day, cell_id, sum(row_count) AS row_count, {_SUMS} FROM {_OWNED_CHARGES} GROUP BY charge_day, cell_id
"""
_DAILY = f"""
INSERT INTO daily_cost (billing_period_start, charge_day, {_CELL}, row_count, {_COSTS})
SELECT :period, charge_day, {_CELL}, row_count, {_COSTS}
FROM summed_by_day JOIN (SELECT DISTINCT cell_id, {_CELL} FROM owned_key) AS cell USING (cell_id)
ORDER BY charge_day, cell_id
"""
_MONTHLY = f"""
INSERT INTO monthly_cost (billing_period_start, charge_month, {_CELL}, row_count, {_COSTS})
SELECT billing_period_start, date_trunc('month', charge_day)::date, {_CELL}, sum(row_count), {_SUMS}
FROM daily_cost WHERE billing_period_start = :period
GROUP BY billing_period_start, date_trunc('month', charge_day)::date, {_CELL}
"""
_SUMMED_BY_KEY = f"""
CREATE UNLOGGED TABLE summed_by_key AS
SELECT date_trunc('month', charge_day)::date AS charge_month, owned_key_id, sum(row_count) AS row_count, {_SUMS}
FROM {_OWNED_CHARGES} GROUP BY date_trunc('month', charge_day)::date, owned_key_id
"""
_MONTHLY_RESOURCE = f"""
INSERT INTO monthly_resource_cost (billing_period_start, charge_month, {_RESOURCE}, row_count, {_COSTS})
SELECT :period, charge_month, {_RESOURCE}, sum(row_count), {_SUMS}
FROM summed_by_key JOIN owned_key USING (owned_key_id)
GROUP BY charge_month, {_RESOURCE}
"""


def lock_posting(session: Session) -> None:
    """Waits until no other transaction is changing figures, and keeps the others out until this one ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTING_LOCK})


def post(session: Session, periods: Iterable[date]) -> None:
    """Rewrites the roll-ups and pool shares of the billing `periods` from live charges and the policy in force.

    The caller holds `lock_posting`. Readers see the old figures until the transaction commits.
    """
    applied = policy_in_force(session)
    if applied:
        assign_new_keys(session, applied)
    for period in sorted(set(periods)):
        _roll_up(session, period, applied)
        _share_pools(session, period, applied)
    session.execute(text("UPDATE dataset_version SET version = version + 1, changed_at = now()"))


def _roll_up(session: Session, period: date, applied: AppliedPolicy | None) -> None:
    for table in ("daily_cost", "monthly_cost", "monthly_resource_cost"):
        session.execute(text(f"DELETE FROM {table} WHERE billing_period_start = :period"), {"period": period})
    live = text("SELECT id FROM load WHERE billing_period_start = :period AND state = 'live'")
    loads = list(session.scalars(live, {"period": period}))
    values = {"period": period, "loads": loads, "version": applied.version if applied else None}
    session.execute(text(_OWNED_KEYS), values)
    session.execute(text("ANALYZE owned_key"))
    for statement in (_SUMMED_BY_DAY, _DAILY, _MONTHLY, _SUMMED_BY_KEY, _MONTHLY_RESOURCE):
        session.execute(text(statement), values)
    session.execute(text("DROP TABLE owned_key, summed_by_day, summed_by_key"))


def _share_pools(session: Session, period: date, applied: AppliedPolicy | None) -> None:
    session.execute(text("DELETE FROM pool_share WHERE billing_period_start = :period"), {"period": period})
    if not applied or not applied.policy.pools:
        return
    bases = PoolBases(session, applied.policy, period)
    with driver(session).cursor() as cursor:
        for currency, direct in _direct_costs(session, period).items():
            for pool in applied.policy.pools:
                parts = pool_parts(pool, bases.teams, direct, bases.basis(pool, currency))
                assert sum(parts.values()) in {0, PARTS}, f"the shares of pool {pool.id} do not add up to 1"
                cursor.executemany(
                    "INSERT INTO pool_share VALUES (%s, %s, %s, %s, %s)",
                    [(period, currency, pool.id, team, share(Decimal(1), n)) for team, n in parts.items() if n],
                )


def _direct_costs(session: Session, period: date) -> dict[str, dict[str, Decimal]]:
    """Effective cost that belongs to each team directly, by currency; every currency of the period appears."""
    direct: dict[str, dict[str, Decimal]] = {}
    query = text(
        "SELECT billing_currency, team_id, sum(effective_cost) FROM monthly_cost"
        " WHERE billing_period_start = :period GROUP BY 1, 2"
    )
    for currency, team_id, cost in session.execute(query, {"period": period}):
        of_currency = direct.setdefault(currency, {})
        if team_id is not None and cost is not None:
            of_currency[team_id] = cost
    return direct
