"""YAML text as nodes, which know their line and keep values as they are written.

Values would not do: an account id 00123 or a region NO must stay the text in the file, and an error must say its line.
"""

import difflib
from collections.abc import Iterable
from typing import Protocol

import yaml

from app.domain.policy import PolicyProblem

NULL_TAG = "tag:yaml.org,2002:null"
BOOLEAN_TAG = "tag:yaml.org,2002:bool"
MAX_DEPTH = 50  # of nested lists and mappings; a policy needs about ten

ALIAS_HINT = "put quotes around a value that starts with * or & (aliases are not supported)"


class _Mark(Protocol):
    """A place in the text; yaml has two classes for it, with and without its C library."""

    @property
    def line(self) -> int: ...


def load(text: str) -> yaml.Node | PolicyProblem:
    """The root node of a YAML text, or what keeps it from being one."""
    try:
        if problem := _unsupported(text):
            return problem
        return yaml.compose(text, yaml.SafeLoader) or PolicyProblem(1, "the document is empty; start with `name: …`")
    except yaml.MarkedYAMLError as error:
        hint = f"; {ALIAS_HINT}" if "alias" in (error.context or "") or "anchor" in (error.context or "") else ""
        line = _line(error.problem_mark or error.context_mark)
        return PolicyProblem(line, f"this is not YAML: {error.problem}{hint}")
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return PolicyProblem(line, f"this is not YAML: the character U+{error.character:04X} is not allowed; remove it")


def _unsupported(text: str) -> PolicyProblem | None:
    """The first alias, or nesting deep enough to exhaust the stack: neither is needed, and both serve attacks."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        line = _line(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            return PolicyProblem(line, f"`*{event.anchor}` is an alias; {ALIAS_HINT}")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            return PolicyProblem(line, f"this is nested more than {MAX_DEPTH} deep; make it flatter")
    return None


def line_of(node: yaml.Node) -> int:
    """The line a node starts on, counted from one."""
    return _line(node.start_mark)


def _line(mark: _Mark | None) -> int:
    return mark.line + 1 if mark else 1


def kind_of(node: yaml.Node) -> str:
    """What a node is, in a reader's words."""
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return f"`{node.value}`" if node.value else "nothing"


def suggestion(word: str, known: Iterable[str]) -> str:
    """The end of a sentence that proposes what a mistyped word may have meant."""
    options = sorted(known)
    if close := difflib.get_close_matches(word, options, n=1):
        return f"; did you mean `{close[0]}`?"
    return f"; use one of: {', '.join(options)}" if 0 < len(options) <= 12 else ""
