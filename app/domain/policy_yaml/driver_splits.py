"""A pool's split by driver, from YAML node to split."""

from collections.abc import Collection

import yaml

from app.domain.policy import FALLBACKS, DriverSplit, Split
from app.domain.policy_yaml.reader import YamlReader

KEYS = ("driver", "dimension", "teams", "filter", "fallback")
SCALAR_SPLITS = tuple(split for split in Split if split is not Split.DRIVER)


def read_driver_split(reader: YamlReader, node: yaml.Node, what: str, team_ids: Collection[str]) -> DriverSplit | None:
    """The split of `what`, a pool, or None after a problem."""
    problems = len(reader.problems)
    fields = reader.fields(node, f"the split of {what}", known=KEYS, required=("driver", "fallback"))
    driver = reader.text(fields.get("driver"), f"the driver of {what}")
    fallback = reader.choice(fields.get("fallback"), f"the fallback of {what}", FALLBACKS)
    dimension = reader.text(fields.get("dimension"), f"the dimension of {what}")
    teams = _teams(reader, fields.get("teams"), what, team_ids)
    filters = _filters(reader, fields.get("filter"), what)
    if driver is None or fallback is None or len(reader.problems) > problems:
        return None
    return DriverSplit(driver, fallback, dimension or "team", teams, filters)


def _teams(reader: YamlReader, node: yaml.Node | None, what: str, team_ids: Collection[str]) -> dict[str, str]:
    """The team that each value of the dimension stands for."""
    if node is None:
        return {}
    entries = reader.entries(node, f"`teams` of {what}")
    if isinstance(node, yaml.MappingNode) and not node.value:
        reader.problem(node, f"`teams` of {what} are empty; leave them out if the values are ids of teams")
    found = {value: reader.reference(team, "team", team_ids) for value, (_, team) in entries.items()}
    return {value: team for value, team in found.items() if team}


def _filters(reader: YamlReader, node: yaml.Node | None, what: str) -> dict[str, frozenset[str]]:
    """The values that each dimension may have: a text, or a list of texts."""
    if node is None:
        return {}
    found = {}
    for dimension, (_, values) in reader.entries(node, f"`filter` of {what}").items():
        name = f"`{dimension}` in the filter of {what}"
        if isinstance(values, yaml.SequenceNode):
            texts = frozenset(text for _, text in reader.texts(values, name))
        else:
            text = reader.text(values, name)
            texts = frozenset({text}) if text else frozenset()
        found[dimension] = texts
    return found
