"""The gateway's variance on the data health page."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from dash import html
from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.db.tables.bills import Delivery, Load, Source
from app.db.tables.charges import Driver
from app.domain.viewer import Scope, Viewer, operator
from frontend.components.gateway_card import gateway_card
from tests.app.books import Books

DAY = date(2026, 3, 5)


@pytest.fixture
def gateway(session: Session) -> None:
    """A gateway estimates 3 dollars of OpenAI, which bills 10, and 2 of Groq, which bills nothing."""
    source = Source(name="litellm", kind="litellm", config={})
    session.add(source)
    session.flush()
    delivery = Delivery(source_id=source.id, sha256="", format="litellm", files=[], state="loaded")
    session.add(delivery)
    session.flush()
    load = Load(source_id=source.id, delivery_id=delivery.id, billing_period_start=DAY.replace(day=1), rows_loaded=0,
                first_charge_day=DAY, last_charge_day=DAY, totals=[], billing_account_ids=[])  # fmt: skip
    session.add(load)
    session.flush()
    for provider, spend in (("OpenAI", 3), ("Groq", 2)):
        session.execute(
            insert(Driver).values(
                load_id=load.id, day=DAY, name="gateway_spend", unit="USD", service_provider_name=provider,
                dimensions={"model": "openai/gpt-5"}, quantity=Decimal(spend),
            )
        )  # fmt: skip
    books = Books(session)
    books.policy()
    books.charge(DAY, "9", metric="billed_cost", service_provider_name="OpenAI", sku_meter="gpt-5, input")
    books.charge(DAY, "1", metric="billed_cost", service_provider_name="OpenAI", sku_meter="file search")


def test_every_model_is_a_line_and_the_lines_add_up(session: Session, gateway: None) -> None:
    card = gateway_card(session, operator())
    grid: Any = next(each for each in card._traverse() if getattr(each, "id", None) == "table-gateway-OpenAI")
    assert [
        (row["model"], row["match"], row["estimate"], row["billed"], row["unexplained"]) for row in grid.rowData
    ] == [
        ("gpt-5", "As openai/gpt-5", "3", "9", "6"),  # nobody counts the tokens
        ("No model", "No model", "0", "1", "0"),
    ]
    assert grid.rowData[1]["other_charges"] == "1"
    (total,) = grid.dashGridOptions["pinnedBottomRowData"]
    assert (total["model"], total["billed"], total["variance"]) == ("Total in USD", "10", "7")
    links: list[Any] = [each for each in card._traverse() if isinstance(each, html.A)]
    assert [link.href for link in links] == [
        "/api/v1/gateway/variance.csv?period=2026-03", "/api/v1/gateway/allocation.csv?period=2026-03",
    ]  # fmt: skip


def test_an_estimate_without_a_bill_is_told_in_words(session: Session, gateway: None) -> None:
    (item,) = (each for each in gateway_card(session, operator())._traverse() if isinstance(each, html.Li))
    assert item.children[0].children == "Groq:"
    assert item.children[1] == " 2.00 USD estimated. No bill of this provider is live in the month."


def test_there_is_no_card_without_a_gateway(session: Session) -> None:
    assert gateway_card(session, operator()).children is None


def test_a_viewer_of_some_teams_is_shown_nothing(session: Session, gateway: None) -> None:
    limited = Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset({"ai"}))
    assert gateway_card(session, limited).children is None
