"""Who a pool names as payers: teams by their id, other pools as `pool:ID`."""

from collections.abc import Collection
from dataclasses import dataclass

import yaml

from app.domain.policy import BetweenPools
from app.domain.policy_yaml.reader import YamlReader

POOL = "pool:"  # before the id of a pool, where a team or a pool may pay


@dataclass(frozen=True)
class Payers:
    """The teams and pools that the document declares, and whether pools pay anything."""

    team_ids: Collection[str]
    pool_ids: Collection[str]
    between: BetweenPools


@dataclass(frozen=True)
class Payer:
    """A team or a pool that pays."""

    id: str
    is_pool: bool


def read_payer(reader: YamlReader, node: yaml.Node, pool_id: str, declared: Payers) -> Payer | None:
    """Who a node of the pool `pool_id` names, or None after a problem."""
    if not str(node.value).startswith(POOL):
        team_id = reader.reference(node, "team", declared.team_ids)
        return Payer(team_id, is_pool=False) if team_id else None
    other = reader.reference(node, "pool", declared.pool_ids, prefix=POOL)
    if other == pool_id:
        reader.problem(node, f"pool `{pool_id}` cannot pay for itself; remove `{node.value}`")
    elif other and declared.between is BetweenPools.DIRECT:
        reader.problem(
            node,
            f"pool `{other}` pays nothing while `between_pools` is direct; write between_pools: step_down or"
            " between_pools: reciprocal, or name teams only",
        )
    else:
        return Payer(other, is_pool=True) if other else None
    return None
