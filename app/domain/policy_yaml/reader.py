"""Reading YAML nodes as typed values. A problem is kept and reading goes on, so that one run shows all of them."""

import re
from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

import yaml

from app.domain.policy import PolicyProblem
from app.domain.policy_yaml.nodes import BOOLEAN_TAG, NULL_TAG, kind_of, line_of, suggestion

Fields = dict[str, yaml.Node]
Choice = TypeVar("Choice", bound=StrEnum)


class YamlReader:
    """Turns nodes into values, or into problems and None. `what` names the thing read, for the message.

    No node gives no value and no problem, so that optional fields read like others.
    """

    def __init__(self) -> None:
        self.problems: list[PolicyProblem] = []

    def problem(self, node: yaml.Node, message: str) -> None:
        self.problems.append(PolicyProblem(line_of(node), message))

    def entries(self, node: yaml.Node, what: str) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """The key node and the value node of each key of a mapping."""
        found: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        if not isinstance(node, yaml.MappingNode):
            self.problem(node, f"{what} must be a mapping, `key: value`, not {kind_of(node)}")
            return found
        for key_node, value in node.value:
            key = self.text(key_node, f"a key of {what}")
            if key in found:
                self.problem(key_node, f"{what} has `{key}` again, after line {line_of(found[key][0])}; keep one")
            elif key is not None:
                found[key] = key_node, value
        return found

    def fields(self, node: yaml.Node, what: str, *, known: Collection[str], required: Iterable[str] = ()) -> Fields:
        """The values of a mapping with fixed keys; a key without value is as good as none."""
        entries = self.entries(node, what)
        for key, (key_node, _) in entries.items():
            if key not in known:
                self.problem(key_node, f"{what} cannot have `{key}`{suggestion(key, known)}")
        found = {key: value for key, (_, value) in entries.items() if key in known and value.tag != NULL_TAG}
        if isinstance(node, yaml.MappingNode):
            for key in required:
                if key not in found:
                    self.problem(node, f"{what} needs `{key}`")
        return found

    def items(self, node: yaml.Node | None, what: str) -> list[yaml.Node]:
        """The items of a list."""
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        if node is not None:
            self.problem(node, f"{what} must be a list, not {kind_of(node)}")
        return []

    def some_items(self, node: yaml.Node | None, what: str) -> list[yaml.Node]:
        """The items of a list that must not be empty."""
        items = self.items(node, what)
        if isinstance(node, yaml.SequenceNode) and not items:
            self.problem(node, f"{what} is an empty list; write at least one item")
        return items

    def text(self, node: yaml.Node | None, what: str) -> str | None:
        """A single value exactly as written, be it quoted, a number, a date or `yes`."""
        if node is None:
            return None
        if not isinstance(node, yaml.ScalarNode):
            self.problem(node, f"{what} must be a single value, not {kind_of(node)}")
        elif node.tag == NULL_TAG or not node.value:
            self.problem(node, f"{what} is empty; write a value")
        elif (text := _whole(node.value)) is None:
            self.problem(
                node, f"{what} has half a character (a lone surrogate such as \\ud83d); write the character itself"
            )
        else:
            return text
        return None

    def texts(self, node: yaml.Node | None, what: str) -> list[tuple[yaml.Node, str]]:
        """The texts of a list that must not be empty, each with its node."""
        items = [(item, self.text(item, f"each item of {what}")) for item in self.some_items(node, what)]
        return [(item, text) for item, text in items if text is not None]

    def day(self, node: yaml.Node | None, what: str) -> date | None:
        """A date, written YYYY-MM-DD."""
        text = self.text(node, what)
        if node is None or text is None:
            return None
        try:
            # fromisoformat alone also takes 20250131 and 2025-W05-5.
            return date.fromisoformat(text if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else "")
        except ValueError:
            self.problem(node, f"{what} must be a date such as 2025-01-31, not `{text}`")
            return None

    def validity(self, fields: Fields, what: str) -> tuple[date | None, date | None]:
        """`valid_from` and `valid_to`, with at least a day between them."""
        start = self.day(fields.get("valid_from"), f"valid_from of {what}")
        end = self.day(fields.get("valid_to"), f"valid_to of {what}")
        if start and end and end <= start:
            self.problem(fields["valid_to"], f"{what} ends before it has begun; valid_to is the day after its last day")
            return start, None
        return start, end

    def positive(self, node: yaml.Node, what: str) -> Decimal | None:
        """A number greater than zero, in plain digits."""
        text = self.text(node, what)
        if text is None:
            return None
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) and Decimal(text) > 0:
            return Decimal(text)
        self.problem(node, f"{what} must be a number greater than zero such as 3 or 0.5, not `{text}`")
        return None

    def percent(self, node: yaml.Node | None, what: str) -> Decimal | None:
        """A percentage of zero or more, in plain digits; 3 means three in a hundred."""
        text = self.text(node, what)
        if node is None or text is None:
            return None
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
            return Decimal(text)
        self.problem(node, f"{what} must be a number of percent such as 3 or 0.5, not `{text}`")
        return None

    def flag(self, node: yaml.Node, what: str) -> bool | None:
        """True or false."""
        text = self.text(node, what)
        if text is None:
            return None
        if node.tag == BOOLEAN_TAG:
            return text.lower() in {"true", "yes", "on"}
        self.problem(node, f"{what} must be true or false, not `{text}`")
        return None

    def choice(self, node: yaml.Node | None, what: str, options: Iterable[Choice]) -> Choice | None:
        """One of a few words."""
        text = self.text(node, what)
        by_word = {option.value: option for option in options}
        if node is not None and text is not None and text not in by_word:
            self.problem(node, f"{what} must be {' or '.join(by_word)}, not `{text}`")
        return by_word.get(text) if text else None

    def reference(
        self,
        node: yaml.Node | None,
        kind: str,
        declared: Collection[str],
        *,
        under: str | None = None,
        prefix: str = "",
    ) -> str | None:
        """The id, written after `prefix`, of something that the document declares, such as a team or pool."""
        text = self.text(node, kind)
        if node is None or text is None:
            return None
        name = text.removeprefix(prefix)
        if name not in declared:
            self.problem(node, f"there is no {kind} `{name}` under `{under or kind + 's'}`{suggestion(name, declared)}")
            return None
        return name


def _whole(text: str) -> str | None:
    """`text` with the two halves as which JSON may write a character put together; None where a half stands alone."""
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return None
