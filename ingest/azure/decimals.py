"""Exact products of decimals in DuckDB."""

import ibis
import ibis.expr.datatypes as dt

_decimal = dt.Decimal()


@ibis.udf.scalar.builtin(name="multiply")
def times(one: _decimal, other: _decimal) -> _decimal:  # type: ignore[valid-type]
    """`one` × `other` with all its digits. Ibis' own `*` refuses two decimals of which neither type holds the other.

    DuckDB refuses when the digits of the two types come to more than 38.
    """
