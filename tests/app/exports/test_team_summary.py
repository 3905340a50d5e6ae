"""A team's summary as text, as HTML and for Slack."""

import json
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.actions.budgets import set_budgets
from app.domain.period import Period
from app.domain.statement import StatementState
from app.domain.viewer import Scope, Viewer, operator
from app.errors import NotFound
from app.exports.summary_message import SummaryForm, summary_bytes, summary_message
from app.exports.team_summary import subject_of, summary_text
from app.exports.team_summary_html import summary_html
from app.reports.team_summary import TeamSummary, team_summaries
from tests.app.books import Books, a_team

MARCH = Period.month(2026, 3)
TODAY = date(2026, 3, 20)
NASTY = '<!channel> & <b>"Ωmega"</b> *שלום* {title} 🚀'


@pytest.fixture
def company(session: Session) -> Books:
    """Search owes 110 and 2 yen in March and 100 in February; nasty owes 5; 7 belong to nobody; idle owes nothing."""
    books = Books(session)
    books.policy(a_team("search", cost_center="CC-1"), a_team("nasty", name=NASTY), a_team("idle"))
    for month, service, cost in (
        (2, "EC2", "60"), (2, "S3", "30"), (2, "RDS", "10"), (3, "EC2", "75"), (3, "S3", "10.004"), (3, "RDS", "10"),
        (3, "EKS", "14.996"),
    ):  # fmt: skip
        books.charge(date(2026, month, 10), cost, team="search", service_name=service, service_provider_name="AWS")
    books.charge(date(2026, 3, 9), "2", team="search", currency="JPY")
    books.charge(date(2026, 3, 9), "5", team="nasty", service_name=NASTY)
    books.charge(date(2026, 3, 9), "7")
    row = {"team_id": "search", "period": "2026-03", "currency": "USD", "amount": "125"}
    set_budgets(session, operator(), [row], "test")
    return books


def summaries(session: Session, *team_ids: str, **options: Any) -> dict[str, TeamSummary]:
    found = team_summaries(session, operator(), MARCH, today=TODAY, team_ids=team_ids, **options)
    return {each.team_id: each for each in found}


def test_the_text_says_what_is_owed_what_moved_and_how_the_budget_stands(session: Session, company: Books) -> None:
    (summary,) = summaries(session, "search", public_url="https://costs.example.com").values()
    assert summary_text(summary).splitlines() == [
        "Search owes 2 JPY and 110.00 USD for 2026-03",
        "On effective cost. From live charges; the month has no statement yet. Cost center CC-1.",
        "",
        "2 JPY",
        "  Direct: 2",
        "  Against 2026-02: ▲ 2, from 0",
        "  What moved most:",
        "    ▲ 2  No service",
        "",
        "110.00 USD",
        "  Direct: 110.00",
        "  Against 2026-02: ▲ 10.00 (10%), from 100.00",
        "  Budget: 110.00 of 125.00 (88%) owed, 15.00 left; reached 50%, 80%",
        "  Pace: 341.00 at the month's end if every day is like the 10 of 31 days so far (no forecast)",
        "  What moved most:",
        "    ▼ 20.00  S3 (AWS)",
        "    ▲ 15.00  EC2 (AWS)",
        "    ▲ 15.00  EKS (AWS)",
        "",
        "Every figure, explained: https://costs.example.com/chargeback/search?period=2026-03&metric=effective_cost",
    ]


def test_every_team_that_owes_or_has_a_budget_is_told_of(session: Session, company: Books) -> None:
    assert list(summaries(session)) == ["search", "nasty"]
    row = {"team_id": "idle", "period": "2026-03", "currency": "USD", "amount": "1"}
    set_budgets(session, operator(), [row], "test")
    assert list(summaries(session)) == ["search", "nasty", "idle"]
    assert "0.00 of 1.00 (0%) owed, 1.00 left" in summary_text(summaries(session)["idle"])
    with pytest.raises(NotFound):
        summaries(session, "nobody")
    limited = Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset({"search"}))
    assert [each.team_id for each in team_summaries(session, limited, MARCH, today=TODAY)] == ["search"]
    with pytest.raises(NotFound):
        team_summaries(session, operator(), Period.month(2025, 1), today=TODAY)


def test_a_draft_says_so_in_its_subject(session: Session, company: Books) -> None:
    summary = replace(summaries(session)["nasty"], name="Search", state=StatementState.DRAFT)
    assert subject_of(summary) == "Search owes 5.00 USD for 2026-03 (draft)"
    assert subject_of(replace(summary, state=StatementState.CLOSED)).endswith("2026-03")


class _Seen(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.words += data


def test_names_are_text_in_html_and_nothing_is_loaded(session: Session, company: Books) -> None:
    seen = _Seen(summary_html(summaries(session, public_url="https://x.example.com")["nasty"]))
    assert NASTY in seen.words
    assert not {"b", "script", "img", "style"} & set(seen.tags)
    assert seen.links == ["https://x.example.com/chargeback/nasty?period=2026-03&metric=effective_cost"]


def test_html_has_a_bar_no_wider_than_its_table(session: Session, company: Books) -> None:
    assert 'width="88%"' in summary_html(summaries(session)["search"])
    row = {"team_id": "search", "period": "2026-03", "currency": "USD", "amount": "10"}
    set_budgets(session, operator(), [row], "test")
    page = summary_html(summaries(session)["search"])
    assert 'width="100%" height="8" style="background:#a61e1e' in page
    assert "110.00 of 10.00 (1100%) owed, 100.00 over; reached 50%, 80%, 100%" in _Seen(page).words


def test_slack_gets_blocks_in_which_names_are_never_markup(session: Session, company: Books) -> None:
    message = json.loads(summary_bytes(summaries(session, public_url="https://x.io")["nasty"], SummaryForm.SLACK))
    assert "<!channel>" not in message["text"]
    assert "&lt;!channel&gt; &amp; " in message["text"]
    kinds = [block["type"] for block in message["blocks"]]
    assert kinds == ["header", "context", "divider", "section", "section", "section"]
    assert message["blocks"][0]["text"]["type"] == "plain_text"
    assert [text["type"] for text in message["blocks"][3]["fields"]] == ["plain_text"] * 3
    assert message["blocks"][-1]["text"] == {
        "type": "mrkdwn",
        "text": "<https://x.io/chargeback/nasty?period=2026-03&amp;metric=effective_cost|Every figure, explained>",
    }


def test_slack_gets_no_more_than_it_takes(session: Session, company: Books) -> None:
    summary = summaries(session, public_url="https://x.io")["search"]
    (yen, usd) = summary.blocks
    many = replace(summary, name="x" * 400, blocks=(usd, yen) * 20)
    blocks = json.loads(summary_bytes(many, SummaryForm.SLACK))["blocks"]
    assert len(blocks) == 50
    assert blocks[-1]["text"]["type"] == "mrkdwn"
    assert len(blocks[0]["text"]["text"]) == 150
    assert all(len(block.get("fields", ())) <= 10 for block in blocks)


def test_json_has_every_digit(session: Session, company: Books) -> None:
    found = json.loads(summary_bytes(summaries(session)["search"], SummaryForm.JSON))
    assert next((each["service_name"], each["before"], each["after"]) for each in found["blocks"][1]["movers"]) == (
        "S3", "30", "10.004",
    )  # fmt: skip
    message = summary_message(summaries(session)["search"], SummaryForm.JSON, ("ada@example.com",))
    assert json.loads(message.payload) == found
    assert (message.about, message.recipients) == ("search", ("ada@example.com",))
