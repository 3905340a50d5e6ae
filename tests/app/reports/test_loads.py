"""Sources and loads, as far as each viewer may see them."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from app.db.findings import replace_findings
from app.db.tables.bills import Delivery, LoadDifference, QuarantinedRow, Source
from app.domain.viewer import Scope, Viewer, operator
from app.errors import NotFound
from app.reports.loads import load_report, loads
from app.reports.sources import sources
from app.reports.teams import teams
from ingest.finding import Finding as Found
from tests.app.books import Books, a_team

MARCH = date(2026, 3, 1)
OF_AI = Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset({"ai"}))
TOTALS = [{"billing_currency": "USD", "rows": 1, "billed_cost": "1.5", "effective_cost": None}]


def test_a_source_shows_its_newest_delivery_and_what_is_live(session: Session, books: Books) -> None:
    books.load(MARCH)
    source = session.query(Source).one()
    session.add(Delivery(source_id=source.id, sha256="", format="focus", files=[], state="refused", message="0 bytes"))
    session.flush()
    (status,) = sources(session, operator())
    assert (status.last_state, status.last_message, status.live_loads, status.rows_loaded) == (
        "refused",
        "0 bytes",
        1,
        1,
    )


def test_a_source_that_never_delivered_is_shown(session: Session) -> None:
    session.add(Source(name="gcp", kind="focus", config={}))
    session.flush()
    (status,) = sources(session, operator())
    assert (status.name, status.last_received_at, status.live_loads) == ("gcp", None, 0)


def test_loads_come_newest_first_and_page_by_page(session: Session, books: Books) -> None:
    first, second = books.load(MARCH), books.load(date(2026, 4, 1))
    assert [load.id for load in loads(session, operator())] == [second, first]
    assert [load.id for load in loads(session, operator(), before=second)] == [first]
    assert loads(session, operator(), "another source") == ()


def test_a_limited_viewer_sees_changes_of_its_teams_and_no_totals(session: Session, books: Books) -> None:
    books.policy(a_team("ai"), a_team("search"))
    load = books.load(MARCH, totals=TOTALS)
    for line, team in enumerate(("ai", "search", None)):
        session.add(
            LoadDifference(
                load_id=load,
                line=line,
                team_id=team,
                billing_currency="USD",
                billed_cost_before=Decimal(1),
                billed_cost_after=Decimal(2),
                effective_cost_before=Decimal(1),
                effective_cost_after=Decimal(2),
            )
        )
    session.flush()
    report = load_report(session, operator(), load)
    assert [change.team_id for change in report.changes] == ["ai", "search", None]
    assert [(total.billed_cost, total.effective_cost) for total in report.load.totals] == [(Decimal("1.5"), None)]
    limited = load_report(session, OF_AI, load)
    assert [change.team_id for change in limited.changes] == ["ai"]
    assert limited.load.totals == ()


def test_rows_set_aside_are_shown_to_who_sees_the_whole_bill(session: Session, books: Books) -> None:
    load = books.load(MARCH)
    delivery = session.query(Delivery).one()
    session.add(
        QuarantinedRow(
            delivery_id=delivery.id, file="a.csv", row_number=7, column_name="BilledCost", value="x", reason="no number"
        )
    )
    session.flush()
    assert [row.row_number for row in load_report(session, operator(), load).quarantined] == [7]
    assert load_report(session, OF_AI, load).quarantined == ()


def test_broken_rules_come_with_their_share_of_the_rows_and_an_example(session: Session, books: Books) -> None:
    load = books.load(MARCH)
    delivery = session.query(Delivery).one()
    delivery.rows_in = 8
    found = Found("not-null", "ListCost", "is null", 3, "NULL", "ListCost-C-003-M", "a.csv", 7)
    replace_findings(session, delivery.id, [found])
    session.flush()
    (broken,) = load_report(session, operator(), load).findings
    assert (broken.requirement, broken.rows, broken.share_of_rows) == ("ListCost-C-003-M", 3, Decimal("0.375"))
    assert (broken.file, broken.row_number, broken.example) == ("a.csv", 7, "NULL")
    assert load_report(session, OF_AI, load).findings == ()


def test_an_unknown_load_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        load_report(session, operator(), 1)


def test_a_limited_viewer_sees_its_subtree_without_the_parent_above(session: Session, books: Books) -> None:
    books.policy(a_team("company"), a_team("ai", parent_id="company"), a_team("speech", parent_id="ai"))
    assert [(team.id, team.parent_id) for team in teams(session, OF_AI)] == [("ai", None), ("speech", "ai")]
