"""The JSON Schema (2020-12) of a policy document, for editors and linters.

Made of the keys and words that the readers accept, so that the two agree. It sees the form of a document; what needs
the whole of it (ids that are not declared, dates that overlap, circles) only `parse_policy` can tell.
"""

from collections.abc import Collection, Mapping
from typing import Any

from app.domain import policy_document as document
from app.domain.gpu.settings import LONGEST_IDLE
from app.domain.policy import FALLBACKS, BetweenPools, FxMethod
from app.domain.policy_yaml import (
    conditions,
    driver_splits,
    gpu,
    ledger,
    pools,
    rules,
    statements,
    teams,
    treatments,
)
from app.domain.treatments import Kind

Schema = dict[str, Any]

# A text is taken as it is written, and YAML calls some of them numbers, dates or booleans.
_TEXT: Schema = {"type": ["string", "number", "boolean"], "not": {"const": ""}}
_TEXTS: Schema = {"type": "array", "items": {"$ref": "#/$defs/text"}, "minItems": 1}
_DAY: Schema = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_WEIGHT: Schema = {
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0},
        {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$", "not": {"pattern": r"^[0.]+$"}},
    ]
}
_PERCENT: Schema = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"}]}
_RATIO: Schema = {
    "anyOf": [
        {"type": "number", "minimum": 0, "maximum": 1},
        {"type": "string", "pattern": r"^(0(\.[0-9]+)?|1(\.0+)?)$"},
    ]
}
_VALIDITY: Schema = {
    "valid_from": {"$ref": "#/$defs/day", "description": "The first day; left out: since ever"},
    "valid_to": {"$ref": "#/$defs/day", "description": "The day after the last; left out: until further notice"},
}


