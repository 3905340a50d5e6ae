"""The demo's policy, checked against its bills by the plainest reading of its rules."""

import re
from collections import defaultdict
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

import pytest
import yaml

from ingest.demo.company import POLICY

Charges = list[dict[str, Any]]
# Only to weigh one currency against another in a share; no amount is converted.
USD_PER = {"USD": Decimal(1), "EUR": Decimal("1.1")}


@pytest.fixture(scope="module")
def policy() -> Any:
    return yaml.safe_load(POLICY.read_text())


def _focus_name(column: str) -> str:
    name = "provider_name" if column == "service_provider_name" else column
    return "".join(word.capitalize() for word in name.split("_"))


def _matches(when: dict[str, Any], row: dict[str, Any]) -> bool:
    if "all" in when:
        return all(_matches(part, row) for part in when["all"])
    if "tag" in when:
        return (when["tag"] in (row["Tags"] or {})) is when["present"]
    value = row[_focus_name(when["column"])] or ""
    return (
        value == when.get("equals")
        or value in when.get("in", ())
        or fnmatchcase(value, when.get("glob", ""))
        or ("regex" in when and re.search(when["regex"], value) is not None)
    )


def _owner(policy: Any, row: dict[str, Any]) -> str | None:
    for rule in policy["rules"]:
        if _matches(rule["when"], row):
            return str(
                row["Tags"][rule["team_from_tag"]]
                if "team_from_tag" in rule
                else rule.get("team") or f"pool {rule['pool']}"
            )
    return None


@pytest.fixture(scope="module")
def cost_by_owner(policy: Any, charges: dict[str, Charges]) -> dict[str, dict[str | None, Decimal]]:
    """Effective cost of each billing month by owner, in USD for comparison."""
    costs: dict[str, dict[str | None, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in (row for rows in charges.values() for row in rows):
        costs[row["BillingPeriodStart"]][_owner(policy, row)] += row["EffectiveCost"] * USD_PER[row["BillingCurrency"]]
    return costs


def test_every_team_has_a_parent_and_a_cost_center(policy: Any) -> None:
    ids = {team["id"] for team in policy["teams"]}
    roots = {team["id"] for team in policy["teams"] if "parent" not in team}

    assert roots == {"research", "product", "platform"}
    assert len(ids - roots) == 7
    assert all(team["parent"] in roots for team in policy["teams"] if "parent" in team)
    assert len({team["cost_center"] for team in policy["teams"]}) == len(ids)


def test_pools_and_rules_name_only_teams_and_pools_there_are(policy: Any) -> None:
    teams = {team["id"] for team in policy["teams"]}
    pools = {pool["id"] for pool in policy["pools"]}

    assert {rule["team"] for rule in policy["rules"] if "team" in rule} <= teams
    assert {rule["pool"] for rule in policy["rules"] if "pool" in rule} == pools
    assert {team for pool in policy["pools"] for team in (*pool.get("among", ()), *pool.get("weights", ()))} <= teams


def test_each_month_three_to_six_percent_belongs_to_nobody(cost_by_owner: dict[str, dict[str | None, Decimal]]) -> None:
    for month, costs in cost_by_owner.items():
        assert Decimal("0.03") < costs[None] / sum(costs.values()) < Decimal("0.06"), month


def test_every_team_and_pool_gets_something(policy: Any, cost_by_owner: dict[str, dict[str | None, Decimal]]) -> None:
    teams = {team["id"] for team in policy["teams"] if "parent" in team}
    pools = {f"pool {pool['id']}" for pool in policy["pools"]}

    assert cost_by_owner["2026-10-01"].keys() == teams | pools | {None}


def test_each_rule_decides_some_charge(policy: Any, charges: dict[str, Charges]) -> None:
    rows = [row for some in charges.values() for row in some if row["BillingPeriodStart"] == "2026-10-01"]
    deciding = {next((rule["name"] for rule in policy["rules"] if _matches(rule["when"], row)), None) for row in rows}

    assert deciding - {None} == {rule["name"] for rule in policy["rules"]}
