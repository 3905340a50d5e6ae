"""The chargeback page: issuing, closing, what speaks against it, and corrections in both directions."""

from pathlib import Path
from typing import Any

import pytest
from dash import html

from app.db.session import read_session, write_session
from app.domain.closing import CannotClose
from app.domain.viewer import Scope, Viewer, operator
from app.errors import BadInput, Conflict, NotAllowed, NotFound
from frontend.pages import chargeback as page
from frontend.pages import chargeback_closing as closing
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

POLICY = """
name: Test
teams: [{id: ai, name: AI, cost_center: CC-1}, {id: web, name: Web, cost_center: CC-2}]
pools: [{id: tax, name: Tax, split: even}]
rules:
  - {name: Tax, when: {column: charge_category, equals: Tax}, pool: tax}
  - {name: By tag, when: {tag: team, present: true}, team_from_tag: team}
"""
FEBRUARY, MARCH = {"period": "2026-02"}, {"period": "2026-03"}
OPERATOR = operator()
LEAD = Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset({"ai"}))
READER = Viewer("reader", frozenset({Scope.READ_COSTS}))


@pytest.fixture
def books(trueup: Trueup, tmp_path: Path) -> Trueup:
    """Two months of bills: a team's machine, and tax that two teams share."""
    rows = []
    for day in ("2026-02-02", "2026-03-02"):
        rows.append(focus_row("10", day=day, Tags='{"team": "ai"}'))
        rows.append(focus_row("3", day=day, ChargeCategory="Tax", ResourceId="tax"))
    trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    trueup.policy(POLICY)
    return trueup


def shown(books: Trueup, viewer: Viewer = OPERATOR, **question: str | None) -> Any:
    asked = {"period": "2026-03", "metric": None, "state": None, "by": None, **question}
    with read_session(books.engine) as session:
        return page.answer(session, viewer, asked)


def card(books: Trueup, month: dict[str, str], viewer: Viewer = OPERATOR) -> Any:
    with read_session(books.engine) as session:
        return closing.answer(session, viewer, month)


def issue(books: Trueup, month: dict[str, str], viewer: Viewer = OPERATOR) -> str:
    with write_session(books.engine) as session:
        return closing.issue_month(session, viewer, {}, month)


def close(books: Trueup, month: dict[str, str], reason: str | None = None, seen: Any = ()) -> str:
    with write_session(books.engine) as session:
        return closing.close_month(session, operator(), {}, month, reason, seen)


def restate(books: Trueup, folder: Path) -> None:
    rows = [focus_row("12", day="2026-02-02", Tags='{"team": "ai"}'),
            focus_row("3", day="2026-02-02", ChargeCategory="Tax", ResourceId="tax")]  # fmt: skip
    books.ingest(write_csv(folder / "again.csv", rows))


def named(component: Any, name: str) -> Any:
    """The part of the page with an id."""
    return next((each for each in component._traverse() if getattr(each, "id", None) == name), None)


def rows(component: Any, table: str) -> list[dict[str, Any]]:
    found = named(component, f"table-{table}")
    return [] if found is None else list(found.rowData)


def text(component: Any) -> str:
    """What the page says, without what is in tables."""
    parts = [component, *component._traverse()]
    said = [each if isinstance(each, str) else getattr(each, "children", None) for each in parts]
    return " ".join(each for each in said if isinstance(each, str))


def test_a_draft_can_be_issued_and_an_issued_statement_closed(books: Trueup) -> None:
    assert named(card(books, FEBRUARY), "closing-issue") is not None
    assert named(card(books, FEBRUARY), "closing-close") is None
    assert issue(books, FEBRUARY) == "2026-02 is issued."
    assert issue(books, FEBRUARY) == "2026-02 is issued as it was: nothing has moved."
    assert named(card(books, FEBRUARY), "closing-close") is not None
    assert close(books, FEBRUARY) == "2026-02 is closed."
    last = card(books, FEBRUARY)
    assert named(last, "closing-issue") is None
    assert "canonical.csv" in text(last)
    assert "by local, as statement no." in text(shown(books, period="2026-02"))
    with pytest.raises(Conflict, match="closed already"):
        close(books, FEBRUARY)


