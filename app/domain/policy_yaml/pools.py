"""The pools of a policy document."""

from collections.abc import Collection
from decimal import Decimal

import yaml

from app.domain.between_pools import only_feeding_each_other
from app.domain.policy import BetweenPools, PolicyProblem, Pool, Split
from app.domain.policy_yaml.driver_splits import SCALAR_SPLITS, read_driver_split
from app.domain.policy_yaml.nodes import line_of
from app.domain.policy_yaml.payers import Payers, read_payer
from app.domain.policy_yaml.reader import Fields, YamlReader
from app.domain.treatments import POOL_PREFIX

KEYS = ("id", "name", "split", "among", "weights")


def read_pools(
    reader: YamlReader, node: yaml.Node | None, team_ids: Collection[str], between: BetweenPools
) -> tuple[Pool, ...]:
    """The pools, in the order written; those without an id are left out."""
    items = reader.items(node, "`pools`")
    read = [(item, reader.fields(item, "a pool", known=KEYS, required=("id", "split"))) for item in items]
    declared = Payers(team_ids, frozenset(str(fields["id"].value) for _, fields in read if "id" in fields), between)
    pools: dict[str, Pool] = {}
    for item, fields in read:
        pool = _pool(reader, item, fields, declared)
        if pool and pool.id in pools:
            reader.problem(
                item, f"pool `{pool.id}` is already declared on line {pools[pool.id].line}; give it another id"
            )
        elif pool:
            pools[pool.id] = pool
    if between is BetweenPools.RECIPROCAL:
        _refuse_closed_circles(reader, tuple(pools.values()))
    return tuple(pools.values())


def _refuse_closed_circles(reader: YamlReader, pools: Collection[Pool]) -> None:
    """Pools that only pay for each other leave the linear system without a solution."""
    if trapped := only_feeding_each_other(pools):
        names = ", ".join(f"`{pool_id}`" for pool_id in sorted(trapped))
        line = max(pool.line for pool in pools if pool.id in trapped)
        message = f"the cost of {names} never reaches a team: they only name each other; name a team in one of them"
        reader.problems.append(PolicyProblem(line, message))


def _pool(reader: YamlReader, node: yaml.Node, fields: Fields, declared: Payers) -> Pool | None:
    pool_id = reader.text(fields.get("id"), "the id of a pool")
    if pool_id is None:
        return None
    what = f"pool `{pool_id}`"
    if pool_id.startswith(POOL_PREFIX):
        reader.problem(fields["id"], f"the id of {what} cannot start with `{POOL_PREFIX}`; rename it")
    by_driver = isinstance(fields.get("split"), yaml.MappingNode)
    by = read_driver_split(reader, fields["split"], what, declared.team_ids) if by_driver else None
    split = Split.DRIVER if by_driver else _split(reader, fields.get("split"), what)
    _check_payers(reader, node, fields, what, split)
    if by and by.teams and "among" in fields:
        reader.problem(fields["among"], f"{what} names its teams in the split's `teams`; remove `among`")
    among = _among(reader, fields.get("among"), pool_id, declared)
    weights = _weights(reader, fields.get("weights"), pool_id, declared)
    if by and among[1]:
        reader.problem(fields["among"], f"{what} is split by a driver, which only teams have; name no pool in `among`")
    return Pool(
        id=pool_id,
        name=reader.text(fields.get("name"), f"the name of {what}") or pool_id,
        split=split or Split.EVEN,  # a document with problems is refused, so a stand-in does no harm
        among=among[0],
        weights=weights[0],
        by=by,
        among_pools=among[1],
        pool_weights=weights[1],
        line=line_of(node),
    )


def _split(reader: YamlReader, node: yaml.Node | None, what: str) -> Split | None:
    if isinstance(node, yaml.ScalarNode) and node.value == Split.DRIVER:
        reader.problem(
            node, f"the split of {what} must say which driver: split: {{driver: gateway_spend, fallback: even}}"
        )
        return None
    return reader.choice(node, f"the split of {what}", SCALAR_SPLITS)


def _check_payers(reader: YamlReader, node: yaml.Node, fields: Fields, what: str, split: Split | None) -> None:
    """A fixed split names its teams by `weights`, and no other split has any."""
    if split is Split.FIXED and "weights" not in fields:
        reader.problem(node, f"{what} has a fixed split and needs `weights`, such as {{team: 3, other: 1}}")
    if split is Split.FIXED and "among" in fields:
        reader.problem(fields["among"], f"{what} has a fixed split, whose `weights` name the teams; remove `among`")
    if split not in {Split.FIXED, None} and "weights" in fields:
        reader.problem(fields["weights"], f"`weights` of {what} need `split: fixed`; change the split or remove them")


def _among(
    reader: YamlReader, node: yaml.Node | None, pool_id: str, declared: Payers
) -> tuple[frozenset[str], frozenset[str]]:
    """The teams and the pools that pay."""
    items = reader.texts(node, f"`among` of pool `{pool_id}`")
    payers = [payer for item, _ in items if (payer := read_payer(reader, item, pool_id, declared))]
    return (
        frozenset(payer.id for payer in payers if not payer.is_pool),
        frozenset(payer.id for payer in payers if payer.is_pool),
    )


def _weights(
    reader: YamlReader, node: yaml.Node | None, pool_id: str, declared: Payers
) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """The weights of the teams and of the pools that pay."""
    teams: dict[str, Decimal] = {}
    pools: dict[str, Decimal] = {}
    if node is None:
        return teams, pools
    entries = reader.entries(node, f"`weights` of pool `{pool_id}`")
    if isinstance(node, yaml.MappingNode) and not node.value:
        reader.problem(node, f"`weights` of pool `{pool_id}` are empty; name at least one team")
    for name, (key_node, value) in entries.items():
        weight = reader.positive(value, f"the weight of `{name}` in pool `{pool_id}`")
        payer = read_payer(reader, key_node, pool_id, declared)
        if payer and weight:
            (pools if payer.is_pool else teams)[payer.id] = weight
    return teams, pools
