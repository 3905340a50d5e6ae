"""The published JSON Schema takes what the parser takes, and refuses misspelt keys as it does."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from app.domain.policy import PolicyError
from app.domain.policy_document import parse_policy
from app.domain.policy_yaml.schema import policy_schema

DOCS = Path(__file__).resolve().parents[3] / "docs"
EXAMPLE = (DOCS / "examples" / "policy.yaml").read_text(encoding="utf-8")
GUIDE = re.findall(r"^```yaml\n(.*?)^```", (DOCS / "policy.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
VALIDATOR = jsonschema.Draft202012Validator(policy_schema())


FREE = {("split", "teams"), ("gpu", "teams")}


class Loader(yaml.SafeLoader):
    """Reads dates as text, as YAML 1.2 and editors do."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def loaded(text: str) -> Any:
    return yaml.load(text, Loader)


def told(document: Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(document)]


def parses(text: str) -> bool:
    try:
        parse_policy(text)
    except PolicyError:
        return False
    return True


def test_the_published_schema_is_the_one_that_the_code_makes() -> None:
    assert json.loads((DOCS / "policy.schema.json").read_text(encoding="utf-8")) == policy_schema()
    jsonschema.Draft202012Validator.check_schema(policy_schema())


@pytest.mark.parametrize("text", [EXAMPLE, *GUIDE])
def test_every_example_is_valid(text: str) -> None:
    assert parses(text)
    assert told(loaded(text)) == []


def mappings(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every key that a reader knows: those of `teams`, `weights`, `filter` and `percents` are free."""
    if isinstance(node, dict):
        for key, value in node.items():
            if not path or (path[-1] not in {"weights", "percents", "filter"} and path[-2:] not in FREE):
                yield (*path, key)
            yield from mappings(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from mappings(value, (*path, index))


@pytest.mark.parametrize("path", sorted(mappings(loaded(EXAMPLE)), key=str), ids=str)
def test_a_misspelt_key_is_refused_by_schema_and_parser(path: tuple[Any, ...]) -> None:
    document = copy.deepcopy(loaded(EXAMPLE))
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    holder[f"{path[-1]}x"] = holder.pop(path[-1])
    assert told(document) != []
    assert not parses(yaml.safe_dump(document))


@pytest.mark.parametrize(
    "text",
    [
        "teams: []",
        "name: x\nteams: {id: a}",
        "name: x\nstatement_metric: list_cost",
        "name: x\npools: [{id: p, split: fixed}]",
        "name: x\npools: [{id: p, split: driver}]",
        "name: x\nteams: [{id: a}]\npools: [{id: p, split: even, weights: {a: 1}}]",
        "name: x\nteams: [{id: a}]\npools: [{id: p, split: fixed, weights: {a: 0}}]",
        "name: x\nteams: [{id: a}]\npools: [{id: p, split: fixed, weights: {a: -1}}]",
        "name: x\nteams: [{id: a}]\npools: [{id: p, split: {driver: d, fallback: fixed}}]",
        "name: x\nteams: [{id: a, valid_from: soon}]",
        "name: x\nteams: [{id: a}]\nrules: [{name: r}]",
        "name: x\nteams: [{id: a}]\nrules: [{name: r, team: a, unallocated: true}]",
        "name: x\nrules: [{name: r, unallocated: false}]",
        "name: x\nrules: [{name: r, unallocated: true, when: {tag: t}}]",
        "name: x\nrules: [{name: r, unallocated: true, when: {tag: t, equals: a, glob: b}}]",
        "name: x\nrules: [{name: r, unallocated: true, when: {any: []}}]",
        "name: x\nrules: [{name: r, unallocated: true, when: {all: [{tag: t, equals: a}], glob: x}}]",
        "name: x\ntreatments: {tax: somewhere}",
        "name: x\nteams: [{id: a}]\npools: [{id: p, split: even}]\ntreatments: {tax: {team: a, pool: p}}",
        "name: x\npools: [{id: p, split: even}]\ntreatments: {idle: {pool: p}}",
        "name: x\ncommitment_benefit: shared",
        "name: x\ncommitment_benefit: {pooled: []}",
        "name: x\nteams: [{id: a}]\nmarkup: {percent: -1, to: a}",
        "name: x\nreporting: {currency: euro}",
        "name: x\nbetween_pools: up",
        "name: x\ngpu: {idle_minutes: 0}",
        "name: x\ngpu: {idle_minutes: 1441}",
        "name: x\ngpu: {idle_minutes: half an hour}",
        "name: x\ngpu: {activity_below: 20}",
        "name: x\ngpu: {tensor_below: -0.1}",
        "name: x\nteams: [{id: a}]\ngpu: {owners: [{team: a}]}",
        "name: x\nteams: [{id: a}]\ngpu: {owners: [{namespace: a}]}",
        "name: x\nteams: [{id: a}]\ngpu: {teams: {a: {owners: []}}}",
    ],
)
def test_what_has_the_wrong_form_is_refused_by_both(text: str) -> None:
    assert not parses(text)
    assert told(loaded(text)) != []
