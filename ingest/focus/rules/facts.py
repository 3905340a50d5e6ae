"""Facts about single cells and pairs of cells that rules are made of."""

from dataclasses import dataclass

from ingest.engine.duckdb import quoted
from ingest.focus.rules.cells import Cells
from ingest.focus.rules.rule import Term

# FOCUS, attribute Null Handling: what stands in for a value that is not there. Null itself is written as nothing.
PLACEHOLDERS = ("", "null", "n/a", "none", "nan", "not applicable", "undefined", "-", "--")
# What a decoder writes where bytes were no text in the encoding it expected.
REPLACEMENT = "\ufffd"


@dataclass(frozen=True)
class _OfOne:
    column: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The one column."""
        return (self.column,)


@dataclass(frozen=True)
class Null(_OfOne):
    """The cell holds nothing."""

    def sql(self, cells: Cells) -> str:
        """As a condition."""
        return cells.null(self.column)


@dataclass(frozen=True)
class Is(_OfOne):
    """The cell holds this value of an enumeration, in whatever casing."""

    value: str

    def sql(self, cells: Cells) -> str | None:
        """As a condition."""
        return f"lower({cells.text(self.column)}) = {quoted(self.value.lower())}"


@dataclass(frozen=True)
class Unlisted(_OfOne):
    """The cell holds something that is none of the values, in whatever casing."""

    values: tuple[str, ...]

    def sql(self, cells: Cells) -> str:
        """As a condition."""
        listed = ", ".join(quoted(value.lower()) for value in self.values)
        return f"lower({cells.text(self.column)}) NOT IN ({listed}) AND NOT {cells.null(self.column)}"


@dataclass(frozen=True)
class Miscased(_OfOne):
    """The cell holds one of the values, but not in their casing."""

    values: tuple[str, ...]

    def sql(self, cells: Cells) -> str:
        """As a condition."""
        text = cells.text(self.column)
        exact = ", ".join(map(quoted, self.values))
        folded = ", ".join(quoted(value.lower()) for value in self.values)
        return f"lower({text}) IN ({folded}) AND {text} NOT IN ({exact})"


@dataclass(frozen=True)
class Placeholder(_OfOne):
    """The cell has a text that stands for having none."""

    def sql(self, cells: Cells) -> str | None:
        """As a condition."""
        if not cells.is_text(self.column):
            return None
        return f"lower({cells.text(self.column)}) IN ({', '.join(map(quoted, PLACEHOLDERS))})"


@dataclass(frozen=True)
class Garbled(_OfOne):
    """The cell has a character that no text has: a sign that it was decoded wrongly."""

    def sql(self, cells: Cells) -> str | None:
        """As a condition."""
        return f"contains({cells.raw(self.column)}, {quoted(REPLACEMENT)})" if cells.is_text(self.column) else None


@dataclass(frozen=True)
class NoColumn:
    """The delivery has no such column."""

    column: str

    @property
    def columns(self) -> tuple[str, ...]:
        """No cell: the header tells."""
        return ()

    def sql(self, cells: Cells) -> str | None:
        """As a condition."""
        return None if self.column in cells.names else "true"


@dataclass(frozen=True)
class SameText:
    """Two cells hold the same text."""

    one: str
    other: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Both columns."""
        return (self.one, self.other)

    def sql(self, cells: Cells) -> str:
        """As a condition."""
        return f"{cells.text(self.one)} = {cells.text(self.other)}"


@dataclass(frozen=True)
class Unrelated:
    """The child's value is a listed one, and its parent is not the cell's."""

    child: str
    parent: str
    parents: tuple[tuple[str, str], ...]  # (child's value, parent's)

    @property
    def columns(self) -> tuple[str, ...]:
        """Both columns."""
        return (self.child, self.parent)

    def sql(self, cells: Cells) -> str:
        """As a condition."""
        child, parent = f"lower({cells.text(self.child)})", f"lower({cells.text(self.parent)})"
        listed = ", ".join(quoted(name.lower()) for name, _ in self.parents)
        pairs = ", ".join(quoted(f"{name}/{of}".lower()) for name, of in self.parents)
        return f"{child} IN ({listed}) AND {child} || '/' || {parent} NOT IN ({pairs})"


def null(column: str) -> Term:
    """The cell holds nothing."""
    return Term(Null(column))


def there(column: str) -> Term:
    """The cell holds something."""
    return Term(Null(column), so=False)


def is_(column: str, value: str) -> Term:
    """The cell holds this value."""
    return Term(Is(column, value))


def is_not(column: str, value: str) -> Term:
    """The cell holds another value, or nothing."""
    return Term(Is(column, value), so=False)
