"""The cells of a delivery as SQL, by FOCUS column: as text, number or instant, whatever the file has them as.

Only for judging rules: numbers are compared as doubles, which no figure is ever taken from.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import ibis.expr.datatypes as dt

from ingest.engine.duckdb import quoted
from ingest.focus.cells import ABSENT

_ABSENT = ", ".join(quoted(text) for text in ABSENT)


@dataclass(frozen=True)
class Cells:
    """Where each FOCUS column stands, and its type there. A column that is not there reads as null."""

    names: Mapping[str, str]  # FOCUS name -> as the file writes it
    types: Mapping[str, dt.DataType]  # by FOCUS name

    def raw(self, column: str) -> str:
        """The cell as it is."""
        return '"' + self.names[column].replace('"', '""') + '"' if column in self.names else "NULL"

    def is_text(self, column: str) -> bool:
        """Whether the file has it as text, so that it may hold anything."""
        return column in self.names and self.types[column].is_string()

    def is_map(self, column: str) -> bool:
        """Whether it is a map of Parquet, whose keys are unique texts."""
        return column in self.names and self.types[column].is_map()

    def text(self, column: str) -> str:
        """The cell as text, without blanks around it."""
        if self.is_text(column):
            return f"trim({self.raw(column)})"
        return f"CAST({self.raw(column)} AS VARCHAR)"

    def null(self, column: str) -> str:
        """Whether the cell holds nothing, in any spelling that Trueup takes for nothing."""
        if column not in self.names:
            return "true"
        raw = self.raw(column)
        return f"({raw} IS NULL OR trim({raw}) IN ({_ABSENT}))" if self.is_text(column) else f"{raw} IS NULL"

    def number(self, column: str) -> str:
        """The cell as a number; null where it is none."""
        raw = self.raw(column)
        kind = self.types.get(column)
        if kind is not None and (kind.is_decimal() or kind.is_numeric()):
            return raw
        return f"TRY_CAST({raw} AS DOUBLE)"

    def double(self, column: str) -> str:
        """The cell as a double; null where it is no number."""
        kind = self.types.get(column)
        return (
            self.raw(column) if kind is not None and kind.is_floating() else f"TRY_CAST({self.raw(column)} AS DOUBLE)"
        )

    def microseconds(self, column: str) -> str:
        """The cell as microseconds since 1970; null where it is no instant."""
        kind = self.types.get(column)
        if kind is not None and kind.is_timestamp():
            return f"epoch_us({self.raw(column)})"
        return f"epoch_us(TRY_CAST({self.raw(column)} AS TIMESTAMP))"
