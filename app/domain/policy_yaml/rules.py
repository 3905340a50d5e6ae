"""The rules of a policy document."""

from dataclasses import dataclass

import yaml

from app.domain.policy import AllOf, Rule, Tag, Target, ToNobody, ToPool, ToTeam, ToTeamFromTag
from app.domain.policy_yaml.conditions import read_condition
from app.domain.policy_yaml.nodes import line_of
from app.domain.policy_yaml.reader import Fields, YamlReader

TARGETS = ("team", "team_from_tag", "pool", "unallocated")
KEYS = ("name", "when", *TARGETS, "valid_from", "valid_to")


@dataclass(frozen=True)
class Declared:
    """The ids that the document declares, which rules, pools and treatments may name."""

    team_ids: frozenset[str]
    pool_ids: frozenset[str]


def read_rules(reader: YamlReader, node: yaml.Node | None, declared: Declared) -> tuple[Rule, ...]:
    """The rules, in the order written; those that cannot be read are left out."""
    rules = [_rule(reader, item, declared) for item in reader.items(node, "`rules`")]
    return tuple(rule for rule in rules if rule)


def _rule(reader: YamlReader, node: yaml.Node, declared: Declared) -> Rule | None:
    fields = reader.fields(node, "a rule", known=KEYS, required=("name",))
    name = reader.text(fields.get("name"), "the name of a rule") or ""
    valid_from, valid_to = reader.validity(fields, f"rule `{name}`")
    # A rule without `when` takes whatever the rules before it left.
    condition = read_condition(reader, fields["when"]) if "when" in fields else AllOf()
    target = _target(reader, node, fields, declared)
    if condition is None or target is None:
        return None
    return Rule(name, condition, target, valid_from, valid_to, line=line_of(node))


def _target(reader: YamlReader, node: yaml.Node, fields: Fields, declared: Declared) -> Target | None:
    targets = [key for key in TARGETS if key in fields]
    if not targets:
        reader.problem(node, f"a rule must say where its cost goes; add one of {', '.join(TARGETS)}")
        return None
    if len(targets) > 1:
        reader.problem(fields[targets[1]], f"a rule has one target, and this one has {' and '.join(targets)}; keep one")
        return None
    value = fields[targets[0]]
    match targets[0]:
        case "team":
            team_id = reader.reference(value, "team", declared.team_ids)
            return ToTeam(team_id) if team_id else None
        case "pool":
            pool_id = reader.reference(value, "pool", declared.pool_ids)
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
