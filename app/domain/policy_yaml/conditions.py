"""A rule's `when`, from YAML node to condition."""

import re
from collections.abc import Callable

import yaml

from app.domain.charge import TEXT_COLUMNS
from app.domain.policy import AllOf, AnyOf, Column, Condition, Field, Glob, Not, OneOf, Present, Regex, Tag
from app.domain.policy_yaml.nodes import suggestion
from app.domain.policy_yaml.reader import Fields, YamlReader

SUBJECTS = ("column", "tag", "all", "any", "not")
TESTS = ("equals", "in", "glob", "regex", "present")
ALIASES = {"provider_name": "service_provider_name"}  # FOCUS before 1.3


def read_condition(reader: YamlReader, node: yaml.Node) -> Condition | None:
    """The condition, or None after a problem."""
    problems = len(reader.problems)
    fields = reader.fields(node, "a condition", known=SUBJECTS + TESTS)
    if len(reader.problems) > problems:
        return None
    subjects = [key for key in SUBJECTS if key in fields]
    tests = [key for key in TESTS if key in fields]
    if len(subjects) != 1:
        reader.problem(node, f"a condition has exactly one of {', '.join(SUBJECTS)}; this one has {_listed(subjects)}")
        return None
    subject = subjects[0]
    if subject in {"column", "tag"}:
        return _test(reader, node, fields, subject, tests)
    if tests:
        reader.problem(fields[tests[0]], f"`{tests[0]}` tests a column or a tag; it cannot stand beside `{subject}`")
        return None
    return _combination(reader, fields[subject], subject)


def _combination(reader: YamlReader, node: yaml.Node, subject: str) -> Condition | None:
    if subject == "not":
        inner = read_condition(reader, node)
        return Not(inner) if inner else None
    conditions = [read_condition(reader, item) for item in reader.some_items(node, f"`{subject}`")]
    whole = tuple(condition for condition in conditions if condition)
    if not whole or len(whole) < len(conditions):
        return None
    return AllOf(whole) if subject == "all" else AnyOf(whole)


def _test(reader: YamlReader, node: yaml.Node, fields: Fields, subject: str, tests: list[str]) -> Condition | None:
    field = _column(reader, fields["column"]) if subject == "column" else _tag(reader, fields["tag"])
    if len(tests) != 1:
        reader.problem(node, f"a {subject} has exactly one of {', '.join(TESTS)}; this one has {_listed(tests)}")
        return None
    return _READ_TEST[tests[0]](reader, fields[tests[0]], field) if field else None


def _column(reader: YamlReader, node: yaml.Node) -> Column | None:
    text = reader.text(node, "`column`")
    if text is None or text.startswith("x_"):
        return Column(text) if text else None
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text).lower()
    name = ALIASES.get(name, name)
    if name in TEXT_COLUMNS:
        return Column(name)
    reader.problem(node, f"charges have no column `{text}` to match on{suggestion(name, TEXT_COLUMNS)}")
    return None


def _tag(reader: YamlReader, node: yaml.Node) -> Tag | None:
    key = reader.text(node, "`tag`")
    return Tag(key) if key else None


def _equals(reader: YamlReader, node: yaml.Node, field: Field) -> Condition | None:
    value = reader.text(node, "`equals`")
    return OneOf(field, frozenset({value})) if value else None


def _in(reader: YamlReader, node: yaml.Node, field: Field) -> Condition | None:
    values = frozenset(text for _, text in reader.texts(node, "`in`"))
    return OneOf(field, values) if values else None


def _glob(reader: YamlReader, node: yaml.Node, field: Field) -> Condition | None:
    pattern = reader.text(node, "`glob`")
    return Glob(field, pattern) if pattern else None


def _regex(reader: YamlReader, node: yaml.Node, field: Field) -> Condition | None:
    pattern = reader.text(node, "`regex`")
    if pattern is None:
        return None
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        reader.problem(node, f"`{pattern}` is not a regular expression: {error}; see docs.python.org/3/library/re")
        return None
    return Regex(field, pattern)


def _present(reader: YamlReader, node: yaml.Node, field: Field) -> Condition | None:
    present = reader.flag(node, "`present`")
    return None if present is None else Present(field, present)


_READ_TEST: dict[str, Callable[[YamlReader, yaml.Node, Field], Condition | None]] = {
    "equals": _equals,
    "in": _in,
    "glob": _glob,
    "regex": _regex,
    "present": _present,
}


def _listed(keys: list[str]) -> str:
    return " and ".join(keys) or "none"
