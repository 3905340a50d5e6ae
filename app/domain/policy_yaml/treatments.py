"""The treatments of a policy document."""

from dataclasses import dataclass

import yaml

from app.domain.policy import ToPool, ToTeam
from app.domain.policy_yaml.nodes import kind_of, line_of
from app.domain.policy_yaml.reader import YamlReader
from app.domain.policy_yaml.rules import Declared
from app.domain.treatments import Kind, Treatment

IDLE = "idle"
KEYS = (*Kind, IDLE)
OWNER, SPREAD = "owner", "spread"
WORDS = (OWNER, SPREAD)
TARGETS = ("team", "pool")


@dataclass(frozen=True)
class Idle:
    """Who pays for what is idle in pools that are split by a driver: a team, nobody, or whoever the split says."""

    team_id: str | None = None
    left_out: bool = False


@dataclass(frozen=True)
class Treatments:
    """What a document says of costs without a natural owner, in the order in which charges are asked."""

    of_charges: tuple[Treatment, ...] = ()
    idle: Idle = Idle()


def read_treatments(reader: YamlReader, node: yaml.Node | None, declared: Declared) -> Treatments:
    """The treatments; what is left to the rules is left out."""
    if node is None:
        return Treatments()
    fields = reader.fields(node, "`treatments`", known=KEYS)
    found = []
    for kind in Kind:
        if kind in fields:
            target = _target(reader, fields[kind], f"the treatment of {kind}", declared)
            if target is not None and target != OWNER:
                to = None if isinstance(target, str) else target
                found.append(Treatment(kind, to, line_of(fields[kind])))
    return Treatments(tuple(found), _idle(reader, fields.get(IDLE), declared))


def _target(reader: YamlReader, node: yaml.Node, what: str, declared: Declared) -> ToTeam | ToPool | str | None:
    """Where the costs go, or a word that says it; None after a problem."""
    if isinstance(node, yaml.ScalarNode):
        if node.value in WORDS:
            return str(node.value)
        reader.problem(node, f"{what} must be owner, spread, {{team: ID}} or {{pool: ID}}, not {kind_of(node)}")
        return None
    problems = len(reader.problems)
    fields = reader.fields(node, what, known=TARGETS)
    if len(reader.problems) == problems and len(fields) != 1:
        reader.problem(
            node, f"{what} has one of {' and '.join(TARGETS)}; this one has {' and '.join(fields) or 'none'}"
        )
        return None
    if team_id := reader.reference(fields.get("team"), "team", declared.team_ids):
        return ToTeam(team_id)
    pool_id = reader.reference(fields.get("pool"), "pool", declared.pool_ids)
    return ToPool(pool_id) if pool_id else None


def _idle(reader: YamlReader, node: yaml.Node | None, declared: Declared) -> Idle:
    if node is None:
        return Idle()
    match _target(reader, node, "the treatment of idle", declared):
        case ToTeam(team_id):
            return Idle(team_id)
        case ToPool():
            reader.problem(
                node, "what is idle in a pool stays in it and cannot go to a pool; write owner, spread or {team: ID}"
            )
            return Idle()
        case word:
            return Idle(left_out=word == SPREAD)
