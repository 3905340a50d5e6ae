"""A mapping file, from YAML text to `Mapping`. Everything that is wrong with it is told at once, by line."""

import codecs
import re

import yaml

from app.domain.policy_yaml.nodes import line_of, suggestion
from app.domain.policy_yaml.reader import Fields, YamlReader
from ingest.focus.spec import COLUMNS
from ingest.mapped.mapping import Constant, FromColumn, LeaveOut, Mapping, Object, SameAs, Source, Template
from ingest.yaml_document import refusal, root_of

KEYS = (
    "format",
    "delimiter",
    "skip_rows",
    "encoding",
    "decimal",
    "thousands",
    "leave_out",
    "defaults",
    "columns",
)
# What no charge can be booked or told apart without. Billing periods and the end of a charge follow from its start.
REQUIRED = (
    "BilledCost",
    "EffectiveCost",
    "BillingCurrency",
    "BillingAccountId",
    "ChargeCategory",
    "ChargePeriodStart",
    "InvoiceIssuerName",
    "ServiceProviderName",
    "ServiceCategory",
    "ServiceName",
)
INSTANTS = frozenset({"BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd"})
_KINDS = ("column", "columns", "template", "same_as", "value")
_DATES = ("format", "inclusive")
_NUMBERS = ("decimal", "thousands", "remove", "negate", "shift")
_TEXTS = ("values", "otherwise")
_PIECE = re.compile(r"([^{}]*)(?:\{([^{}]+)\})?")


def is_number(name: str) -> bool:
    """Whether the FOCUS column `name` holds a number."""
    return name.endswith(("Cost", "Quantity", "UnitPrice"))


def parse_mapping(text: str, what: str = "The mapping") -> Mapping:
    """The mapping that a document describes. Raises BadInput with every problem in it."""
    reader = YamlReader()
    fields = reader.fields(root_of(text, what), "the mapping", known=KEYS, required=("format", "columns"))
    if "format" in fields and reader.text(fields["format"], "`format`") != "1":
        reader.problem(fields["format"], "`format` must be 1")
    marks = (
        _mark(reader, fields, "decimal", ".") or ".",
        _mark(reader, fields, "thousands", ""),
    )
    columns: dict[str, Source] = {}
    for name, (key, value) in _entries(reader, fields, "defaults").items():
        text_of_value = reader.text(value, f"the default of {name}")
        if _known(reader, key, name) and text_of_value is not None:
            columns[name] = Constant(text_of_value)
    for name, (key, value) in _entries(reader, fields, "columns").items():
        source = _source(reader, name, value, marks)
        if _known(reader, key, name) and source:
            columns[name] = source
    if "columns" in fields:
        _check_whole(reader, fields["columns"], columns)
    mapping = Mapping(
        columns=columns,
        delimiter=_delimiter(reader, fields),
        skip_rows=_whole(reader, fields, "skip_rows", most=1000) or 0,
        encoding=_encoding(reader, fields),
        leave_out=tuple(_leave_out(reader, fields)),
    )
    if reader.problems:
        raise refusal(what, reader.problems)
    return mapping


def _entries(reader: YamlReader, fields: Fields, key: str) -> dict[str, tuple[yaml.Node, yaml.Node]]:
    return reader.entries(fields[key], f"`{key}`") if key in fields else {}


def _known(reader: YamlReader, key: yaml.Node, name: str) -> bool:
    if name in COLUMNS or name.startswith("x_"):
        return True
    hint = suggestion(name, COLUMNS) or "; a column of your own starts with x_"
    reader.problem(key, f"FOCUS has no column `{name}`{hint}")
    return False


def _check_whole(reader: YamlReader, node: yaml.Node, columns: dict[str, Source]) -> None:
    missing = [name for name in REQUIRED if name not in columns]
    if "ServiceProviderName" in missing and "ProviderName" in columns:
        missing.remove("ServiceProviderName")
    if missing:
        reader.problem(
            node,
            f"nothing is said of {', '.join(missing)}, without which no charge can be booked; add each under `columns`"
            " or `defaults`",
        )
    for name, source in columns.items():
        seen = {name}
        while isinstance(source, SameAs):
            if source.name in seen or source.name not in columns:
                why = "itself" if source.name in seen else f"`{source.name}`, which the mapping does not have"
                reader.problem(node, f"`{name}` is the same as {why}")
                break
            seen.add(source.name)
            source = columns[source.name]  # noqa: PLW2901  (the chain is followed)


def _source(reader: YamlReader, name: str, node: yaml.Node, marks: tuple[str, str]) -> Source | None:
    if isinstance(node, yaml.ScalarNode):
        column = reader.text(node, f"`{name}`")
        return FromColumn(column, decimal=marks[0], thousands=marks[1], line=line_of(node)) if column else None
    fields = reader.fields(node, f"`{name}`", known=(*_KINDS, *_DATES, *_NUMBERS, *_TEXTS))
    kinds = [kind for kind in _KINDS if kind in fields]
    if len(kinds) != 1:
        reader.problem(
            node, f"`{name}` needs exactly one of {', '.join(_KINDS)}; it has {' and '.join(kinds) or 'none'}"
        )
        return None
    kind, value = kinds[0], fields[kinds[0]]
    if kind == "column":
        return _from_column(reader, name, node, fields, marks)
    for key in fields:
        if key != kind:
            reader.problem(fields[key], f"`{key}` goes with `column`; `{name}` is made of `{kind}`")
    if kind == "columns":
        entries = reader.entries(value, f"`columns` of {name}")
        texts = {key: reader.text(column, f"`{key}` of {name}") for key, (_, column) in entries.items()}
        return Object({key: text for key, text in texts.items() if text}, line=line_of(node))
    written = reader.text(value, f"`{kind}` of {name}")
    if kind == "template" and written:
        return _template(reader, name, value, written)
    made: type[SameAs | Constant] = SameAs if kind == "same_as" else Constant
    return made(written) if written else None


