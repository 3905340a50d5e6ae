"""How a FOCUS cell is read: instants and text, from CSV text or typed Parquet alike. Numbers: `ingest.focus.numbers`.

A cell is *unreadable* when it says something that cannot be understood; an absent value (a real null, an empty cell, a
literal `NULL`) is not unreadable.
"""

from datetime import datetime

import ibis
import ibis.expr.datatypes as dt
from ibis import Column, Table

# Date/time format of FOCUS with what real bills do to it: a blank for the T, no seconds, no Z, a bare date. Another
# offset than UTC is not understood, because DuckDB would drop it in silence.
INSTANT = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?( ?(Z|z|UTC|\+00:?00))?$"
_OFFSET = r" ?(Z|z|UTC|\+00:?00)$"
# As nearly all of them are written, in a year that is plausible: one look instead of six.
_USUAL = r"^(20\d\d|21[0-8]\d)-\d{2}-\d{2}([T ]\d{2}:\d{2}:\d{2}Z?)?$"
SLASHED = r"^\d{1,2}/\d{1,2}/(\d{2}|\d{4})$"
_SLASHED_FORMATS = ["%m/%d/%y", "%m/%d/%Y"]
ABSENT = ("", "NULL", "null", "Null")
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


def text_cell(table: Table, name: str | None) -> Column:
    """A column as text; nulls where the bill has no such column. Cells keep their spelling."""
    if name is None:
        return ibis.null("string")
    return table[name] if table[name].type().is_string() else table[name].cast("string")


def present(column: Column) -> Column:
    """`column` without the blanks around it; null for every spelling of absence."""
    stripped = column.strip()
    return ibis.cases((stripped.isin(ABSENT), ibis.null("string")), else_=stripped)


def instant(column: Column) -> Column:
    """A point in time in UTC; null where it is absent or cannot be understood."""
    kind = column.type()
    if kind.is_timestamp():
        return _plausible(make_timestamp(epoch_us(column)) if kind.timezone else column)
    if kind.is_date():
        return _plausible(column.cast("timestamp"))
    written = column if kind.is_string() else column.cast("string")
    usual = written.re_search(_USUAL)
    return ibis.cases((usual, written.try_cast("timestamp")), else_=unusual_instant(present(written)))


def unusual_instant(text: Column) -> Column:
    """A point in time however a bill may spell it."""
    # DuckDB reads some of these only without the offset, which says nothing new.
    read = ibis.coalesce(text.try_cast("timestamp"), text.re_replace(_OFFSET, "").try_cast("timestamp"))
    iso = ibis.cases((text.re_search(INSTANT), read))
    return _plausible(ibis.coalesce(iso, ibis.cases((is_slashed(text), try_strptime(text, _SLASHED_FORMATS)))))


def is_slashed(text: Column) -> Column:
    """Whether `text` is a date as spreadsheets of the United States write it."""
    return ibis.cases((text.contains("/"), text.strip().re_search(SLASHED)), else_=False)


def _plausible(instant: Column) -> Column:
    """`instant`, or null where no bill can mean it: a broken date must not become a billing period."""
    return ibis.cases((instant.between(EARLIEST, LATEST), instant))