def policy_schema() -> Schema:
    """The schema, as JSON."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:trueup:policy",
        "title": "Trueup policy",
        "description": "Which charges belong to whom, and how shared cost is split.",
        **_mapping(document.KEYS, _root(), required=("name",)),
        "$defs": {
            "text": _TEXT,
            "texts": _TEXTS,
            "day": _DAY,
            "weight": _WEIGHT,
            "percent": _PERCENT,
            "team": _team(),
            "cost_center": _mapping(
                ledger.COST_CENTER_KEYS, dict.fromkeys(ledger.COST_CENTER_KEYS, _ref("text")), required=("id",)
            ),
            "pool": _pool(),
            "driver_split": _driver_split(),
            "treatment": _treatment((*treatments.WORDS,), treatments.TARGETS),
            "idle_treatment": _treatment((*treatments.WORDS,), ("team",)),
            "rule": _rule(),
            "gpu_thresholds": _mapping(gpu.THRESHOLD_KEYS, _thresholds()),
            "gpu_owner": _gpu_owner(),
            "condition": _condition(),
        },
    }


def _root() -> dict[str, Schema]:
    ledger_accounts = dict.fromkeys(ledger.ACCOUNT_KEYS, _ref("text"))
    return {
        "name": _said("text", "What the policy is called"),
        "statement_metric": _words(document.STATEMENT_METRICS, "The cost that statements are drawn on"),
        "teams": _list("team", "Who pays; one id may come again with another validity"),
        "cost_centers": _list("cost_center", "Once any is declared, teams may name only these"),
        "gl_accounts": _said("texts", "Once any is declared, only these may be named"),
        "accounts": _mapping(ledger.ACCOUNT_KEYS, ledger_accounts),
        "pools": _list("pool", "Shared cost and its split"),
        "between_pools": _words([*BetweenPools], "What becomes of a pool's cost that another pool pays"),
        "treatments": _mapping(
            treatments.KEYS,
            {**dict.fromkeys(Kind, _ref("treatment")), treatments.IDLE: _ref("idle_treatment")},
        ),
        "rules": _list("rule", "The first that matches a charge decides"),
        "commitment_benefit": _commitment_benefit(),
        "markup": _mapping(
            statements.MARKUP_KEYS,
            {
                "percent": _ref("percent"),
                "to": _ref("text"),
                "percents": {"type": "object", "additionalProperties": _ref("percent")},
            },
            required=("percent", "to"),
        ),
        "reporting": _mapping(
            statements.REPORTING_KEYS,
            {"currency": {"type": "string", "pattern": "^[A-Z]{3}$"}, "rate": _words([*FxMethod], "Of which days")},
            required=("currency",),
        ),
        "close": _mapping(statements.CLOSE_KEYS, {"unallocated_percent": _ref("percent")}),
        "gpu": _gpu(),
    }


def _commitment_benefit() -> Schema:
    pooled = _mapping((statements.POOLED,), {statements.POOLED: _ref("texts")}, required=(statements.POOLED,))
    return {"anyOf": [{"enum": [statements.AS_BILLED, statements.POOLED]}, pooled]}


def _team() -> Schema:
    texts = dict.fromkeys(("id", "name", "parent", "cost_center", "gl_account"), _ref("text"))
    return _mapping(teams.KEYS, {**texts, **_VALIDITY}, required=("id",))


def _pool() -> Schema:
    properties: dict[str, Schema] = {
        "id": _ref("text"),
        "name": _ref("text"),
        "split": {"anyOf": [{"enum": [each.value for each in driver_splits.SCALAR_SPLITS]}, _ref("driver_split")]},
        "among": _said("texts", "Teams, and other pools as pool:ID"),
        "weights": {"type": "object", "additionalProperties": _ref("weight"), "minProperties": 1},
    }
    fixed = {"properties": {"split": {"const": "fixed"}}, "required": ["split"]}
    return {
        **_mapping(pools.KEYS, properties, required=("id", "split")),
        "if": fixed,
        "then": {"required": ["weights"], "not": {"required": ["among"]}},
        "else": {"not": {"required": ["weights"]}},
    }


def _driver_split() -> Schema:
    values = {"anyOf": [_ref("text"), _ref("texts")]}
    properties: dict[str, Schema] = {
        "driver": _ref("text"),
        "dimension": _ref("text"),
        "teams": {"type": "object", "additionalProperties": _ref("text"), "minProperties": 1},
        "filter": {"type": "object", "additionalProperties": values},
        "fallback": _words(FALLBACKS, "The split of a billing period in which no team has a quantity"),
    }
    return _mapping(driver_splits.KEYS, properties, required=("driver", "fallback"))


def _treatment(words: Collection[str], targets: Collection[str]) -> Schema:
    named = {**_mapping(targets, dict.fromkeys(targets, _ref("text"))), "minProperties": 1, "maxProperties": 1}
    return {"anyOf": [{"enum": [*words]}, named]}


def _rule() -> Schema:
    properties: dict[str, Schema] = {
        "name": _ref("text"),
        "when": _ref("condition"),
        **dict.fromkeys(("team", "team_from_tag", "pool"), _ref("text")),
        "unallocated": {"const": True},
        **_VALIDITY,
    }
    one_target = {"oneOf": [{"required": [target]} for target in rules.TARGETS]}
    return {**_mapping(rules.KEYS, properties, required=("name",)), **one_target}


def _gpu() -> Schema:
    properties = {
        **_thresholds(),
        "teams": {
            "description": "Thresholds of teams that have their own",
            "type": "object",
            "additionalProperties": _ref("gpu_thresholds"),
        },
        "owners": _list("gpu_owner", "Which team a workload belongs to: the first that fits decides"),
    }
    return _mapping(gpu.KEYS, properties)


def _thresholds() -> dict[str, Schema]:
    return {
        **{key: _minutes(gpu.LEAST_MINUTES[key]) for key in gpu.MINUTE_KEYS},
        **dict.fromkeys(gpu.RATIO_KEYS, _RATIO),
    }


def _minutes(least: int) -> Schema:
    number = {"type": "integer", "minimum": least, "maximum": LONGEST_IDLE}
    return {"anyOf": [number, {"type": "string", "pattern": "^[0-9]{1,4}$"}]}


def _gpu_owner() -> Schema:
    texts = dict.fromkeys(gpu.OWNER_KEYS, _ref("text"))
    one = {"anyOf": [{"required": [pattern]} for pattern in gpu.PATTERNS]}
    return {**_mapping(gpu.OWNER_KEYS, texts, required=("team",)), **one}


def _condition() -> Schema:
    several: Schema = {"type": "array", "items": _ref("condition"), "minItems": 1}
    properties: dict[str, Schema] = {
        **dict.fromkeys(("column", "tag", "equals", "glob", "regex"), _ref("text")),
        "in": _ref("texts"),
        "present": {"type": "boolean"},
        "all": several,
        "any": several,
        "not": _ref("condition"),
    }
    test = {"oneOf": [{"required": [each]} for each in conditions.TESTS]}
    return {
        **_mapping(conditions.SUBJECTS + conditions.TESTS, properties),
        "oneOf": [{"required": [each]} for each in conditions.SUBJECTS],
        "if": {"anyOf": [{"required": ["column"]}, {"required": ["tag"]}]},
        "then": test,
        "else": {"not": {"anyOf": [{"required": [each]} for each in conditions.TESTS]}},
    }


def _mapping(keys: Collection[str], properties: Mapping[str, Schema], required: Collection[str] = ()) -> Schema:
    """A mapping with fixed keys, of which each must be described."""
    assert set(keys) == set(properties), f"the schema describes {set(properties)}, and the readers take {set(keys)}"
    shown = {str(key): properties[key] for key in keys}
    needed = {"required": [*required]} if required else {}
    return {"type": "object", "properties": shown, **needed, "additionalProperties": False}


def _list(name: str, meaning: str) -> Schema:
    return {"description": meaning, "type": "array", "items": _ref(name)}


def _words(options: Collection[str], meaning: str) -> Schema:
    return {"description": meaning, "enum": [str(option) for option in options]}


def _said(name: str, meaning: str) -> Schema:
    return {"$ref": f"#/$defs/{name}", "description": meaning}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}
