"""Facts about cells that hold JSON: tags and the details of a SKU price."""

from dataclasses import dataclass

from ingest.engine.duckdb import quoted
from ingest.focus.rules.cells import Cells


@dataclass(frozen=True)
class _OfOne:
    column: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The one column."""
        return (self.column,)


def _object(cells: Cells, column: str) -> str:
    """Whether the cell is JSON, and an object."""
    text = cells.text(column)
    return f"json_valid({text}) AND json_type(CASE WHEN json_valid({text}) THEN {text} END) = 'OBJECT'"


def _where_object(cells: Cells, column: str) -> str:
    """The cell's text where it is an object; null elsewhere."""
    return f"CASE WHEN {_object(cells, column)} THEN {cells.text(column)} END"


def _any_key(cells: Cells, column: str, condition: str) -> str:
    """Whether the object has a key `k` of which `condition` holds."""
    return f"len(list_filter(json_keys({_where_object(cells, column)}), lambda k: {condition})) > 0"


@dataclass(frozen=True)
class NotObject(_OfOne):
    """The cell holds something that is no JSON object."""

    def sql(self, cells: Cells) -> str | None:
        """As a condition."""
        if not cells.is_text(self.column):
            return None
        return f"NOT ({_object(cells, self.column)}) AND NOT {cells.null(self.column)}"


@dataclass(frozen=True)
class RepeatedKey(_OfOne):
    """The object has a key twice."""

    def sql(self, cells: Cells) -> str | None:
        """As a condition."""
        if not cells.is_text(self.column):
            return None
        keys = f"json_keys({_where_object(cells, self.column)})"
        return f"len({keys}) <> len(list_distinct({keys}))"


@dataclass(frozen=True)
class NestedValue(_OfOne):
    """The object holds an object or a list."""

    def sql(self, cells: Cells) -> str | None:
        """As a condition."""
        if not cells.is_text(self.column):
            return None
        values = f"json_extract({_where_object(cells, self.column)}, '$.*')"
        return f"len(list_filter({values}, lambda v: json_type(v) IN ('OBJECT', 'ARRAY'))) > 0"


@dataclass(frozen=True)
class StrangeKey(_OfOne):
    """The object has a key without `x_` that is none of the listed ones in whatever casing."""

    keys: tuple[str, ...]

    def sql(self, cells: Cells) -> str | None:
        """As a condition."""
        if not cells.is_text(self.column):
            return None
        listed = ", ".join(quoted(key.lower()) for key in self.keys)
        return _any_key(cells, self.column, f"NOT starts_with(k, 'x_') AND lower(k) NOT IN ({listed})")


@dataclass(frozen=True)
class MiscasedKey(_OfOne):
    """The object has a listed key in another casing."""

    keys: tuple[str, ...]

    def sql(self, cells: Cells) -> str | None:
        """As a condition."""
        if not cells.is_text(self.column):
            return None
        folded = ", ".join(quoted(key.lower()) for key in self.keys)
        exact = ", ".join(map(quoted, self.keys))
        return _any_key(cells, self.column, f"lower(k) IN ({folded}) AND k NOT IN ({exact})")


@dataclass(frozen=True)
class MistypedValue(_OfOne):
    """A listed key has a value of another type than it should."""

    numbers: tuple[str, ...]
    texts: tuple[str, ...]

    def sql(self, cells: Cells) -> str | None:
        """As a condition."""
        if not cells.is_text(self.column):
            return None
        text = _where_object(cells, self.column)
        wrong = [f"json_type({text}, '$.{key}') NOT IN ({_NUMERIC})" for key in self.numbers]
        wrong += [f"json_type({text}, '$.{key}') NOT IN ({_TEXTUAL})" for key in self.texts]
        return " OR ".join(wrong)


_NUMERIC = "'UBIGINT', 'BIGINT', 'DOUBLE', 'NULL'"
_TEXTUAL = "'VARCHAR', 'NULL'"
