"""Charges of a basis with their owners, summed: what roll-ups are written from, and what statements are drawn from."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.chargeback.basis import Basis
from app.chargeback.cost_types import COST_TYPE
from app.domain.charge import COSTS, Metric
from app.domain.statement import CostType, OwnedCost

COST_COLUMNS = ", ".join((*COSTS, *(f"{cost}_missing" for cost in COSTS)))
SUMS = ", ".join(f"sum({name}) AS {name}" for name in COST_COLUMNS.split(", "))
CELL = "team_id, pool_id, service_provider_name, service_category, service_name, charge_category, billing_currency"
RESOURCE = f"{CELL}, pricing_category, sub_account_id, region_id, sku_id, resource_id, resource_name"

# Quantities are added in the unit of what was consumed; purchases and some bills know only what was priced.
_KEYS = f"""(
    SELECT present.charge_key_id, coalesce(valid_from, '-infinity') AS valid_from,
           coalesce(valid_to, 'infinity') AS valid_to, {RESOURCE}, invoice_issuer_name, invoice_id,
           coalesce(consumed_unit, pricing_unit) AS unit, consumed_unit IS NOT NULL AS consumed,
           {COST_TYPE} AS cost_type
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
_BY_DAY = f"SELECT charge_day, cell_id, sum(row_count) AS row_count, {SUMS} FROM {_OWNED_CHARGES} GROUP BY 1, 2"
_QUANTITY = "sum(CASE WHEN consumed THEN consumed_quantity ELSE pricing_quantity END) AS quantity"
_BY_KEY = f"""
SELECT date_trunc('month', charge_day)::date AS charge_month, owned_key_id, sum(row_count) AS row_count, {SUMS},
       {_QUANTITY}
FROM {_OWNED_CHARGES} GROUP BY 1, 2
"""
_OWNED_COSTS = """
SELECT billing_currency, invoice_issuer_name, invoice_id, team_id, pool_id, cost_type, service_provider_name,
       service_name, CASE WHEN charge_category = 'Usage' THEN pricing_category END AS pricing_category, unit,
       coalesce(trim_scale(sum({metric})), 0), coalesce(trim_scale(sum(effective_cost)), 0),
       coalesce(trim_scale(sum(contracted_cost)), 0), trim_scale(sum(quantity)),
       sum(row_count)::bigint, coalesce(sum({metric}_missing), 0)::bigint
FROM summed_by_key JOIN owned_key USING (owned_key_id)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
"""


@contextmanager
def summed(session: Session, basis: Basis) -> Iterator[None]:
    """Makes the tables `owned_key`, `summed_by_day` and `summed_by_key` of `basis`, for as long as the block runs.

    The caller holds `lock_posting`: the tables are not temporary, because Postgres sums up with several workers only
    what all of them can read. Nobody else sees them, and they are gone before the commit.
    """
    values = _values(basis)
    numbered = f"row_number() OVER () AS owned_key_id, dense_rank() OVER (ORDER BY {CELL}) AS cell_id"
    session.execute(text(f"CREATE UNLOGGED TABLE owned_key AS SELECT {numbered}, * FROM {_KEYS}"), values)
    session.execute(text("ANALYZE owned_key"))
    session.execute(text(f"CREATE UNLOGGED TABLE summed_by_day AS {_BY_DAY}"), values)
    session.execute(text(f"CREATE UNLOGGED TABLE summed_by_key AS {_BY_KEY}"), values)
    yield
    session.execute(text("DROP TABLE owned_key, summed_by_day, summed_by_key"))


def summed_costs(session: Session, basis: Basis) -> tuple[OwnedCost, ...]:
    """`owned_costs(session, basis)`, from the tables that `summed` has made."""
    return _costs(session, _OWNED_COSTS, basis)


def owned_costs(session: Session, basis: Basis) -> tuple[OwnedCost, ...]:
    """The charges of `basis` by invoice, owner, kind of cost and service; amounts on what its statement is drawn on.

    It makes no table and takes no lock, so that any basis can be looked at: superseded loads, an older policy.
    A charge key that the policy version never judged belongs to nobody.
    """
    metric = statement_metric(basis).value
    names = dict.fromkeys((metric, f"{metric}_missing", "effective_cost", "contracted_cost", "row_count"))
    sums = ", ".join(f"sum({name}) AS {name}" for name in names)
    made = f"""
    WITH owned_key AS MATERIALIZED (SELECT row_number() OVER () AS owned_key_id, * FROM {_KEYS}),
         summed_by_key AS (SELECT owned_key_id, {sums}, {_QUANTITY} FROM {_OWNED_CHARGES} GROUP BY 1)
    """
    return _costs(session, made + _OWNED_COSTS, basis)


def statement_metric(basis: Basis) -> Metric:
    """The cost that a statement on `basis` is drawn on."""
    return basis.applied.policy.statement_metric if basis.applied else Metric.EFFECTIVE


def _costs(session: Session, query: str, basis: Basis) -> tuple[OwnedCost, ...]:
    rows = session.execute(text(query.replace("{metric}", statement_metric(basis).value)), _values(basis))
    return tuple(OwnedCost(*(*row[:5], CostType(row[5]), *row[6:])) for row in rows)


def _values(basis: Basis) -> dict[str, Any]:
    version = basis.applied.version if basis.applied else None
    return {"period": basis.period, "loads": list(basis.loads), "version": version}
