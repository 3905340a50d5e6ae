"""A mapping: what each FOCUS column of a vendor's table is made of."""

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True)
class FromColumn:
    """A column of the file, read as the mapping says."""

    column: str
    formats: tuple[str, ...] = ()  # of a date: strptime's; none means ISO 8601
    inclusive: bool = False  # of a date: the last day that counts, where FOCUS has the first that does not
    values: Dict[str, str] = field(default_factory=dict)  # what a cell says -> what it shall be
    otherwise: str | None = None  # for a cell that `values` does not name
    decimal: str = "."
    thousands: str = ""
    remove: tuple[str, ...] = ()  # marks around a number, such as $
    negate: bool = False
    shift: int = 0  # powers of ten: -2 turns cents into dollars
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Constant:
    """The same text in every row."""

    text: str


@dataclass(frozen=True)
class SameAs:
    """Another FOCUS column of the same row."""

    name: str


@dataclass(frozen=True)
class Template:
    """Text with cells in it: alternating literal text and columns, as in "{product} {gpu}"."""

    pieces: Sequence[tuple[str, str | None]]  # literal, then the column that follows it
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Object:
    """A flat JSON object, such as tags: key -> column of the file."""

    columns: Dict[str, str]
    line: int = field(default=0, compare=False)


Source: TypeAlias = FromColumn | Constant | SameAs | Template | Object


@dataclass(frozen=True)
class LeaveOut:
    """Rows of the file that are no charges, such as a line of totals."""

    column: str
    values: tuple[str, ...]  # a cell that says one of these
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Mapping:
    """How a vendor's table becomes FOCUS."""

    columns: Dict[str, Source]  # FOCUS name or x_ name -> what it is made of
    delimiter: str = ","
    skip_rows: int = 0  # before the header
    encoding: str = "utf-8-sig"
    leave_out: tuple[LeaveOut, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether its CSV files can be read without being rewritten first."""
        return self.delimiter == "," and not self.skip_rows and self.encoding == "utf-8-sig"

    @property
    def reads(self) -> dict[str, int]:
        """The columns of the file that it needs, each with the line of the mapping that names it."""
        needed: dict[str, int] = {}
        for source in self.columns.values():
            match source:
                case FromColumn(column=column, line=line):
                    needed.setdefault(column, line)
                case Template(pieces=pieces, line=line):
                    needed |= {column: line for _, column in pieces if column and column not in needed}
                case Object(columns=columns, line=line):
                    needed |= {column: line for column in columns.values() if column not in needed}
                case _:
                    pass
        for each in self.leave_out:
            needed.setdefault(each.column, each.line)
        return needed
