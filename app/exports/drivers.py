"""Drivers as tables."""

from collections.abc import Sequence

from app.domain.driver import KnownDriver
from app.exports.table import Cell, Column, Kind, Table, amounts, texts
from app.reports.drivers import DriverReport


def drivers_table(report: DriverReport) -> Table:
    """Quantities, one line per bucket and combination."""
    query = report.query
    columns = (Column("period_start", Kind.DAY), *texts(*query.group_by, "unit"), *amounts("quantity"))
    rows: list[tuple[Cell, ...]] = [(row.period_start, *row.keys, row.unit, row.quantity) for row in report.rows]
    return Table(f"{query.name} {query.start} to {query.end}", columns, rows)


def driver_names_table(known: Sequence[KnownDriver]) -> Table:
    """The drivers there are, one line per name, unit and source."""
    columns = (
        *texts("name", "unit", "source"),
        Column("first_day", Kind.DAY),
        Column("last_day", Kind.DAY),
        Column("days", Kind.COUNT),
        *texts("dimensions"),
    )
    rows: list[tuple[Cell, ...]] = [
        (each.name, each.unit, each.source, each.first_day, each.last_day, each.days, " ".join(each.dimensions))
        for each in known
    ]
    return Table("drivers", columns, rows)
