"""Vendors whose cost arrives through two doors, as a table."""

from app.exports.table import Cell, Table, amounts, texts
from app.reports.double_counting import DoubleCounting


def double_counting_table(report: DoubleCounting) -> Table:
    """One line for each vendor, source and currency."""
    columns = (
        *texts("vendor", "source", "door", "billing_currency"),
        *amounts("billed_cost", "effective_cost"),
        *texts("services", "settled", "advice"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            each.vendor,
            door.source,
            door.door.value,
            door.billing_currency,
            door.billed_cost,
            door.effective_cost,
            "; ".join(door.services) or None,
            "yes" if each.settled else "no",
            each.advice,
        )
        for each in report.vendors
        for door in each.doors
    ]
    return Table(f"double counting {report.period.label}", columns, rows)
