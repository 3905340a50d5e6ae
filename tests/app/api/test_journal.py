"""The end of a billing month over the API, on the page and on the command line."""

import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app.api.deps import reading
from app.cli.main import app as cli
from app.db.session import forget_engine, read_session
from app.domain.viewer import operator
from app.settings import settings
from frontend.pages.reconciliation import answer
from frontend.routes import page_at
from tests.app.chargeback.months import MARCH, POLICY, Months, usage
from tests.trueup import Trueup

pytestmark = pytest.mark.slow


@pytest.fixture
def months(trueup: Trueup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Months]:
    """March with a commitment bought and used, on the database that the command line finds."""
    monkeypatch.setenv("TRUEUP_DATABASE_URL", trueup.engine.url.render_as_string(hide_password=False))
    settings.cache_clear()
    forget_engine()
    trueup.policy(POLICY)
    found = Months(trueup, tmp_path)
    plan = {"day": "2026-03-02", "CommitmentDiscountId": "plan-1"}
    found.bill(
        usage("search", "10.004", day="2026-03-02"),
        usage(None, "24", ChargeCategory="Purchase", EffectiveCost="0", **plan),
        usage("speech", "2", BilledCost="0", **plan),
    )
    yield found
    forget_engine()


@pytest.fixture
def client(server: FastAPI, months: Months) -> Iterator[TestClient]:
    def session() -> Iterator[Any]:
        with read_session(months.trueup.engine) as opened:
            yield opened

    server.dependency_overrides = {reading: session}
    yield TestClient(server, base_url="http://localhost")
    server.dependency_overrides = {}


def test_the_api_answers_what_ties_and_what_is_booked(client: TestClient) -> None:
    found = client.get("/api/v1/chargeback/2026-03/reconciliation").json()
    (usd,) = found["currencies"]
    assert [each["off"] for each in usd["equations"]] == ["0", "0", "0"]
    assert usd["prepayments"][0]["closing"] == "22"
    booked = client.get("/api/v1/chargeback/2026-03/journal").json()
    (journal,) = booked["journals"]
    assert (booked["date"], journal["total"]) == ("2026-03-31", "36")
    for side in ("debit", "credit"):
        assert sum(Decimal(each[side]) for each in journal["entries"]) == Decimal(36)


def test_files_come_in_the_columns_of_a_ledger(client: TestClient) -> None:
    answer = client.get("/api/v1/chargeback/2026-03/journal.csv?layout=netsuite")
    assert 'filename="journal_netsuite_2026-03_draft.csv"' in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["External ID"] for row in rows} == {"TRUEUP-2026-03-USD"}
    for kind in ("xlsx", "parquet"):
        assert client.get(f"/api/v1/chargeback/2026-03/journal.{kind}?layout=sap").status_code == 200
        assert client.get(f"/api/v1/chargeback/2026-03/reconciliation.{kind}").status_code == 200
    assert client.get("/api/v1/chargeback/2026-03/journal.csv?layout=oracle").status_code == 422
    assert client.get("/api/v1/chargeback/2026-04/journal").status_code == 404


def test_the_page_has_a_url_of_its_own_and_says_what_is_off(months: Months) -> None:
    page, variables = page_at("/chargeback/2026-03/reconciliation")
    assert (page.TITLE, variables) == ("Reconciliation", {"period": "2026-03"})
    with read_session(months.trueup.engine) as session:
        shown = answer(session, operator(), {"period": MARCH.label})
    parts = list(shown._traverse())
    exact = [getattr(each, "data-exact") for each in parts if hasattr(each, "data-exact")]
    assert exact == ["12", "0", "0.004", "12.004", "12.004", "24", "-2", "34.004", "34.004", "-34.004", "0"]
    badges = [each.children for each in parts if str(getattr(each, "className", "")).startswith("badge")]
    assert badges == ["0 off, 1 line to look at", "0 off", "0 off", "0 off"]
    (table,) = (each for each in parts if getattr(each, "id", None) == "table-prepayments-USD")
    assert [(row["commitment"], row["closing"]) for row in table.rowData] == [("plan-1", "22")]
    hrefs = [each.href for each in parts if getattr(each, "href", None)]
    assert "/api/v1/chargeback/2026-03/journal.csv?layout=workday" in hrefs
    assert "/chargeback?period=2026-03&metric=effective_cost" in hrefs


def test_the_command_line_shows_and_writes_them(months: Months, tmp_path: Path) -> None:
    shown = run("chargeback", "reconciliation", "2026-03")
    assert "Prepayments bought" in shown
    assert "Not invoiced yet: AWS, account 1000" in shown
    assert json.loads(run("chargeback", "reconciliation", "2026-03", "--json"))["currencies"][0]["equations"]
    assert "accounts-payable" in run("chargeback", "journal", "2026-03")
    assert json.loads(run("chargeback", "journal", "2026-03", "--json"))["journals"][0]["total"] == "36"
    file = tmp_path / "march.csv"
    run("chargeback", "journal", "2026-03", str(file), "--layout", "sap")
    assert file.read_text(encoding="utf-8").startswith("BUKRS,BLART,BLDAT")


def run(*words: str) -> str:
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    return done.output
