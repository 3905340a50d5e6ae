"""All rules of rows, and which of them a bill is judged by."""

from ingest.focus.rules.cell_rules import CELL_RULES
from ingest.focus.rules.columns import COLUMN_RULES
from ingest.focus.rules.layout_rules import COLUMN_NAME_IDS, CUSTOM_NAME_ID, PRESENCE
from ingest.focus.rules.null_rules import NULL_RULES
from ingest.focus.rules.relation_rules import ONE_PARENT, RELATION_RULES
from ingest.focus.rules.rule import OneParent, Rule
from ingest.focus.rules.value_rules import VALUE_RULES

__all__ = ["ONE_PARENT", "RULES", "applies", "covered_ids"]

RULES: tuple[Rule, ...] = (*CELL_RULES, *NULL_RULES, *VALUE_RULES, *RELATION_RULES)


def covered_ids() -> frozenset[str]:
    """The requirements of the official FOCUS 1.2 model that are checked."""
    ids = {each for rule in RULES for each in rule.ids} | {each for rule in ONE_PARENT for each in rule.ids}
    ids |= {each.id for each in PRESENCE} | {each.type_id for each in COLUMN_RULES}
    return frozenset((ids | {*COLUMN_NAME_IDS, CUSTOM_NAME_ID}) - {""})


def applies(rule: Rule | OneParent, version: str) -> bool:
    """Whether a rule is one of this FOCUS version."""
    return rule.since <= version <= rule.until
