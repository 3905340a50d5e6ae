"""Drivers and the gateway's variance over the API."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.actions.keys import create_key
from app.db.session import engine, write_session
from app.db.tables.bills import Delivery, Load, Source
from app.db.tables.charges import Driver
from app.domain.viewer import Scope, operator
from tests.app.books import Books

DAY = date(2026, 3, 5)
TOKENS = "/api/v1/drivers?name=tokens&start=2026-03&end=2026-04"


def live_load(session: Session, source: str, kind: str) -> int:
    made = Source(name=source, kind=kind, config={})
    session.add(made)
    session.flush()
    delivery = Delivery(source_id=made.id, sha256="", format=kind, files=[], state="loaded")
    session.add(delivery)
    session.flush()
    load = Load(source_id=made.id, delivery_id=delivery.id, billing_period_start=DAY.replace(day=1), rows_loaded=0,
                first_charge_day=DAY, last_charge_day=DAY, totals=[], billing_account_ids=[])  # fmt: skip
    session.add(load)
    session.flush()
    return load.id


def driver(session: Session, load: int, name: str, quantity: str, *, unit: str = "tokens", **dimensions: Any) -> None:
    session.execute(
        insert(Driver).values(
            load_id=load, day=DAY, name=name, unit=unit, service_provider_name="OpenAI", dimensions=dimensions,
            quantity=Decimal(quantity),
        )
    )  # fmt: skip


@pytest.fixture
def month(session: Session, books: Books) -> None:
    """A gateway logs 30 and 10 tokens for 2 dollars; the vendor bills 40 tokens of input at 4 dollars."""
    gateway, vendor = live_load(session, "gateway", "litellm"), live_load(session, "openai", "openai")
    for team, count in (("search", "30"), ("speech", "10")):
        driver(session, gateway, "tokens", count, model="openai/gpt-5", token_class="input", team=team)
    driver(session, gateway, "gateway_spend", "2", unit="USD", model="openai/gpt-5", team="search", api_key="k1")
    driver(session, vendor, "tokens", "40", model="gpt-5", token_class="input")
    books.policy()
    books.charge(DAY, "4", metric="billed_cost", service_provider_name="OpenAI", sku_meter="gpt-5, input")


def test_quantities_come_with_their_units_and_totals(client: TestClient, month: None) -> None:
    answer = client.get(f"{TOKENS}&group_by=team,source&granularity=day").json()
    assert answer == {
        "meta": {"name": "tokens", "start": "2026-03-01", "end": "2026-04-01", "granularity": "day",
                 "group_by": ["team", "source"]},
        "totals": [{"unit": "tokens", "quantity": "80"}],
        "rows": [
            {"period_start": "2026-03-05", "team": "search", "source": "gateway", "unit": "tokens", "quantity": "30"},
            {"period_start": "2026-03-05", "team": "speech", "source": "gateway", "unit": "tokens", "quantity": "10"},
            {"period_start": "2026-03-05", "team": None, "source": "openai", "unit": "tokens", "quantity": "40"},
        ],
        "next": None,
    }  # fmt: skip
    assert client.get(f"{TOKENS}&filter=source:gateway&filter=team:search").json()["totals"][0]["quantity"] == "30"


def test_an_answer_comes_in_pages_and_an_unchanged_one_not_at_all(client: TestClient, month: None) -> None:
    url = f"{TOKENS}&group_by=team&limit=2"
    first = client.get(url)
    rest = client.get(f"{url}&cursor={first.json()['next']}").json()
    assert [row["team"] for row in (*first.json()["rows"], *rest["rows"])] == ["search", "speech", None]
    assert rest["next"] is None
    assert client.get(url, headers={"if-none-match": first.headers["etag"]}).status_code == 304
    assert client.get(f"{TOKENS}&cursor={first.json()['next']}").status_code == 400  # of another question


def test_what_there_is_is_listed(client: TestClient, month: None) -> None:
    found = client.get("/api/v1/drivers/names").json()["drivers"]
    assert [(each["name"], each["source"], each["unit"]) for each in found] == [
        ("gateway_spend", "gateway", "USD"), ("tokens", "gateway", "tokens"), ("tokens", "openai", "tokens"),
    ]  # fmt: skip
    assert found[0]["dimensions"] == ["api_key", "model", "team"]
    assert client.get("/api/v1/drivers/names.csv").text.splitlines()[1] == (
        "gateway_spend,USD,gateway,2026-03-05,2026-03-05,1,api_key model team"
    )


@pytest.mark.parametrize(
    ("question", "status", "told"),
    [
        ("name=token&start=2026-03&end=2026-04", 404, "There are gateway_spend, tokens."),
        ("name=tokens&start=2026-04&end=2026-03", 400, "start must be before end"),
        ("name=tokens&start=2026-03&end=2026-04&filter=team", 400, "is not a filter"),
        ("name=tokens&start=2026-03&end=2026-04&group_by=quantity", 400, "every row of an answer has it"),
        ("start=2026-03&end=2026-04", 422, "name"),
    ],
)
def test_a_question_without_an_answer_is_told(
    client: TestClient, month: None, question: str, status: int, told: str
) -> None:
    answer = client.get(f"/api/v1/drivers?{question}")
    assert (answer.status_code, told in answer.json()["detail"]) == (status, True), answer.text


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
@pytest.mark.parametrize(
    "report",
    ["drivers?name=tokens&start=2026-03&end=2026-04", "drivers/names?", "gateway/variance?period=2026-03",
     "gateway/allocation?period=2026-03"],
)  # fmt: skip
def test_every_report_comes_as_a_file(client: TestClient, month: None, report: str, ending: str) -> None:
    path, _, query = report.partition("?")
    answer = client.get(f"/api/v1/{path}.{ending}?{query}")
    assert answer.status_code == 200
    assert f'.{ending}"' in answer.headers["content-disposition"]


def test_a_bill_is_compared_with_the_gateway_and_allocated(client: TestClient, month: None) -> None:
    answer = client.get("/api/v1/gateway/variance?period=2026-03")
    (vendor,) = answer.json()["vendors"]
    (model,) = vendor["models"]
    assert (model["model"], model["gateway_models"], model["match"]) == ("gpt-5", ["openai/gpt-5"], "both")
    assert vendor["amounts"]["lines"] == {
        "price": "2", "quantity": "0", "cache_class": "0", "missing_logs": "0", "other_charges": "0",
        "unexplained": "0",
    }  # fmt: skip
    assert [vendor["amounts"][name] for name in ("estimate", "billed", "variance")] == ["2", "4", "2"]
    tag = {"if-none-match": answer.headers["etag"]}
    assert client.get("/api/v1/gateway/variance?period=2026-03", headers=tag).status_code == 304
    (invoice,) = client.get("/api/v1/gateway/allocation?period=2026-03").json()["invoices"]
    assert (invoice["billed"], [line["amount"] for line in invoice["lines"]]) == ("4", ["4"])
    assert client.get("/api/v1/gateway/variance?period=March").status_code == 400


def test_a_key_of_a_team_sees_the_rows_of_its_team_and_no_invoice(guarded: TestClient) -> None:
    with write_session(engine()) as session:
        books = Books(session)
        books.policy({"team_id": "search", "name": "Search"})
        load = live_load(session, "gateway", "litellm")
        driver(session, load, "tokens", "30", team="search")
        driver(session, load, "tokens", "10", team="speech")
        driver(session, load, "gateway_spend", "1", unit="USD", team="speech")
        made = create_key(
            session, operator(), name="x", scopes=(Scope.READ_COSTS,), now=datetime.now(UTC), teams=("search",)
        )
    key = {"x-api-key": made.text}
    assert guarded.get(TOKENS, headers=key).json()["totals"] == [{"unit": "tokens", "quantity": "30"}]
    names = guarded.get("/api/v1/drivers/names", headers=key).json()["drivers"]
    assert [each["name"] for each in names] == ["tokens"]
    assert guarded.get("/api/v1/gateway/variance?period=2026-03", headers=key).json()["gateways"] == []
