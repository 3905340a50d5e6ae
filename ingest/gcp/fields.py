"""The fields of an export's rows by their path, whether a column is nested (Parquet) or flattened text (CSV, JSON)."""

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.datatypes as dt
from ibis import Column, Table

from ingest.gcp.layout import canonical

NO = ibis.literal(value=False)


@ibis.udf.scalar.builtin
def json_valid(text: str) -> bool:  # type: ignore[empty-body]
    """Whether a text is JSON."""


# A number would pass through a float while JSON is parsed; in quotes it stays as it was written.
_AMOUNT = r'("[Aa]mount"\s*:\s*)(-?[0-9][0-9.eE+-]*)'


@dataclass(frozen=True)
class Fields:
    """Rows of an export, asked by the path of a field; what they do not have is null."""

    bill: Table

    def has(self, path: str) -> bool:
        """Whether there is such a field."""
        return self._find(path) is not None

    def value(self, path: str) -> Column:
        """A field as it is typed."""
        found = self._find(path)
        return ibis.null("string") if found is None else found

    def text(self, path: str) -> Column:
        """A field as text; a float is its shortest decimal text. Blank is null."""
        found = self.value(path)
        text = found if found.type().is_string() else found.cast("string")
        return text.nullif("")

    def entries(self, path: str, names: Sequence[str]) -> Column:
        """A repeated record as an array of structs with the fields `names`, all text; empty where there is none."""
        found, kind = self._find(path), _entries_type(names)
        if found is None:
            return ibis.literal([], type=kind)
        if found.type().is_string():
            return ibis.coalesce(_parsed(found, names), ibis.literal([], type=kind))
        items = _list_of(found)
        if items is None:
            return ibis.literal([], type=kind)
        # The fields of an empty struct are not known, so that there is nothing to ask for.
        return ibis.coalesce(
            items.map(lambda each: ibis.struct({name: _text_in(each, name) for name in names})),
            ibis.literal([], type=kind),
        )

    def broken(self, path: str) -> Column:
        """Whether a repeated record is text that is no JSON."""
        found = self._find(path)
        if found is None or not found.type().is_string():
            return NO
        return found.nullif("").notnull() & ~json_valid(ibis.coalesce(found.nullif(""), "[]"))

    def _find(self, path: str) -> Column | None:
        columns = {canonical(name): name for name in self.bill.columns}
        if canonical(path) in columns:
            return self.bill[columns[canonical(path)]]
        head, *rest = path.split(".")
        if not rest or canonical(head) not in columns:
            return None
        found = self.bill[columns[canonical(head)]]
        for step in rest:
            within = _member(found, step)
            if within is None:
                return None
            found = within
        return found


def paths(bill: Table) -> list[str]:
    """Every column, and every member of a nested one."""
    found = list(bill.columns)
    for name in bill.columns:
        kind = bill[name].type()
        if kind.is_struct():
            found += [f"{name}.{member}" for member in kind.names]
    return found


def _entries_type(names: Sequence[str]) -> dt.DataType:
    return dt.Array(dt.Struct(dict.fromkeys(names, dt.string)))


def _member(column: Column, name: str) -> Column | None:
    kind = column.type()
    if not kind.is_struct():
        return None
    written = next((each for each in kind.names if each.casefold() == name.casefold()), None)
    return None if written is None else column[written]


def _text_in(struct: Column, name: str) -> Column:
    found = _member(struct, name)
    return ibis.null("string") if found is None else found.cast("string")


def _list_of(column: Column) -> Column | None:
    """The array in a column, without the wrapping that some Parquet writers leave around one (list, element)."""
    kind = column.type()
    if kind.is_struct():
        wrapped = _member(column, "list")
        if wrapped is None or not wrapped.type().is_array():
            return None
        inner = wrapped.type().value_type
        if inner.is_struct() and tuple(inner.names) in {("element",), ("item",)}:
            return wrapped.map(lambda each: each[inner.names[0]])
        return wrapped
    return column if kind.is_array() else None


def _parsed(text: Column, names: Sequence[str]) -> Column:
    structure = "[{" + ",".join(f'"{name}":"VARCHAR"' for name in names) + "}]"
    safe = text.nullif("").re_replace(_AMOUNT, r'\1"\2"')
    return _parser(tuple(names))(ibis.cases((json_valid(safe), safe)), structure)


def _parser(names: tuple[str, ...]):  # type: ignore[no-untyped-def]  # noqa: ANN202
    def from_json(text, structure):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        """JSON text as an array of structs."""

    return ibis.udf.scalar.builtin(from_json, signature=((dt.string, dt.string), _entries_type(names)))
