"""The GPU part of a policy document: when a board is idle, hardly used or starting, and whose a workload is."""

import re
from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal
from typing import Any

import yaml

from app.domain.gpu.settings import LONGEST_IDLE, GpuPolicy, OwnerRule, WasteThresholds
from app.domain.policy_yaml.reader import Fields, YamlReader

MINUTE_KEYS = ("idle_minutes", "starting_minutes")
RATIO_KEYS = ("activity_below", "tensor_below", "dram_below", "coverage_below")
THRESHOLD_KEYS = (*MINUTE_KEYS, *RATIO_KEYS)
PATTERNS = ("namespace", "account", "user")
OWNER_KEYS = ("team", *PATTERNS)
KEYS = (*THRESHOLD_KEYS, "teams", "owners")
LEAST_MINUTES = {"idle_minutes": 1, "starting_minutes": 0}


def read_gpu(reader: YamlReader, node: yaml.Node | None, team_ids: Collection[str]) -> GpuPolicy | None:
    """The GPU part, or None where a document has none; teams have the thresholds of all, but for their own."""
    if node is None:
        return None
    fields = reader.fields(node, "`gpu`", known=KEYS)
    common = _thresholds(reader, fields, "of `gpu`", WasteThresholds())
    entries = reader.entries(fields["teams"], "`teams` of `gpu`") if "teams" in fields else {}
    by_team = {
        team_id: _own_thresholds(reader, value, team_id, common)
        for team_id, (key_node, value) in entries.items()
        if reader.reference(key_node, "team", team_ids)
    }
    rules = [_owner(reader, item, team_ids) for item in reader.items(fields.get("owners"), "`owners` of `gpu`")]
    return GpuPolicy(common, by_team, tuple(rule for rule in rules if rule))


def _own_thresholds(reader: YamlReader, node: yaml.Node, team_id: str, common: WasteThresholds) -> WasteThresholds:
    what = f"the thresholds of `{team_id}`"
    return _thresholds(reader, reader.fields(node, what, known=THRESHOLD_KEYS), f"of `{team_id}`", common)


def _thresholds(reader: YamlReader, fields: Fields, of: str, common: WasteThresholds) -> WasteThresholds:
    told: dict[str, Any] = {
        key: _minutes(reader, fields[key], f"`{key}` {of}", LEAST_MINUTES[key]) for key in MINUTE_KEYS if key in fields
    }
    told |= {key: _ratio(reader, fields[key], f"`{key}` {of}") for key in RATIO_KEYS if key in fields}
    return replace(common, **{key: value for key, value in told.items() if value is not None})


def _minutes(reader: YamlReader, node: yaml.Node, what: str, least: int) -> int | None:
    text = reader.text(node, what)
    if text is None:
        return None
    if text.isascii() and text.isdecimal() and least <= int(text) <= LONGEST_IDLE:
        return int(text)
    reader.problem(node, f"{what} must be whole minutes from {least} to {LONGEST_IDLE}, not `{text}`")
    return None


def _ratio(reader: YamlReader, node: yaml.Node, what: str) -> float | None:
    text = reader.text(node, what)
    if text is None:
        return None
    if re.fullmatch(r"[01](\.[0-9]+)?", text) and Decimal(text) <= 1:
        return float(text)
    reader.problem(node, f"{what} must be a number from 0 to 1 such as 0.2, not `{text}`")
    return None


def _owner(reader: YamlReader, node: yaml.Node, team_ids: Collection[str]) -> OwnerRule | None:
    fields = reader.fields(node, "an owner of `gpu`", known=OWNER_KEYS, required=("team",))
    team_id = reader.reference(fields.get("team"), "team", team_ids)
    patterns = {key: reader.text(fields.get(key), f"the {key} of an owner") or "" for key in PATTERNS}
    if fields and not any(key in fields for key in PATTERNS):
        reader.problem(node, f"an owner of `gpu` needs one of {', '.join(f'`{key}`' for key in PATTERNS)}")
    return OwnerRule(team_id, **patterns) if team_id else None
