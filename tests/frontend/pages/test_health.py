"""The data health page as a whole."""

from pathlib import Path

from dash import html

from app.db.session import read_session
from app.domain.viewer import Scope, Viewer, operator
from frontend.pages.health import answer
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

QUESTION = {"source": None, "before": None}


def cards(trueup: Trueup, viewer: Viewer) -> list[str]:
    """The questions that the page answers, in order."""
    with read_session(trueup.engine) as session:
        shown = answer(session, viewer, QUESTION)
        return [str(each.children) for each in shown._traverse() if isinstance(each, html.H3)]


def test_what_there_is_to_say_is_said_and_no_more(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "1.csv", [focus_row("1")]))
    quiet = cards(trueup, operator())
    assert "What was delivered?" in quiet
    assert not {"What did restated bills change?", "Does a vendor's cost count twice?"} & set(quiet)
    market = focus_row("7", PublisherName="Anthropic, PBC")
    trueup.ingest(write_csv(tmp_path / "2.csv", [focus_row("2"), focus_row("3"), market]))
    own = focus_row("6", ProviderName="Anthropic", InvoiceIssuerName="Anthropic", BillingAccountId="org-1")
    trueup.ingest(write_csv(tmp_path / "3.csv", [own]), source="claude")
    assert {"What did restated bills change?", "Does a vendor's cost count twice?"} <= set(cards(trueup, operator()))
    assert "Does a vendor's cost count twice?" not in cards(
        trueup, Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset({"ai"}))
    )
