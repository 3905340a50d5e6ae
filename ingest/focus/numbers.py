"""How the numbers of a bill are read: exactly, and quickly where they are short.

Nearly all amounts of a bill have few digits. Those are read, and summed, as 64-bit integers; only the others (`long`)
are read from their text, as decimals of 38 digits. Both parts of a column are exact, and each value is in one of them.
"""

from dataclasses import dataclass

import ibis
import ibis.expr.datatypes as dt
from ibis import Column, Table

from ingest.focus.cells import present, text_cell

# Numeric format of FOCUS (attributes/numeric_format), with a leading `+` forgiven.
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
MAX_DIGITS = 38
# Fractional digits with which short floats are read. A text is given as many, so that few bills are read twice.
SHORT_SCALE = 10
# A float stands for one decimal of at most this many digits (IEEE 754 binary64: DBL_DIG).
_FLOAT_DIGITS = 15
_SHORT_DIGITS = 18  # of a decimal that DuckDB keeps in 64 bits


def is_exact(column: Column) -> bool:
    """Whether the column's type is decimal or integer already, so that it needs no reading."""
    kind = column.type()
    return bool(kind.is_decimal() or kind.is_integer())


def exact_value(column: Column) -> Column:
    """A decimal or integer column as a decimal."""
    return column if column.type().is_decimal() else column.cast(dt.Decimal(MAX_DIGITS, 0))


def short_part(column: Column, scale: int) -> Column:
    """The short values of a float or text column, null for every other one.

    Of floats, whole units of 10^-SHORT_SCALE: two decimals of fifteen digits are never the same float, so one that
    comes back as the float it was read from is the right one. Of texts, plain numbers of at most `scale` fractional
    digits.
    """
    if column.type().is_floating():
        return ibis.cases((_is_short(column), _units(column)))
    if scale >= _SHORT_DIGITS:
        return ibis.null(dt.Decimal(_SHORT_DIGITS, 0))
    return ibis.cases((_is_plain(column, scale), column.try_cast(dt.Decimal(_SHORT_DIGITS, scale))))


def _units(column: Column) -> Column:
    return (column * float(10**SHORT_SCALE)).try_cast("int64")


def _is_short(column: Column) -> Column:
    """Whether SHORT_SCALE fractional digits hold a float's shortest text for certain."""
    back = _units(column).cast("float64") / float(10**SHORT_SCALE)
    return (column.abs() < 10 ** (_FLOAT_DIGITS - SHORT_SCALE)) & (back == column)


@dataclass(frozen=True)
class Number:
    """A float or text column read with `scale` fractional digits, in two parts."""

    short: Column
    long: Column
    scale: int

    @classmethod
    def read(cls, written: Column, short: Column, scale: int) -> "Number":
        """The column as `written`, whose `short` part has been worked out."""
        text = present(written) if written.type().is_string() else written.cast("string")
        return cls(short, ibis.cases((short.isnull(), decimal_of(text, scale))), scale)

    @property
    def value(self) -> Column:
        """The number itself; null where it is absent, unreadable or longer than `scale` allows."""
        return ibis.coalesce(_decimal(self.short, self.scale), self.long)

    @property
    def missing(self) -> Column:
        """Whether there is no value."""
        return self.short.isnull() & self.long.isnull()

    @property
    def total(self) -> Column:
        """The exact sum; null where no row has a value."""
        short, long = _decimal(self.short.sum(), self.scale), self.long.sum()
        both = (short + long).cast(dt.Decimal(MAX_DIGITS, self.scale))
        return ibis.coalesce(both, short, long)


def _decimal(short: Column, scale: int) -> Column:
    """A short part, or its sum, as a decimal."""
    if short.type().is_integer():
        unit = ibis.literal(f"{10**-SHORT_SCALE:.{SHORT_SCALE}f}").cast(dt.Decimal(MAX_DIGITS, SHORT_SCALE))
        short = short.cast(dt.Decimal(MAX_DIGITS - SHORT_SCALE, 0)) * unit
    return short.cast(dt.Decimal(MAX_DIGITS, scale))


def decimal_of(text: Column, scale: int) -> Column:
    """The number that `text` writes; null where it writes none or `scale` fractional digits do not hold it."""
    _, fraction = _digits(text.lower())
    held = text.re_search(NUMBER) & (fraction <= scale)
    number = exact_text(text, scale)
    return ibis.cases((_is_plain(text, scale), number), else_=ibis.cases((held, number)))


def exact_text(text: Column, scale: int) -> Column:
    """`text` as a decimal with `scale` fractional digits, which must be enough for it; null where it is no number.

    DuckDB reads a text into a decimal of more than 18 digits several times slower than into a shorter one, so the short
    one is tried first.
    """
    long = text.try_cast(dt.Decimal(MAX_DIGITS, scale))
    if scale >= _SHORT_DIGITS:
        return long
    return ibis.coalesce(_decimal(text.try_cast(dt.Decimal(_SHORT_DIGITS, scale)), scale), long)


def _is_plain(text: Column, scale: int) -> Column:
    """Whether `text` can only be a number without exponent that `scale` fractional digits hold, if it is one at all."""
    return text.re_search(rf"^[+-]?[0-9]*\.?[0-9]{{0,{scale}}}0*$")


def significant_digits(table: Table, name: str) -> tuple[Column, Column]:
    """Digits that a text or float needs before and after the point, as columns; null where it is no number.

    Null too for a float that is short.
    """
    column = table[name]
    text = present(text_cell(table, name))
    number = ibis.cases((text.re_search(NUMBER), text.lower()))
    if column.type().is_floating():
        number = ibis.cases((_is_short(column), ibis.null("string")), else_=number)
    return _digits(number)


def _digits(number: Column) -> tuple[Column, Column]:
    """Digits before and after the point of a number's text in lower case."""
    mantissa = number.re_extract(r"^[+-]?([0-9]*\.?[0-9]*)", 1)
    exponent = ibis.coalesce(number.re_extract(r"e([+-]?[0-9]+)$", 1).try_cast("int64"), 0)
    whole = mantissa.re_extract(r"^0*([0-9]*)", 1).length()
    fraction = mantissa.re_extract(r"\.([0-9]*?)0*$", 1).length()
    return whole + exponent, fraction - exponent
