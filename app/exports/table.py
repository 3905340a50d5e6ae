"""A report as a table: what every file format writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

Cell = str | int | Decimal | date | datetime | None


class Kind(StrEnum):
    """What the cells of a column are."""

    TEXT = "text"
    COUNT = "count"
    AMOUNT = "amount"
    DAY = "day"
    INSTANT = "instant"


@dataclass(frozen=True)
class Column:
    """A named column."""

    name: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True)
class Table:
    """Rows under columns; `name` is what a file of it is called."""

    name: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Cell, ...]]

    def cells(self, index: int) -> list[Cell]:
        """The cells of one column."""
        return [row[index] for row in self.rows]


def texts(*names: str) -> tuple[Column, ...]:
    """Columns of text."""
    return tuple(Column(name) for name in names)


def amounts(*names: str) -> tuple[Column, ...]:
    """Columns of amounts."""
    return tuple(Column(name, Kind.AMOUNT) for name in names)


# What makes Excel, LibreOffice and Sheets read a text as a formula (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """`text`, with an apostrophe before it if a spreadsheet would run it as a formula.

    Names and tags come from whoever can name a resource; only an apostrophe makes every spreadsheet show them as text.
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