def _template(reader: YamlReader, name: str, node: yaml.Node, written: str) -> Template | None:
    pieces = [(match[1], match[2]) for match in _PIECE.finditer(written) if match[0]]
    if "".join(literal + (f"{{{column}}}" if column else "") for literal, column in pieces) != written:
        reader.problem(node, f"the template of `{name}` has a brace too many or too few; write columns as {{column}}")
        return None
    return Template(pieces, line=line_of(node))


def _from_column(
    reader: YamlReader, name: str, node: yaml.Node, fields: Fields, marks: tuple[str, str]
) -> FromColumn | None:
    column = reader.text(fields["column"], f"`column` of {name}")
    allowed = _DATES if name in INSTANTS else _NUMBERS if is_number(name) else _TEXTS
    for key in fields:
        if key != "column" and key not in allowed:
            reader.problem(fields[key], f"`{key}` has no meaning for {name}; use {', '.join(allowed)}")
    values = {
        key: reader.text(value, f"`{key}` of {name}") for key, (_, value) in _entries(reader, fields, "values").items()
    }
    if column is None:
        return None
    return FromColumn(
        column,
        formats=_formats(reader, fields, name),
        inclusive=bool(reader.flag(fields["inclusive"], "`inclusive`")) if "inclusive" in fields else False,
        values={key: text for key, text in values.items() if text is not None},
        otherwise=reader.text(fields.get("otherwise"), f"`otherwise` of {name}"),
        decimal=_mark(reader, fields, "decimal", marks[0]) or ".",
        thousands=_mark(reader, fields, "thousands", marks[1]),
        remove=_texts(reader, fields, "remove"),
        negate=bool(reader.flag(fields["negate"], "`negate`")) if "negate" in fields else False,
        shift=_whole(reader, fields, "shift", least=-30, most=30) or 0,
        line=line_of(node),
    )


def _formats(reader: YamlReader, fields: Fields, name: str) -> tuple[str, ...]:
    formats = _texts(reader, fields, "format")
    for each in formats:
        if "%" not in each:
            reader.problem(fields["format"], f"the format of {name} names no part of a date; write it like %d.%m.%Y")
    return formats


def _texts(reader: YamlReader, fields: Fields, key: str) -> tuple[str, ...]:
    """One text, or a list of them."""
    node = fields.get(key)
    if isinstance(node, yaml.SequenceNode):
        return tuple(text for _, text in reader.texts(node, f"`{key}`"))
    text = reader.text(node, f"`{key}`")
    return (text,) if text else ()


def _mark(reader: YamlReader, fields: Fields, key: str, default: str) -> str:
    node = fields.get(key)
    if node is None:
        return default
    if isinstance(node, yaml.ScalarNode) and node.value in {".", ",", "'", "’", " ", "\u00a0", "\u202f"}:
        return str(node.value)
    reader.problem(node, f"`{key}` must be one of . , ' or a blank, in quotes")
    return default


def _delimiter(reader: YamlReader, fields: Fields) -> str:
    text = reader.text(fields.get("delimiter"), "`delimiter`")
    if text is None:
        return ","
    found = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(found) != 1:
        reader.problem(fields["delimiter"], "`delimiter` must be a single character, or `tab`")
    return found[:1]


def _encoding(reader: YamlReader, fields: Fields) -> str:
    text = reader.text(fields.get("encoding"), "`encoding`")
    if text is None or text.lower() in {"utf-8", "utf8"}:
        return "utf-8-sig"
    try:
        return codecs.lookup(text).name
    except LookupError:
        reader.problem(fields["encoding"], f"there is no encoding called `{text}`; use utf-8, utf-16 or windows-1252")
        return "utf-8-sig"


def _whole(reader: YamlReader, fields: Fields, key: str, *, least: int = 0, most: int) -> int | None:
    text = reader.text(fields.get(key), f"`{key}`")
    if text is None:
        return None
    if re.fullmatch(r"-?[0-9]{1,6}", text) and least <= int(text) <= most:
        return int(text)
    reader.problem(fields[key], f"`{key}` must be a whole number from {least} to {most}, not `{text}`")
    return None


def _leave_out(reader: YamlReader, fields: Fields) -> list[LeaveOut]:
    found = []
    for node in reader.items(fields.get("leave_out"), "`leave_out`"):
        each = reader.fields(node, "an item of `leave_out`", known=("column", "equals"), required=("column", "equals"))
        column = reader.text(each.get("column"), "`column`")
        if column and "equals" in each:
            found.append(LeaveOut(column, _texts(reader, each, "equals"), line_of(node)))
    return found
