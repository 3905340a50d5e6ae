"""How a FOCUS cell is read: numbers, instants and text, from CSV text or typed Parquet alike.

A cell is *unreadable* when it says something that cannot be understood; an absent value (a real null, an empty cell, a
literal `NULL`) is not unreadable. Nothing is rounded: `Scale` finds how many digits a column needs first.
"""

from dataclasses import dataclass
from datetime import datetime

import ibis
import ibis.expr.datatypes as dt
from ibis import Column, Table

# Numeric format of FOCUS (attributes/numeric_format), with a leading `+` forgiven.
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
# Date/time format of FOCUS with what real bills do to it: a blank for the T, no seconds, no Z, a bare date. Another
# offset than UTC is not understood, because DuckDB would drop it in silence.
INSTANT = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?( ?(Z|z|UTC|\+00:?00))?$"
_OFFSET = r" ?(Z|z|UTC|\+00:?00)$"
SLASHED = r"^\d{1,2}/\d{1,2}/(\d{2}|\d{4})$"
ABSENT = ("", "NULL", "null", "Null")
MAX_DIGITS = 38
_SHORT_DIGITS = 18  # what DuckDB keeps in 64 bits
# A float is tried with this many fractional digits before its text is looked at, which takes ten times as long.
FLOAT_SCALE = 10
# A float stands for one decimal of at most this many digits (IEEE 754 binary64: DBL_DIG).
_FLOAT_DIGITS = 15
EARLIEST, LATEST = datetime(2000, 1, 1), datetime(2199, 12, 31)  # noqa: DTZ001  (UTC without saying so, as bills have it)

_timestamp = dt.Timestamp()
_with_zone = dt.Timestamp(timezone="UTC")


@ibis.udf.scalar.builtin
def epoch_us(instant: _with_zone) -> int:  # type: ignore[valid-type, empty-body]
    """Microseconds since 1970, without asking for a time zone database."""


@ibis.udf.scalar.builtin
def make_timestamp(microseconds: int) -> _timestamp:  # type: ignore[valid-type]
    """The instant that many microseconds after 1970."""


@ibis.udf.scalar.builtin
def try_strptime(text: str, formats: dt.Array(dt.string)) -> _timestamp:  # type: ignore[valid-type]
    """The instant in the first format that fits, or null."""


@dataclass(frozen=True)
class Cell:
    """A column as values, beside the text it was read from."""

    value: Column
    text: Column

    @property
    def unreadable(self) -> Column:
        """Whether the cell says something that cannot be understood."""
        return self.text.notnull() & self.value.isnull()


def text_cell(table: Table, name: str | None) -> Column:
    """A column as text; nulls where the bill has no such column. Cells keep their spelling."""
    if name is None:
        return ibis.null("string")
    return table[name] if table[name].type().is_string() else table[name].cast("string")


def present(column: Column) -> Column:
    """`column` without the blanks around it; null for every spelling of absence."""
    stripped = column.strip()
    return ibis.cases((stripped.isin(ABSENT), ibis.null("string")), else_=stripped)


def is_exact(column: Column) -> bool:
    """Whether the column's type is decimal or integer already, so that it needs no reading."""
    kind = column.type()
    return bool(kind.is_decimal() or kind.is_integer())


def number_cell(table: Table, name: str, scale: int) -> Cell:
    """A cost, price or quantity with `scale` fractional digits. A float counts as its shortest decimal text."""
    column = table[name]
    if is_exact(column):
        value = column if column.type().is_decimal() else column.cast(dt.Decimal(MAX_DIGITS, 0))
        return Cell(value, ibis.null("string"))
    if column.type().is_floating():
        value = _exact_float(column, scale)
        return Cell(value, ibis.cases((value.isnull(), column.cast("string"))))
    text = present(text_cell(table, name))
    return Cell(ibis.cases((text.re_search(NUMBER), exact_text(text, scale))), text)


def exact_text(text: Column, scale: int) -> Column:
    """The decimal with `scale` fractional digits that a text writes; null where it does not fit.

    DuckDB reads a text into a decimal of more than 18 digits a hundred times slower than into a shorter one (measured
    with 1.5.5: 22 µs against 0.2), so the short one is tried first.
    """
    long = text.try_cast(dt.Decimal(MAX_DIGITS, scale))
    if scale > _SHORT_DIGITS:
        return long
    return ibis.coalesce(text.try_cast(dt.Decimal(_SHORT_DIGITS, scale)).cast(dt.Decimal(MAX_DIGITS, scale)), long)


def _exact_float(column: Column, scale: int) -> Column:
    """The decimal that a float's shortest text writes; null where `scale` fractional digits do not hold it.

    Two decimals of fifteen digits are never the same float, so one that comes back as the float it was read from is the
    right one. What is longer is read from its text.
    """
    kind = dt.Decimal(MAX_DIGITS, scale)
    short = column.try_cast(dt.Decimal(18, FLOAT_SCALE)).cast(kind)
    text = column.cast("string")
    _, fraction = _digits(ibis.cases((text.re_search(NUMBER), text)))
    return ibis.cases((_plain_float(column), short), (fraction <= scale, text.try_cast(kind)))


def _plain_float(column: Column) -> Column:
    """Whether FLOAT_SCALE fractional digits hold a float's shortest text for certain."""
    short = column.try_cast(dt.Decimal(18, FLOAT_SCALE))
    return (column.abs() < 10 ** (_FLOAT_DIGITS - FLOAT_SCALE)) & (short.cast("float64") == column)


def instant_cell(table: Table, name: str) -> Cell:
    """A point in time in UTC."""
    column = table[name]
    kind = column.type()
    if kind.is_timestamp():
        return Cell(_plausible(make_timestamp(epoch_us(column)) if kind.timezone else column), ibis.null("string"))
    if kind.is_date():
        return Cell(_plausible(column.cast("timestamp")), ibis.null("string"))
    text = present(text_cell(table, name))
    # DuckDB reads some of these only without the offset, which says nothing new.
    read = ibis.coalesce(text.try_cast("timestamp"), text.re_replace(_OFFSET, "").try_cast("timestamp"))
    iso = ibis.cases((text.re_search(INSTANT), read))
    slashed = ibis.cases((text.re_search(SLASHED), try_strptime(text, ["%m/%d/%y", "%m/%d/%Y"])))
    return Cell(_plausible(ibis.coalesce(iso, slashed)), text)


def _plausible(instant: Column) -> Column:
    """`instant`, or null where no bill can mean it: a broken date must not become a billing period."""
    return ibis.cases((instant.between(EARLIEST, LATEST), instant))


def significant_digits(table: Table, name: str) -> tuple[Column, Column]:
    """Digits that a text or float needs before and after the point, as columns; null where it is no number.

    Null too for a float that FLOAT_SCALE digits hold.
    """
    column = table[name]
    text = present(text_cell(table, name))
    number = ibis.cases((text.re_search(NUMBER), text.lower()))
    if column.type().is_floating():
        number = ibis.cases((_plain_float(column), ibis.null("string")), else_=number)
    return _digits(number)


def _digits(number: Column) -> tuple[Column, Column]:
    """Digits before and after the point of a number's text in lower case."""
    mantissa = number.re_extract(r"^[+-]?([0-9]*\.?[0-9]*)", 1)
    exponent = ibis.coalesce(number.re_extract(r"e([+-]?[0-9]+)$", 1).try_cast("int64"), 0)
    whole = mantissa.re_extract(r"^0*([0-9]*)", 1).length()
    fraction = mantissa.re_extract(r"\.([0-9]*?)0*$", 1).length()
    return whole + exponent, fraction - exponent
