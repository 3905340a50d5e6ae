"""What a restated bill moved: the difference between a load and what it replaces."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

_DIFFERENCE = """
WITH summed AS (
    SELECT load_id, team_id, pool_id, service_name, billing_currency,
           sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost
    FROM charge
    JOIN charge_key ON charge_key.id = charge.charge_key_id
    LEFT JOIN assignment ON assignment.policy_version_id = :version
        AND assignment.charge_key_id = charge.charge_key_id
        AND charge_day >= valid_from AND charge_day < valid_to
    WHERE load_id = :after OR load_id = ANY(:before)
    GROUP BY 1, 2, 3, 4, 5
), compared AS (
    SELECT team_id, pool_id, service_name, billing_currency,
           coalesce(sum(billed_cost) FILTER (WHERE load_id <> :after), 0) AS billed_before,
           coalesce(sum(billed_cost) FILTER (WHERE load_id = :after), 0) AS billed_after,
           coalesce(sum(effective_cost) FILTER (WHERE load_id <> :after), 0) AS effective_before,
           coalesce(sum(effective_cost) FILTER (WHERE load_id = :after), 0) AS effective_after
    FROM summed GROUP BY 1, 2, 3, 4
)
INSERT INTO load_difference
SELECT :after, row_number() OVER (ORDER BY team_id, pool_id, service_name, billing_currency), compared.*
FROM compared
WHERE billed_before <> billed_after OR effective_before <> effective_after
"""


def record_difference(session: Session, *, before: Sequence[int], after: int, policy_version: int | None) -> int:
    """Records by owner, service and currency what load `after` changed against the loads `before`.

    Owners are those of the policy in force. Returns the number of lines that differ.
    """
    values = {"before": list(before), "after": after, "version": policy_version}
    result = session.execute(text(_DIFFERENCE), values)
    return int(result.rowcount)  # type: ignore[attr-defined]
