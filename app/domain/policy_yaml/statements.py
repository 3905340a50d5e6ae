"""What a policy document says of statements: how commitments are priced, the markup, the close, the currency."""

import re
from collections.abc import Collection

import yaml

from app.domain.policy import CloseLimits, CommitmentBenefit, FxMethod, Markup, Reporting
from app.domain.policy_yaml.nodes import kind_of
from app.domain.policy_yaml.reader import YamlReader

AS_BILLED, POOLED = "as_billed", "pooled"
MARKUP_KEYS = ("percent", "to", "percents")
CLOSE_KEYS = ("unallocated_percent",)
REPORTING_KEYS = ("currency", "rate")


def read_commitment_benefit(reader: YamlReader, node: yaml.Node | None) -> CommitmentBenefit | None:
    """How the benefit of commitments is pooled, or None where it is as billed."""
    if node is None:
        return None
    if isinstance(node, yaml.MappingNode):
        fields = reader.fields(node, "`commitment_benefit`", known=(POOLED,), required=(POOLED,))
        services = reader.texts(fields.get(POOLED), "`pooled` of `commitment_benefit`") if fields else []
        return CommitmentBenefit(frozenset(text for _, text in services))
    if not isinstance(node, yaml.ScalarNode) or node.value not in {AS_BILLED, POOLED}:
        reader.problem(
            node, f"`commitment_benefit` must be as_billed, pooled or {{pooled: [service, …]}}, not {kind_of(node)}"
        )
        return None
    return CommitmentBenefit() if node.value == POOLED else None


def read_markup(reader: YamlReader, node: yaml.Node | None, team_ids: Collection[str]) -> Markup | None:
    """The markup, or None where teams pay what they owe."""
    if node is None:
        return None
    fields = reader.fields(node, "`markup`", known=MARKUP_KEYS, required=("percent", "to"))
    percent = reader.percent(fields.get("percent"), "`percent` of `markup`")
    to = reader.reference(fields.get("to"), "team", team_ids)
    entries = reader.entries(fields["percents"], "`percents` of `markup`") if "percents" in fields else {}
    percents = {
        team_id: value
        for team_id, (key_node, value_node) in entries.items()
        if (value := reader.percent(value_node, f"the markup of `{team_id}`")) is not None
        and reader.reference(key_node, "team", team_ids)
    }
    return None if percent is None or to is None else Markup(percent, to, percents)


def read_close(reader: YamlReader, node: yaml.Node | None) -> CloseLimits:
    """What a period may have when it is closed."""
    if node is None:
        return CloseLimits()
    fields = reader.fields(node, "`close`", known=CLOSE_KEYS)
    return CloseLimits(reader.percent(fields.get("unallocated_percent"), "`unallocated_percent` of `close`"))


def read_reporting(reader: YamlReader, node: yaml.Node | None) -> Reporting | None:
    """The reporting currency, if there is one."""
    if node is None:
        return None
    fields = reader.fields(node, "`reporting`", known=REPORTING_KEYS, required=("currency",))
    currency = reader.text(fields.get("currency"), "the currency of `reporting`")
    method = reader.choice(fields.get("rate"), "the rate of `reporting`", FxMethod)
    if currency is None:
        return None
    if not re.fullmatch("[A-Z]{3}", currency):
        reader.problem(fields["currency"], f"`{currency}` is no currency; write its ISO 4217 code, such as EUR")
    return Reporting(currency, method or FxMethod.MONTHLY_AVERAGE)
