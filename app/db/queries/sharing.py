"""Who pays: rows that belong to a pool, multiplied out to the teams that share it.

A share is an exact factor, so it may be applied to a roll-up of any grain. A pool that nobody shares in a billing
period and currency stays unallocated.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, func, select

from app.db.queries.conditions import TeamTest
from app.db.tables.policy import PoolShare


@dataclass(frozen=True)
class Shared:
    """Rows joined with the shares of their pools.

    `counts` is true for exactly one of the rows that a source row becomes, and among those that pass the team test
    if any does: what counts source rows, counts them once.
    """

    rows: FromClause
    team: ColumnElement[Any]
    share: ColumnElement[Decimal]
    counts: ColumnElement[bool]


def shared(rows: FromClause, test: TeamTest) -> Shared:
    """`rows` (billing_period_start, billing_currency, team_id, pool_id, …) with the team that pays and its share."""
    share = PoolShare.__table__.c
    pool = (share.billing_period_start, share.billing_currency, share.pool_id)
    place = func.row_number().over(partition_by=pool, order_by=(test(share.team_id).desc(), share.team_id))
    payer = select(*pool, share.team_id, share.share, (place == 1).label("counts")).subquery("payer")
    same_pool = and_(*(payer.c[name] == rows.c[name] for name in (column.name for column in pool)))
    return Shared(
        rows=rows.outerjoin(payer, same_pool),
        team=func.coalesce(rows.c.team_id, payer.c.team_id),
        share=func.coalesce(payer.c.share, 1),
        counts=func.coalesce(payer.c.counts, True),
    )
