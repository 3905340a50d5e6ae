"""The rules of a policy document."""

from collections.abc import Collection

import yaml

from app.domain.policy import AllOf, Rule, Tag, Target, ToNobody, ToPool, ToTeam, ToTeamFromTag
from app.domain.policy_yaml.conditions import read_condition
from app.domain.policy_yaml.nodes import line_of
from app.domain.policy_yaml.reader import Fields, YamlReader

TARGETS = ("team", "team_from_tag", "pool", "unallocated")
KEYS = ("name", "when", *TARGETS, "valid_from", "valid_to")


def read_rules(
    reader: YamlReader, node: yaml.Node | None, *, team_ids: Collection[str], pool_ids: Collection[str]
) -> tuple[Rule, ...]:
    """The rules, in the order written; those that cannot be read are left out."""
    rules = [_rule(reader, item, team_ids, pool_ids) for item in reader.items(node, "`rules`")]
    return tuple(rule for rule in rules if rule)


def _rule(reader: YamlReader, node: yaml.Node, team_ids: Collection[str], pool_ids: Collection[str]) -> Rule | None:
    fields = reader.fields(node, "a rule", known=KEYS, required=("name",))
    name = reader.text(fields.get("name"), "the name of a rule") or ""
    what = f"rule `{name}`"
    valid_from, valid_to = reader.validity(fields, what)
    # A rule without `when` takes whatever the rules before it left.
    condition = read_condition(reader, fields["when"]) if "when" in fields else AllOf()
    target = _target(reader, node, fields, what, team_ids, pool_ids)
    if condition is None or target is None:
        return None
    return Rule(name, condition, target, valid_from, valid_to, line=line_of(node))


def _target(
    reader: YamlReader,
    node: yaml.Node,
    fields: Fields,
    what: str,
    team_ids: Collection[str],
    pool_ids: Collection[str],
) -> Target | None:
    targets = [key for key in TARGETS if key in fields]
    if len(targets) != 1:
        found = f"has {' and '.join(targets)}; keep one" if targets else f"has none; write one of {', '.join(TARGETS)}"
        reader.problem(
            fields[targets[1]] if targets else node, f"{what} must say where its cost goes once, and {found}"
        )
        return None
    value = fields[targets[0]]
    match targets[0]:
        case "team":
            team_id = reader.reference(value, "team", team_ids)
            return ToTeam(team_id) if team_id else None
        case "pool":
            pool_id = reader.reference(value, "pool", pool_ids)
            return ToPool(pool_id) if pool_id else None
        case "team_from_tag":
            tag = reader.text(value, "`team_from_tag`")
            return ToTeamFromTag(Tag(tag)) if tag else None
        case _:
            return _to_nobody(reader, value)


def _to_nobody(reader: YamlReader, node: yaml.Node) -> ToNobody | None:
    flag = reader.flag(node, "`unallocated`")
    if flag is False:
        reader.problem(node, "`unallocated` can only be true; name a team or a pool instead")
    return ToNobody() if flag else None
