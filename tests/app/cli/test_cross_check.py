"""`trueup cross-check`, `trueup double-counting` and `trueup loads --deliveries`."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from app.cli.main import main
from app.db.session import engine as configured_engine
from app.db.session import forget_engine, write_session
from app.db.tables.bills import Delivery
from app.errors import BadInput
from app.settings import settings
from ingest.pipeline import Snapshot, record_refusal
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

Typed = Callable[..., str]


@pytest.fixture
def typed(trueup: Trueup, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Typed]:
    """What `trueup …` says on this test's Trueup."""
    monkeypatch.setenv("TRUEUP_DATABASE_URL", trueup.config.database_url or "")
    settings.cache_clear()
    forget_engine()

    def run(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["trueup", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        return capsys.readouterr().out

    yield run
    configured_engine().dispose()
    forget_engine()


def test_a_cross_check_is_a_table_that_adds_up(trueup: Trueup, typed: Typed, tmp_path: Path) -> None:
    assert typed("cross-check", "2026-03") == "No account has both a live bill and estimates in that month.\n"
    trueup.ingest(write_csv(tmp_path / "1.csv", [focus_row("9"), focus_row("1", ServiceName="AWS Glue")]))
    other = {"BillingAccountId": "2000"}
    trueup.ingest(write_csv(tmp_path / "2.csv", [focus_row("8", **other)]), source="explorer")
    with write_session(trueup.engine) as session:  # what Cost Explorer would have left beside the bill
        session.execute(update(Delivery).where(Delivery.id == 2).values(estimates=True))
    trueup.ingest(write_csv(tmp_path / "3.csv", [focus_row("10", **other)]), source="export")
    lines = typed("cross-check", "2026-03").splitlines()
    assert lines[0].startswith("Account 2000: export #3 up to 2026-03-02; explorer #2 up to 2026-03-02")
    assert lines[-1].split() == ["Total", "USD", "10", "8", "2", "20", "10", "8", "2", "20"]
    (account,) = json.loads(typed("cross-check", "2026-03", "--json"))["accounts"]
    assert account["totals"][0]["billed_cost"]["difference"] == "2"


def test_double_counting_says_what_to_do(trueup: Trueup, typed: Typed, tmp_path: Path) -> None:
    market = focus_row("7", PublisherName="Anthropic, PBC")
    trueup.ingest(write_csv(tmp_path / "1.csv", [focus_row("1"), focus_row("2"), market]))
    assert typed("double-counting", "2026-03") == "No vendor comes in through two doors in that month.\n"
    own = focus_row("6", ProviderName="Anthropic", InvoiceIssuerName="Anthropic", BillingAccountId="org-1")
    trueup.ingest(write_csv(tmp_path / "2.csv", [own]), source="claude")
    said = typed("double-counting", "2026-03")
    assert said.startswith("Anthropic\n")
    assert "`trueup sources set claude --billed-elsewhere`" in said


def test_deliveries_are_listed_with_why_they_were_refused(trueup: Trueup, typed: Typed, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "1.csv", [focus_row("1")]))
    record_refusal(trueup.engine, "aws", Snapshot("2026-03", "v2"), "part-2.csv is missing.")
    with pytest.raises(BadInput):
        trueup.ingest(write_csv(tmp_path / "2.csv", [focus_row("x")]))
    lines = typed("loads", "--deliveries").splitlines()
    assert len(lines) == 4
    assert "refused" in lines[2]
    assert "2026-03" in lines[2]
    assert lines[2].rstrip().endswith("part-2.csv is missing.")
    assert "cannot be read" in lines[1]
    listed = json.loads(typed("loads", "--deliveries", "--source", "aws", "--json"))
    assert [(each["state"], each["scope"]) for each in listed] == [
        ("refused", None),
        ("refused", "2026-03"),
        ("loaded", None),
    ]
