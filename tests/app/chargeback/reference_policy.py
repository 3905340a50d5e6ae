"""Who owns a charge, as docs/policy.md says it, one charge after the other: slow, plain, and nothing of `app`."""

import fnmatch
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import yaml

Node = Any  # of a YAML document: a text, a list or a mapping
ALIASES = {"provider_name": "service_provider_name"}
SUPPORT = re.compile(r"AWSSupport|Premium Support|Support plan")  # the documented names of fees for support
SPREAD = "treatment:"


@dataclass(frozen=True, eq=False)
class Charge:
    """A row of a bill: its costs, None where the bill says none, and its dimensions under their FOCUS names."""

    period: date
    day: date
    columns: Mapping[str, str]
    costs: Mapping[str, Decimal | None]
    tags: Mapping[str, str] = field(default_factory=dict)
    extras: Mapping[str, str] = field(default_factory=dict)
    consumed_quantity: Decimal | None = None
    pricing_quantity: Decimal | None = None
    rows: int = 1


def read(document: str) -> Node:
    """A policy document with every value the text that is written."""
    return yaml.load(document, Loader=yaml.BaseLoader)


def exists(teams: list[Node], team_id: str, day: date) -> bool:
    return any(team["id"] == team_id and valid_on(team, day) for team in teams)


def valid_on(dated: Node, day: date) -> bool:
    start, end = dated.get("valid_from"), dated.get("valid_to")
    return (start is None or date.fromisoformat(start) <= day) and (end is None or day < date.fromisoformat(end))


def owner(policy: Node, charge: Charge) -> tuple[str | None, str | None]:
    """The team or the pool that the first rule to match gives a charge to; neither: it is unallocated."""
    teams = policy.get("teams", [])
    for rule in (*_treatments(policy, charge), *policy.get("rules", [])):
        if not valid_on(rule, charge.day) or not holds(rule.get("when", {"all": []}), charge):
            continue
        if rule.get("unallocated") == "true":
            return None, None
        if "pool" in rule:
            return None, rule["pool"]
        team = rule["team"] if "team" in rule else _value({"tag": rule["team_from_tag"]}, charge)
        if team is not None and exists(teams, team, charge.day):
            return team, None
    return None, None


def kind(charge: Charge) -> str:
    """What a charge is, the first that fits; `usage` when nothing does."""
    columns = charge.columns
    if columns.get("commitment_discount_status") == "Unused":
        return "unused_commitment"
    if columns.get("charge_category") in {"Tax", "Credit"}:
        return columns["charge_category"].lower()
    if columns.get("charge_class") == "Correction" or columns.get("charge_category") == "Adjustment":
        return "refund"
    return "usage"


def _treatments(policy: Node, charge: Charge) -> Iterator[Node]:
    """The rules that treatments put before all others and that are about a charge of this kind."""
    told = policy.get("treatments", {})
    for key, fits in (
        ("unused_commitment", kind(charge) == "unused_commitment"),
        ("tax", kind(charge) == "tax"),
        ("credits", kind(charge) == "credit"),
        ("refunds", kind(charge) == "refund"),
        ("support", is_support(charge)),
    ):
        treatment = told.get(key, "owner")
        if fits and treatment == "spread":
            yield {"pool": SPREAD + key}
        elif fits and treatment != "owner":
            yield treatment


def is_support(charge: Charge) -> bool:
    columns = charge.columns
    said = (columns.get("service_name", ""), columns.get("charge_description", ""))
    return columns.get("service_subcategory") == "Support" or any(map(SUPPORT.search, said))


def holds(condition: Node, charge: Charge) -> bool:
    if "all" in condition:
        return all(holds(each, charge) for each in condition["all"])
    if "any" in condition:
        return any(holds(each, charge) for each in condition["any"])
    if "not" in condition:
        return not holds(condition["not"], charge)
    value = _value(condition, charge)
    if "present" in condition:
        return (value is not None) is (condition["present"] == "true")
    return value is not None and _passes(condition, value)


def _passes(test: Node, value: str) -> bool:
    if "equals" in test:
        return bool(value == test["equals"])
    if "in" in test:
        return value in test["in"]
    if "glob" in test:
        return fnmatch.fnmatchcase(value, test["glob"])
    return re.search(test["regex"], value) is not None


def _value(test: Node, charge: Charge) -> str | None:
    """The value that a test looks at. An empty text is no value."""
    if "tag" in test:
        return charge.tags.get(test["tag"]) or None
    name = test["column"]
    if name.startswith("x_"):
        return charge.extras.get(name) or None
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    return charge.columns.get(ALIASES.get(snake, snake)) or None
