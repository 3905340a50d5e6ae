"""The cost centers and general ledger accounts of a policy document."""

from collections.abc import Collection
from dataclasses import dataclass, field

import yaml

from app.domain.policy import CostCenter, JournalAccounts
from app.domain.policy_yaml.nodes import line_of
from app.domain.policy_yaml.reader import YamlReader

COST_CENTER_KEYS = ("id", "name", "gl_account")
ACCOUNT_KEYS = ("expense", "payable", "prepaid", "unallocated", "rounding")


@dataclass(frozen=True)
class Ledger:
    """What teams may book to. Where nothing is declared, anything may be named."""

    cost_centers: tuple[CostCenter, ...] = ()
    gl_accounts: frozenset[str] = frozenset()
    accounts: JournalAccounts = field(default_factory=JournalAccounts)

    def cost_center(self, reader: YamlReader, node: yaml.Node | None, what: str) -> str | None:
        """The cost center that a node names."""
        declared = [each.id for each in self.cost_centers]
        if not declared:
            return reader.text(node, what)
        return reader.reference(node, "cost center", declared, under="cost_centers")

    def gl_account(self, reader: YamlReader, node: yaml.Node | None, what: str) -> str | None:
        """The general ledger account that a node names."""
        return _gl_account(reader, node, what, self.gl_accounts)


def read_ledger(
    reader: YamlReader, cost_centers: yaml.Node | None, gl_accounts: yaml.Node | None, accounts: yaml.Node | None
) -> Ledger:
    """What the document declares."""
    declared = frozenset(text for _, text in reader.texts(gl_accounts, "`gl_accounts`")) if gl_accounts else frozenset()
    return Ledger(
        _cost_centers(reader, cost_centers, declared), declared, _journal_accounts(reader, accounts, declared)
    )


def _cost_centers(reader: YamlReader, node: yaml.Node | None, gl_accounts: Collection[str]) -> tuple[CostCenter, ...]:
    found: dict[str, CostCenter] = {}
    lines: dict[str, int] = {}
    for item in reader.items(node, "`cost_centers`"):
        fields = reader.fields(item, "a cost center", known=COST_CENTER_KEYS, required=("id",))
        center = reader.text(fields.get("id"), "the id of a cost center")
        if center is None:
            continue
        if center in found:
            reader.problem(item, f"cost center `{center}` is already declared on line {lines[center]}; keep one")
            continue
        what = f"cost center `{center}`"
        name = reader.text(fields.get("name"), f"the name of {what}") or center
        account = _gl_account(reader, fields.get("gl_account"), f"gl_account of {what}", gl_accounts)
        found[center], lines[center] = CostCenter(center, name, account), line_of(item)
    return tuple(found.values())


def _journal_accounts(reader: YamlReader, node: yaml.Node | None, gl_accounts: Collection[str]) -> JournalAccounts:
    if node is None:
        return JournalAccounts()
    fields = reader.fields(node, "`accounts`", known=ACCOUNT_KEYS)
    named = {key: _gl_account(reader, value, f"`{key}` in `accounts`", gl_accounts) for key, value in fields.items()}
    return JournalAccounts(**{key: account for key, account in named.items() if account})


def _gl_account(reader: YamlReader, node: yaml.Node | None, what: str, declared: Collection[str]) -> str | None:
    if not declared:
        return reader.text(node, what)
    return reader.reference(node, "GL account", declared, under="gl_accounts")
