"""The policy page: what is in force, what another would move, and that only what was previewed is applied."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from app.db.session import forget_engine, read_session, write_session
from app.domain.viewer import Viewer, operator
from app.errors import Conflict, NotFound
from app.reports.viewing import viewing_as
from app.settings import settings
from frontend.pages import policy as page
from tests.frontend.pages.test_chargeback import LEAD, OPERATOR, POLICY, READER, named, rows, text
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

OTHER = POLICY.replace("split: even", "split: fixed, weights: {ai: 1, web: 2}")


@pytest.fixture
def books(trueup: Trueup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trueup]:
    """A month in which two teams share a tax of 3, in the database that pages find by themselves."""
    assert trueup.config.database_url is not None
    monkeypatch.setenv("TRUEUP_DATABASE_URL", trueup.config.database_url)
    settings.cache_clear()
    forget_engine()
    bill = [focus_row("10", Tags='{"team": "ai"}'), focus_row("3", ChargeCategory="Tax", ResourceId="tax")]
    trueup.ingest(write_csv(tmp_path / "bill.csv", bill))
    trueup.policy(POLICY)
    yield trueup
    forget_engine()


def shown(bound: Engine, viewer: Viewer = OPERATOR) -> Any:
    with read_session(bound) as session:
        return page.answer(session, viewer, {"periods": ["2026-03"]})


def previewed(document: str, viewer: Viewer = OPERATOR) -> Any:
    with viewing_as(viewer):
        return page.preview(1, document, ["2026-03"])


def test_the_document_in_force_is_shown_with_its_lines_its_teams_and_who_applied_it(books: Trueup) -> None:
    found = shown(books.engine)
    assert POLICY in text(found)
    assert ", version 1, applied on" in text(found)
    assert [(row["name"], row["cost_center"]) for row in rows(found, "teams")] == [("AI", "CC-1"), ("Web", "CC-2")]


def test_what_is_odd_is_told_with_its_line(books: Trueup) -> None:
    books.policy(POLICY.replace(", cost_center: CC-2", ""))
    assert "team `web` has no cost_center; the journal cannot book its cost" in text(shown(books.engine))


def test_the_place_to_preview_is_for_those_who_may_apply(books: Trueup) -> None:
    assert named(shown(books.engine), "policy-draft") is not None
    assert named(shown(books.engine, READER), "policy-draft") is None
    with pytest.raises(NotFound):
        shown(books.engine, LEAD)
    assert "write:policy" in text(previewed(OTHER, READER))


def test_a_preview_shows_what_moves_and_adds_up_to_zero(books: Trueup) -> None:
    found = previewed(OTHER)
    moved = {row["team"]: round(float(row["change"]), 6) for row in rows(found, "moves-2026-03-USD")}
    assert moved == {"AI": -0.5, "Web": 0.5}
    [total] = named(found, "table-moves-2026-03-USD").dashGridOptions["pinnedBottomRowData"]
    assert (total["before"], total["after"], total["change"]) == ("13", "13", "0")
    assert named(found, "policy-apply") is not None
    assert POLICY in text(shown(books.engine))  # nothing is applied


def test_every_problem_is_told_by_line_and_nothing_can_be_applied(books: Trueup) -> None:
    found = previewed(POLICY.replace("split: even", "split: odd").replace("pool: tax}", "pool: taxes}"))
    assert "It cannot be used: 2 problems" in text(found)
    assert "Line 4: " in text(found)
    assert "Line 6: " in text(found)
    assert named(found, "policy-apply") is None
    assert "Put a policy document above first." in text(previewed("  "))


def apply(books: Trueup, previewed: dict[str, Any], draft: str) -> str:
    with write_session(books.engine) as session:
        return page.apply(session, operator(), {}, previewed, draft)


def test_only_what_was_previewed_is_applied(books: Trueup) -> None:
    seen = named(previewed(OTHER), "policy-previewed").data
    with pytest.raises(Conflict, match="changed since the preview"):
        apply(books, seen, OTHER + "# more")
    assert "is in force." in apply(books, seen, OTHER)
    assert OTHER in text(shown(books.engine))
    with pytest.raises(Conflict, match="Another policy was applied since"):
        apply(books, seen, OTHER)
    again = named(previewed(OTHER), "policy-previewed").data
    assert apply(books, again, OTHER) == "It is in force already; nothing was changed."


def test_before_there_is_a_policy_whoever_sees_everything_is_told_so(trueup: Trueup) -> None:
    assert "No policy is in force" in text(shown(trueup.engine))


def test_a_month_in_the_url_that_is_none_is_refused() -> None:
    assert "2026-99" in text(page.layout(period="2026-99"))
