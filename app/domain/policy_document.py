"""A policy document, from YAML text to policy. Everything that is wrong with it is told at once, by line."""

from dataclasses import replace

from app.domain.charge import Metric
from app.domain.policy import BetweenPools, Policy, PolicyError, PolicyProblem, Pool
from app.domain.policy_yaml.gpu import read_gpu
from app.domain.policy_yaml.ledger import read_ledger
from app.domain.policy_yaml.nodes import load
from app.domain.policy_yaml.pools import read_pools
from app.domain.policy_yaml.reader import YamlReader
from app.domain.policy_yaml.rules import Declared, read_rules
from app.domain.policy_yaml.statements import read_close, read_commitment_benefit, read_markup, read_reporting
from app.domain.policy_yaml.teams import read_teams
from app.domain.policy_yaml.treatments import Idle, read_treatments

KEYS = (
    "name",
    "statement_metric",
    "teams",
    "cost_centers",
    "gl_accounts",
    "accounts",
    "pools",
    "between_pools",
    "treatments",
    "rules",
    "commitment_benefit",
    "markup",
    "reporting",
    "close",
    "gpu",
)
STATEMENT_METRICS = (Metric.EFFECTIVE, Metric.BILLED)


def parse_policy(text: str) -> Policy:
    """The policy that a document describes, or a PolicyError with every problem in it.

    Treatments become rules that stand before the document's own, and the pools that they need.
    """
    root = load(text)
    if isinstance(root, PolicyProblem):
        raise PolicyError([root])
    reader = YamlReader()
    fields = reader.fields(root, "the policy", known=KEYS, required=("name",))
    metric = reader.choice(fields.get("statement_metric"), "`statement_metric`", STATEMENT_METRICS)
    between = reader.choice(fields.get("between_pools"), "`between_pools`", BetweenPools) or BetweenPools.DIRECT
    ledger = read_ledger(reader, *(fields.get(key) for key in ("cost_centers", "gl_accounts", "accounts")))
    teams = read_teams(reader, fields.get("teams"), ledger)
    team_ids = frozenset(team.id for team in teams)
    pools = read_pools(reader, fields.get("pools"), team_ids, between)
    declared = Declared(team_ids, frozenset(pool.id for pool in pools))
    treatments = read_treatments(reader, fields.get("treatments"), declared)
    own_rules = read_rules(reader, fields.get("rules"), declared)
    policy = Policy(
        name=reader.text(fields.get("name"), "`name`") or "",
        teams=teams,
        pools=(
            *(_with_idle(pool, treatments.idle) for pool in pools),
            *(each.pool for each in treatments.of_charges if each.pool),
        ),
        rules=(*(each.rule for each in treatments.of_charges), *own_rules),
        statement_metric=metric or Metric.EFFECTIVE,
        between_pools=between,
        commitment_benefit=read_commitment_benefit(reader, fields.get("commitment_benefit")),
        markup=read_markup(reader, fields.get("markup"), team_ids),
        close=read_close(reader, fields.get("close")),
        reporting=read_reporting(reader, fields.get("reporting")),
        cost_centers=ledger.cost_centers,
        gl_accounts=ledger.gl_accounts,
        accounts=ledger.accounts,
        gpu=read_gpu(reader, fields.get("gpu"), team_ids),
    )
    if reader.problems:
        raise PolicyError(reader.problems)
    return policy


def _with_idle(pool: Pool, idle: Idle) -> Pool:
    """A pool that is split by a driver, with who pays for what is idle in it."""
    if pool.by is None:
        return pool
    return replace(pool, by=replace(pool.by, idle_team=idle.team_id, leave_out_idle=idle.left_out))
