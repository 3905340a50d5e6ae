"""Explanations over the API, on the command line and on the page: one answer."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from dash import html
from fastapi import FastAPI
from sqlalchemy.orm import Session
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app.api.deps import reading
from app.cli.main import app as cli
from app.db.session import forget_engine, read_session
from app.domain.viewer import operator
from app.settings import settings
from frontend.pages.explain import answer
from tests.app.api.conftest import HERE
from tests.app.chargeback.months import POLICY, usage
from tests.ingest.bills import write_csv
from tests.trueup import Trueup

pytestmark = pytest.mark.slow
Asked = Callable[..., Any]


@pytest.fixture
def brought(trueup: Trueup, tmp_path: Path) -> Trueup:
    trueup.policy(POLICY)
    bill = [
        usage("search", "10.005", day="2026-03-02"),
        usage("search", "2", day="2026-03-02", SkuId="b"),
        usage("platform", "3", day="2026-03-02"),
    ]
    trueup.ingest(write_csv(tmp_path / "bill.csv", bill))
    return trueup


@pytest.fixture
def asked(brought: Trueup, server: FastAPI) -> Iterator[Asked]:
    def session() -> Iterator[Session]:
        with read_session(brought.engine) as opened:
            yield opened

    server.dependency_overrides = {reading: session}
    client = TestClient(server, base_url=HERE)
    yield lambda path, **params: client.get(f"/api/v1/explain{path}", params=params)
    server.dependency_overrides = {}


def test_pages_of_leaves_add_up_and_lead_to_rows(asked: Asked) -> None:
    first = asked("", period="2026-03", team="search", limit=2).json()
    assert first["sentence"] == "13.5 USD = 3 charge keys × 2 rules × the shares of 1 pool − 0.005 by rounding"
    found = first["explanation"]
    leaves = [Decimal(leaf["amount"]) for leaf in found["leaves"]]
    assert sum(leaves) + Decimal(found["rest"]["amount"]) == Decimal(found["exact"]) == Decimal("13.505")
    second = asked("", period="2026-03", team="search", limit=2, cursor=first["next"]).json()
    assert [leaf["amount"] for leaf in second["explanation"]["leaves"]] == ["1.5"]
    assert second["next"] is None
    key = found["leaves"][0]["charge_key"]
    rows = asked("/rows", period="2026-03", team="search", charge_key=key).json()
    assert [(item["file"], item["row_number"], item["amount"]) for item in rows["items"]] == [("bill.csv", 2, "10.005")]
    assert rows["amount"] == found["leaves"][0]["amount"]


def test_files_hold_every_part_and_add_up_to_what_is_charged(asked: Asked) -> None:
    text = asked(".csv", period="2026-03", team="search").text
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [line["made_of"] for line in lines] == ["charges", "charges", "charges", "rounding"]
    assert sum(Decimal(line["amount"]) for line in lines) == Decimal("13.5")
    key = lines[0]["charge_key"]
    rows = list(csv.DictReader(io.StringIO(asked("/rows.csv", period="2026-03", charge_key=key).text)))
    assert [(row["file"], row["row_number"], row["amount"]) for row in rows] == [("bill.csv", "2", "10.005")]
    assert asked(".xlsx", period="2026-03").content[:2] == b"PK"


def test_figures_that_are_on_no_statement_are_named_by_days_and_filters(asked: Asked) -> None:
    found = asked("", start="2026-03-01", end="2026-03-03", filter="team:speech", currency="USD").json()
    assert found["sentence"] == "1.5 USD = 1 charge key × 1 rule × the shares of 1 pool"


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({}, 400),
        ({"period": "2026-03", "filter": "team:search"}, 400),
        ({"period": "2026-13"}, 400),
        ({"period": "2026-03", "team": "gone"}, 404),
        ({"period": "2026-03", "state": "closed"}, 404),
    ],
)
def test_what_is_no_figure_is_a_problem(asked: Asked, params: dict[str, str], status: int) -> None:
    assert asked("", **params).status_code == status


def test_the_command_line_shows_the_same(brought: Trueup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUEUP_DATABASE_URL", brought.config.database_url or "")
    settings.cache_clear()
    forget_engine()
    told = CliRunner().invoke(cli, ["explain", "2026-03", "--team", "search"]).output
    assert "13.5 USD = 3 charge keys × 2 rules" in told
    assert "Platform is split evenly" in told
    found = json.loads(CliRunner().invoke(cli, ["explain", "2026-03", "--team", "search", "--json"]).output)
    key = str(found["leaves"][0]["charge_key"])
    rows = CliRunner().invoke(cli, ["explain", "2026-03", "--team", "search", "--rows", key]).output
    assert "1 rows of bills come to 10.005 USD" in rows
    forget_engine()


def test_the_page_shows_leaves_shares_and_rows(brought: Trueup) -> None:
    params = {"period": "2026-03", "team": "search"}
    with read_session(brought.engine) as session:
        shown = answer(session, operator(), {"params": params})
        leaf = table(shown, "leaves").rowData[0]
        assert leaf["rule"] == "search, line 6"
        key = leaf["href"].rpartition("=")[2]
        with_rows = answer(session, operator(), {"params": {**params, "charge_key": key}})
    titles = [str(each.children) for each in shown._traverse() if isinstance(each, html.H3)]
    assert titles == ["Which charges is it made of?", "By which rules?", "How was Platform split in 2026-03?"]
    assert table(with_rows, "source-rows").rowData[0]["row"] == 2


def table(shown: Any, name: str) -> Any:
    return next(each for each in shown._traverse() if getattr(each, "id", None) == f"table-{name}")
