"""Tags of a line item as one JSON object with the keys that FOCUS wants.

A user's own tag is called what the user called it (`team`), one that AWS made starts with `aws:`, and what is no tag of
the resource says so: `costCategory/`, `accountTag/`, `userAttribute/`, as AWS prefixes them in CUR 2.0's column `tags`.
"""

from json import dumps

import ibis
import ibis.expr.datatypes as dt
from ibis import Column

from ingest.aws.native import Native

# How AWS begins the keys of a map, and what becomes of it.
_RENAMED = {
    "resource_tags": {"user_": "", "user:": "", "aws_": "aws:"},
    "tags": {"resourceTags/user:": "", "resourceTags/user_": "", "resourceTags/aws_": "aws:", "resourceTags/": ""},
}
_CATEGORY = "costCategory/"
_texts = dt.Map(dt.string, dt.string)


@ibis.udf.scalar.builtin
def to_json(value: _texts) -> dt.json:  # type: ignore[valid-type]
    """A map as a JSON object."""


@ibis.udf.scalar.builtin(name="to_json")
def text_to_json(value: str) -> dt.json:
    """A text as a JSON string, quotes and all."""


@ibis.udf.scalar.builtin
def rtrim(text: str, characters: str) -> str:  # type: ignore[empty-body]
    """A text without these characters at its end."""


@ibis.udf.scalar.builtin
def ltrim(text: str, characters: str) -> str:  # type: ignore[empty-body]
    """A text without these characters at its beginning."""


@ibis.udf.scalar.builtin
def substring(text: str, start: int) -> str:  # type: ignore[empty-body]
    """A text from its character number `start`, counted from 1. Ibis' own writes its argument twice."""


@ibis.udf.scalar.builtin
def json_valid(text: str) -> bool:  # type: ignore[empty-body]
    """Whether a text is JSON."""


@ibis.udf.scalar.builtin
def json(text: str) -> dt.json:
    """JSON without blanks between its parts."""


def tags(native: Native) -> Column:
    """The tags of each line item; null where the report has no tags.

    This is asked of every line, so it takes each text apart as little as possible: JSON is edited as text, and no part
    of the expression is written twice, because DuckDB would work it out twice.
    """
    found = [_renamed(_members(native, name), renames) for name, renames in _RENAMED.items() if native.has(name)]
    if native.has("cost_category"):
        found.append(_categories(_members(native, "cost_category")))
    if native.names.tags:
        found.append(_from_columns(native))
    if not found:
        return ibis.null("string")
    members = found[0] if len(found) == 1 else concat(*(rtrim(each, "}") for each in found)) + "}"
    return ibis.literal("{") + ltrim(members, ",")


def _members(native: Native, name: str) -> Column:
    """The members of an object as `,"key":"value",…}`; null where there is none."""
    column = native.column(name)
    if column.type().is_map():
        text = to_json(column).cast("string")
    else:
        written = native.text(name).nullif("")
        text = ibis.cases((json_valid(written), json(written).cast("string")))
    return ibis.literal(",") + substring(text.nullif("{}"), 2)


def _renamed(members: Column, renames: dict[str, str]) -> Column:
    # `,"` and such a beginning stand before keys only: inside a text the quote would be escaped.
    for old, new in renames.items():
        members = members.replace(f',"{old}', f',"{new}')
    return members


def _categories(members: Column) -> Column:
    return members.re_replace(r',"((?:[^"\\]|\\.)*)":', rf',"{_CATEGORY}\1":')


def _from_columns(native: Native) -> Column:
    cells = {key: native.table[native.prefix + column].cast("string") for key, column in native.names.tags.items()}
    return concat(
        *(
            ibis.literal(f",{dumps(key)}:") + text_to_json(cell.nullif("")).cast("string")
            for key, cell in cells.items()
        ),
        ibis.literal("}"),
    )


def concat(*texts: Column) -> Column:
    """The texts one after the other, nulls left out."""
    return ibis.literal("").join(texts)
