"""A policy document, from YAML text to policy. Everything that is wrong with it is told at once, by line."""

from app.domain.charge import Metric
from app.domain.policy import Policy, PolicyError, PolicyProblem
from app.domain.policy_yaml.nodes import load
from app.domain.policy_yaml.pools import read_pools
from app.domain.policy_yaml.reader import YamlReader
from app.domain.policy_yaml.rules import Declared, read_rules
from app.domain.policy_yaml.teams import read_teams

KEYS = ("name", "statement_metric", "teams", "pools", "rules")
STATEMENT_METRICS = (Metric.EFFECTIVE, Metric.BILLED)


def parse_policy(text: str) -> Policy:
    """The policy that a document describes, or a PolicyError with every problem in it."""
    root = load(text)
    if isinstance(root, PolicyProblem):
        raise PolicyError([root])
    reader = YamlReader()
    fields = reader.fields(root, "the policy", known=KEYS, required=("name",))
    metric = reader.choice(fields.get("statement_metric"), "`statement_metric`", STATEMENT_METRICS)
    teams = read_teams(reader, fields.get("teams"))
    team_ids = frozenset(team.id for team in teams)
    pools = read_pools(reader, fields.get("pools"), team_ids)
    rules = read_rules(reader, fields.get("rules"), Declared(team_ids, frozenset(pool.id for pool in pools)))
    name = reader.text(fields.get("name"), "`name`")
    if reader.problems:
        raise PolicyError(reader.problems)
    return Policy(name or "", teams, pools, rules, metric or Metric.EFFECTIVE)
