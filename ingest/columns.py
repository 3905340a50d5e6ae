"""Columns that several mappings make: flat JSON objects, values inside JSON, and numbers that can be summed exactly."""

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.datatypes as dt
from ibis import Column, Table

from app.errors import BadInput
from ingest.engine.duckdb import rows_of, sql_of
from ingest.focus.cells import present, text_cell
from ingest.focus.numbers import MAX_DIGITS, NUMBER, exact_text, is_exact, significant_digits


@ibis.udf.scalar.builtin
def to_json(text: str) -> str:  # type: ignore[empty-body]
    """A text as a JSON string, in quotes; null for null."""


@ibis.udf.scalar.builtin(name="json_extract_string")
def _json_texts(document: dt.json, paths: dt.Array(dt.string)) -> dt.Array(dt.string):  # type: ignore[valid-type]
    """What stands at each path ($.a.b) in a JSON document, as text; null where nothing does."""


def json_object(values: Mapping[str, Column]) -> Column:
    """A flat JSON object of texts, keys in order, without those that are null or empty."""
    pieces = [to_json(ibis.literal(key)) + ":" + to_json(values[key].nullif("")) for key in sorted(values)]
    return ibis.literal("{") + ibis.literal(",").join(pieces).fill_null("") + "}"


def json_texts(document: Column, paths: Sequence[Sequence[str]]) -> Column:
    """The values at several paths of a column of JSON, as an array of texts: each document is read once.

    A value is null where there is none, and all are where the JSON is broken.
    """
    return _json_texts(document.try_cast("json"), ["$" + "".join(f'."{step}"' for step in path) for path in paths])


def is_number(table: Table, name: str) -> Column:
    """Whether a cell is a number or says nothing."""
    if is_exact(table[name]):
        return ibis.literal(value=True)
    if table[name].type().is_floating():
        return table[name].isnull() | ~(table[name].isnan() | table[name].isinf())
    text = present(text_cell(table, name))
    return text.isnull() | text.re_search(NUMBER)


def exact_columns(table: Table, names: Sequence[str]) -> dict[str, Column]:
    """Number columns as decimals that can be summed over the whole table to the last digit; what is no number is null.

    A float counts as its shortest decimal text. Raises BadInput when that takes more digits than there are.
    """
    whole_numbers = {
        name: table[name].cast(dt.Decimal(MAX_DIGITS, 0)) for name in names if table[name].type().is_integer()
    }
    names = tuple(name for name in names if name not in whole_numbers)
    if not names:
        return whole_numbers
    # Of floats that few digits hold, `significant_digits` says nothing; of their text it tells all.
    floats = {name: table[name].cast("string") for name in names if table[name].type().is_floating()}
    texts = table.mutate(**floats) if floats else table
    digits = {name: significant_digits(texts, name) for name in names}
    (row,) = rows_of(
        texts.aggregate(
            rows=texts.count(),
            **{f"{name}_whole": whole.max() for name, (whole, _) in digits.items()},
            **{f"{name}_fraction": fraction.max() for name, (_, fraction) in digits.items()},
        )
    )
    room = len(str(row["rows"]))  # a sum of so many rows is at most so many digits longer
    found: dict[str, Column] = dict(whole_numbers)
    for name in names:
        fraction = max(int(row[f"{name}_fraction"] or 0), 0)
        if fraction + max(int(row[f"{name}_whole"] or 0), 1) + room > MAX_DIGITS:
            raise BadInput(
                f"{name} holds values that cannot be added exactly: that takes more than {MAX_DIGITS} digits. Look for"
                " a broken number in that column, or hand over fewer rows at a time; Trueup never rounds one."
            )
        text = present(text_cell(table, name))
        found[name] = ibis.cases((text.re_search(NUMBER), exact_text(text, fraction)))
    return found


def summed_once(sums: Table) -> Table:
    """`sums` worked out and kept for as long as the delivery is open: several drivers are made of one pass."""
    backend = sums.get_backend()
    backend.raw_sql(f"CREATE OR REPLACE TEMP TABLE trueup_sums AS {sql_of(sums)}")
    return backend.table("trueup_sums")


def named_view(table: Table, name: str) -> Table:
    """`table` behind a name, so that whatever is made of one of its columns works that column out once.

    Ibis would write the column's expression into each place that uses it.
    """
    backend = table.get_backend()
    backend.raw_sql(f"CREATE OR REPLACE VIEW {name} AS {sql_of(table)}")
    return backend.table(name)
