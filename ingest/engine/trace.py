"""From which columns of the bill a column of an expression over it is worked out.

Where that is known, rows can be told apart by the bill's own columns, before anything is worked out.
"""

from collections.abc import Iterable

import ibis.expr.operations as ops
from ibis import Table
from ibis.expr.operations.relations import Relation


class _NotTraced(Exception):
    """The expression does something that is not followed here."""


def traced(table: Table, columns: Iterable[str], bill: str) -> frozenset[str] | None:
    """The columns of the view `bill` that `columns` of `table` depend on, row by row; None when that cannot be told.

    What decides whether a row is there at all is no dependence, nor is anything that is the same for all rows.
    """
    found: set[str] = set()
    seen: dict[tuple[Relation, str], frozenset[str]] = {}
    try:
        for name in columns:
            found |= _column(table.op(), name, bill, seen)
    except _NotTraced:
        return None
    return frozenset(found)


def _column(
    relation: Relation, name: str, bill: str, seen: dict[tuple[Relation, str], frozenset[str]]
) -> frozenset[str]:
    key = (relation, name)
    if key not in seen:
        seen[key] = _looked_up(relation, name, bill, seen)
    return seen[key]


def _looked_up(
    relation: Relation, name: str, bill: str, seen: dict[tuple[Relation, str], frozenset[str]]
) -> frozenset[str]:
    if isinstance(relation, ops.PhysicalTable):
        if relation.name != bill:
            raise _NotTraced
        return frozenset({name})
    if isinstance(relation, ops.Project | ops.JoinChain):
        return _value(relation.values[name], bill, seen)
    if isinstance(relation, ops.Union):
        return _column(relation.left, name, bill, seen) | _column(relation.right, name, bill, seen)
    if isinstance(relation, ops.Filter | ops.Sort | ops.DropColumns | ops.JoinReference):
        return _column(relation.parent, name, bill, seen)
    raise _NotTraced


def _value(value: ops.Value, bill: str, seen: dict[tuple[Relation, str], frozenset[str]]) -> frozenset[str]:
    if isinstance(value, ops.Field):
        return _column(value.rel, value.name, bill, seen)
    if isinstance(value, ops.Subquery | ops.WindowFunction | ops.Reduction | ops.Unnest):
        raise _NotTraced
    if isinstance(value, ops.Impure) and not isinstance(value, ops.ScalarUDF):  # ours give the same for the same
        raise _NotTraced
    parts = [_value(each, bill, seen) for each in value.__children__ if isinstance(each, ops.Value)]
    return frozenset().union(*parts)
