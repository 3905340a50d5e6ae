"""What a delivery was found to break, in place of what was found before."""

from collections.abc import Iterable
from typing import Protocol

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from app.db.tables.bills import Finding


class BrokenRule(Protocol):
    """A rule that a delivery breaks; `ingest.finding.Finding` is one."""

    @property
    def rule(self) -> str:
        """The kind of rule."""

    @property
    def column(self) -> str:
        """The column it is about."""

    @property
    def message(self) -> str:
        """What is wrong, read after the column's name."""

    @property
    def rows(self) -> int:
        """How many rows break it."""

    @property
    def example(self) -> str | None:
        """What stands in a row that breaks it."""

    @property
    def requirement(self) -> str | None:
        """Its id in the official FOCUS 1.2 model."""

    @property
    def file(self) -> str | None:
        """The file of the example."""

    @property
    def row_number(self) -> int | None:
        """The row of the example, as its reader counts."""


def replace_findings(session: Session, delivery_id: int, findings: Iterable[BrokenRule]) -> None:
    """Makes `findings` all that is known of what a delivery breaks."""
    session.execute(delete(Finding).where(Finding.delivery_id == delivery_id))
    rows = [
        {
            "delivery_id": delivery_id,
            "rule": each.rule,
            "column_name": each.column,
            "message": each.message,
            "rows": each.rows,
            "example": each.example,
            "requirement": each.requirement,
            "file": each.file,
            "row_number": each.row_number,
        }
        for each in findings
    ]
    if rows:
        session.execute(insert(Finding), rows)
