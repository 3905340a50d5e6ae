"""The pools of a policy document."""

from collections.abc import Collection
from decimal import Decimal

import yaml

from app.domain.policy import Pool, Split
from app.domain.policy_yaml.driver_splits import SCALAR_SPLITS, read_driver_split
from app.domain.policy_yaml.nodes import line_of
from app.domain.policy_yaml.reader import Fields, YamlReader

KEYS = ("id", "name", "split", "among", "weights")


def read_pools(reader: YamlReader, node: yaml.Node | None, team_ids: Collection[str]) -> tuple[Pool, ...]:
    """The pools, in the order written; those without an id are left out."""
    pools: dict[str, Pool] = {}
    for item in reader.items(node, "`pools`"):
        pool = _pool(reader, item, team_ids)
        if pool and pool.id in pools:
            reader.problem(
                item, f"pool `{pool.id}` is already declared on line {pools[pool.id].line}; give it another id"
            )
        elif pool:
            pools[pool.id] = pool
    return tuple(pools.values())


def _pool(reader: YamlReader, node: yaml.Node, team_ids: Collection[str]) -> Pool | None:
    fields = reader.fields(node, "a pool", known=KEYS, required=("id", "split"))
    pool_id = reader.text(fields.get("id"), "the id of a pool")
    if pool_id is None:
        return None
    what = f"pool `{pool_id}`"
    by_driver = isinstance(fields.get("split"), yaml.MappingNode)
    by = read_driver_split(reader, fields["split"], what, team_ids) if by_driver else None
    split = Split.DRIVER if by_driver else _split(reader, fields.get("split"), what)
    among = reader.texts(fields.get("among"), f"`among` of {what}")
    _check_payers(reader, node, fields, what, split)
    if by and by.teams and "among" in fields:
        reader.problem(fields["among"], f"{what} names its teams in the split's `teams`; remove `among`")
    return Pool(
        id=pool_id,
        name=reader.text(fields.get("name"), f"the name of {what}") or pool_id,
        split=split or Split.EVEN,  # a document with problems is refused, so a stand-in does no harm
        among=frozenset(text for item, text in among if reader.reference(item, "team", team_ids)),
        weights=_weights(reader, fields.get("weights"), what, team_ids),
        by=by,
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


def _weights(reader: YamlReader, node: yaml.Node | None, what: str, team_ids: Collection[str]) -> dict[str, Decimal]:
    weights: dict[str, Decimal] = {}
    if node is None:
        return weights
    entries = reader.entries(node, f"`weights` of {what}")
    if isinstance(node, yaml.MappingNode) and not node.value:
        reader.problem(node, f"`weights` of {what} are empty; name at least one team")
    for team_id, (key_node, value) in entries.items():
        weight = reader.positive(value, f"the weight of `{team_id}` in {what}")
        if reader.reference(key_node, "team", team_ids) and weight:
            weights[team_id] = weight
    return weights