def test_what_speaks_against_closing_is_listed_with_a_way_out_and_overridden_with_a_reason(
    books: Trueup,
) -> None:
    issue(books, MARCH)
    before = card(books, MARCH)
    assert "Earlier billing periods are not closed: 2026-02." in text(before)
    assert any(getattr(each, "href", None) == "/chargeback?period=2026-02" for each in before._traverse())
    seen = named(before, "closing-seen").data
    with pytest.raises(CannotClose):
        close(books, MARCH, "  ", seen)
    assert close(books, MARCH, "settled by hand", seen) == "2026-03 is closed."
    assert "settled by hand" in text(card(books, MARCH))


def test_nobody_overrides_what_the_page_has_not_shown(books: Trueup) -> None:
    issue(books, MARCH)
    with pytest.raises(Conflict, match="more has come up"):
        close(books, MARCH, "settled by hand", seen=["something else"])
    assert named(card(books, MARCH), "closing-close") is not None  # nothing was committed


def test_buttons_are_for_those_who_may_and_the_card_for_those_who_see_everything(books: Trueup) -> None:
    assert named(card(books, FEBRUARY, READER), "closing-issue") is None
    with pytest.raises(NotAllowed):
        issue(books, FEBRUARY, READER)
    assert named(shown(books), "closing-asked") is not None
    assert named(shown(books, LEAD), "closing-asked") is None


def test_an_issued_statement_that_has_moved_says_what_and_is_issued_again_first(books: Trueup, tmp_path: Path) -> None:
    issue(books, FEBRUARY)
    restate(books, tmp_path)
    moved = card(books, FEBRUARY)
    assert [(row["team"], row["change"]) for row in rows(moved, "moved")] == [("AI", "2")]
    assert named(moved, "closing-close") is None
    assert "Issue it again" in text(shown(books, period="2026-02"))
    issue(books, FEBRUARY)
    assert rows(card(books, FEBRUARY), "moved") == []


def test_a_correction_leads_from_the_closed_month_to_the_next_and_back(books: Trueup, tmp_path: Path) -> None:
    issue(books, FEBRUARY)
    close(books, FEBRUARY)
    restate(books, tmp_path)
    closed = shown(books, period="2026-02")
    assert [(each["team"], each["change"], each["month"]) for each in rows(closed, "later")] == [
        ("AI", "2", "/chargeback?period=2026-03")
    ]
    [correction] = rows(shown(books), "corrections")
    assert (correction["was"], correction["now"], correction["charged"]) == ("10", "12", "2")
    assert correction["month"] == "/chargeback?period=2026-02"
    assert correction["cause"].startswith("/health/loads/")
    assert "Adjustments" in headers(shown(books))
    issue(books, MARCH)
    close(books, MARCH)
    assert rows(shown(books), "corrections")[0]["was"] == "10"  # what March itself corrected is not counted as before


def headers(component: Any) -> list[str]:
    return [column["headerName"] for column in named(component, "table-chargeback-USD").columnDefs]


def test_the_parts_by_cost_type_add_up_to_the_total_and_so_do_those_by_origin(books: Trueup) -> None:
    for by, parts in (("origin", ("direct", "pool:tax")), ("cost_type", ("type:direct", "type:tax"))):
        found = shown(books, by=by)
        grid = named(found, "table-chargeback-USD")
        assert {column["field"] for column in grid.columnDefs} >= {"charged", *parts}
        for row in (*grid.rowData, *grid.dashGridOptions["pinnedBottomRowData"]):
            assert sum(float(row.get(part) or 0) for part in parts) == float(row["total"])


def test_a_state_that_is_asked_for_is_shown_and_one_there_is_not_is_refused(books: Trueup) -> None:
    issue(books, MARCH)
    assert "Show the statement that counts for this month" in text(shown(books, state="draft"))
    with pytest.raises(NotFound, match="no closed statement"):
        shown(books, state="closed")
    with pytest.raises(BadInput, match="state=odd is unknown"):
        shown(books, state="odd")


def test_the_list_of_months_says_how_far_each_has_come(books: Trueup) -> None:
    issue(books, MARCH)
    picker = named(shown(books), "chargeback-period")
    assert [each["label"] for each in picker.data] == ["2026-03 · issued", "2026-02 · draft"]


def test_another_month_leaves_the_state_behind() -> None:
    was = {"period": "2026-03", "metric": "effective_cost", "by": "origin", "state": "draft"}
    assert "state" not in page.change_question("2026-02", "effective_cost", "origin", was)
    assert "state=draft" in page.change_question("2026-03", "effective_cost", "cost_type", was)


def test_the_page_has_a_heading(books: Trueup) -> None:
    assert any(isinstance(each, html.H1) for each in page.layout()._traverse())
