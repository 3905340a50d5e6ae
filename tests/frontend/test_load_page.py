"""The page of a load."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.db.findings import replace_findings
from app.db.tables.bills import Delivery
from app.domain.viewer import operator
from app.reports.loads import load_report
from frontend.pages.load import _findings
from ingest.finding import Finding
from tests.app.books import Books

RULES = (
    Finding("not-null", "ListCost", "is null", 1, "NULL", "ListCost-C-003-M", "a.csv", 7),
    Finding("whole-month", "BillingPeriodStart", "is not the first day of a month", 8, None),
)


def test_a_broken_rule_has_its_id_its_share_and_the_row_of_its_example(session: Session) -> None:
    load = Books(session).load(date(2026, 3, 1))
    delivery = session.query(Delivery).one()
    delivery.rows_in = 8
    replace_findings(session, delivery.id, RULES)
    session.flush()
    card: Any = _findings(load_report(session, operator(), load))
    table = next(each for each in card._traverse() if getattr(each, "id", None) == "table-findings")
    assert [(row["rule"], row["share"], row["place"], row["example"]) for row in table.rowData] == [
        ("ListCost-C-003-M", "12.5", "a.csv:7", "NULL"),
        ("whole-month", "100", None, None),
    ]
