"""Facts about numbers and instants."""

from dataclasses import dataclass

from ingest.engine.duckdb import quoted
from ingest.focus.rules.cells import Cells

# FOCUS, attribute Numeric Format: an integer, a decimal or E notation; no plus sign, no separator, no unit.
NUMERIC = r"-?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE]-?[0-9]+)?"
# FOCUS, attribute Date/Time Format: UTC, to the second.
INSTANT = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z"
# A product matches a cost when they differ by no more than this part of the cost (prices are rounded), or by less than
# any digit that a bill shows.
TOLERANCE, NOTHING = "1e-6", "1e-9"
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND


@dataclass(frozen=True)
class _OfOne:
    column: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The one column."""
        return (self.column,)


@dataclass(frozen=True)
class NotNumeric(_OfOne):
    """The cell holds a text that is no number as FOCUS writes it."""

    def sql(self, cells: Cells) -> str | None:
        """As a condition."""
        if not cells.is_text(self.column):
            return None
        return f"NOT regexp_full_match({cells.text(self.column)}, {quoted(NUMERIC)}) AND NOT {cells.null(self.column)}"


@dataclass(frozen=True)
class NotInstant(_OfOne):
    """The cell holds a text that is no instant as FOCUS writes it."""

    def sql(self, cells: Cells) -> str | None:
        """As a condition."""
        if not cells.is_text(self.column):
            return None
        return f"NOT regexp_full_match({cells.text(self.column)}, {quoted(INSTANT)}) AND NOT {cells.null(self.column)}"


@dataclass(frozen=True)
class Negative(_OfOne):
    """The number is below zero."""

    def sql(self, cells: Cells) -> str:
        """As a condition."""
        return f"{cells.number(self.column)} < 0"


@dataclass(frozen=True)
class NotZero(_OfOne):
    """The number is not zero."""

    def sql(self, cells: Cells) -> str:
        """As a condition."""
        return f"{cells.number(self.column)} <> 0"


@dataclass(frozen=True)
class Differs:
    """Two numbers are not the same."""

    one: str
    other: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Both columns."""
        return (self.one, self.other)

    def sql(self, cells: Cells) -> str:
        """As a condition."""
        return f"{cells.number(self.one)} <> {cells.number(self.other)}"


@dataclass(frozen=True)
class OffProduct:
    """A cost that is not its unit price times the quantity."""

    price: str
    quantity: str
    cost: str

    @property
    def columns(self) -> tuple[str, ...]:
        """All three columns."""
        return (self.price, self.quantity, self.cost)

    def sql(self, cells: Cells) -> str:
        """As a condition."""
        price, quantity, cost = (cells.double(column) for column in self.columns)
        return f"abs({price} * {quantity} - {cost}) > {TOLERANCE} * abs({cost}) + {NOTHING}"


@dataclass(frozen=True)
class NotBefore:
    """An instant that is not before another."""

    start: str
    end: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Both columns."""
        return (self.start, self.end)

    def sql(self, cells: Cells) -> str:
        """As a condition."""
        return f"{cells.microseconds(self.start)} >= {cells.microseconds(self.end)}"


@dataclass(frozen=True)
class LastSecond(_OfOne):
    """An instant in the last second of a day: the mark of an end that is meant to be included."""

    def sql(self, cells: Cells) -> str:
        """As a condition."""
        return f"{cells.microseconds(self.column)} % {_DAY} >= {_DAY - _SECOND}"


@dataclass(frozen=True)
class MidMonth(_OfOne):
    """An instant that is not the start of a month."""

    def sql(self, cells: Cells) -> str:
        """As a condition."""
        instant = f"make_timestamp({cells.microseconds(self.column)})"
        return f"{instant} <> date_trunc('month', {instant})"
