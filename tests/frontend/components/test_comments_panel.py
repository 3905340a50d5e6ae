"""Comments on the team's page."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.domain.comment import Commented
from app.domain.period import Period
from app.domain.statement import CostType
from app.errors import BadInput
from app.reports.comments import CommentableLine, CommentRow, CommentsReport
from frontend.components.comments_panel import commented, comments_panel, option_of

MARCH = Period.month(2026, 3)
WHOLE = Commented(MARCH.start, "search", "USD")
LINE = Commented(MARCH.start, "search", "USD", CostType.SHARED, "platform", 'EC2 "big", <b>')
LINES = (CommentableLine(WHOLE, None), CommentableLine(LINE, "Platform"))


def row(**fields: Any) -> CommentRow:
    of_line = {
        "team_id": "search", "team_name": "Search", "billing_currency": "USD", "cost_type": CostType.SHARED,
        "pool_id": "platform", "pool_name": "Platform", "service_name": "EC2",
        "written_at": datetime(2026, 4, 1, 9, 5, tzinfo=UTC), "in_statement": True,
    }  # fmt: skip
    return CommentRow(**{**of_line, "id": 1, "text": "<script>x</script>\nsecond", "author": "ada", **fields})


def texts(component: Any) -> str:
    """All that is written in a component, in its order."""
    if isinstance(component, str):
        return component
    if isinstance(component, list | tuple):
        return "".join(map(texts, component))
    return texts(getattr(component, "children", None) or "")


def ids(component: Any) -> set[str]:
    return {each.id for each in component._traverse() if getattr(each, "id", None)}


def test_a_comment_is_shown_as_text_with_who_when_and_on_what() -> None:
    panel = comments_panel(CommentsReport(MARCH, (row(), row(in_statement=False))), "search", LINES)
    said = texts(panel)
    assert "ada · 2026-04-01 09:05 UTC · Shared: Platform: EC2, in USD<script>x</script>\nsecond" in said
    assert said.count("; the statement has no such line any more") == 1
    assert not any(type(each).__name__ == "Markdown" for each in panel._traverse())


def test_the_form_is_there_only_where_there_is_something_to_comment() -> None:
    nothing = CommentsReport(MARCH, ())
    assert "comment-write" not in ids(comments_panel(nothing, "search", ()))
    form = comments_panel(nothing, "search", LINES)
    assert {"comment-line", "comment-text", "comment-write"} <= ids(form)
    assert "Nothing yet." in texts(form)


def test_what_is_picked_is_what_is_commented() -> None:
    for on in (WHOLE, LINE):
        assert commented(option_of(on), Commented(MARCH.start, "search", "")) == on


@pytest.mark.parametrize("value", ["", "[]", "[1,2]", "{}", '["USD", "nonsense", null, null]', "null"])
def test_what_the_form_does_not_offer_is_refused(value: str) -> None:
    with pytest.raises(BadInput):
        commented(value, WHOLE)


def test_the_period_of_the_page_counts_and_not_the_forms() -> None:
    april = Commented(date(2026, 4, 1), "speech", "")
    assert commented(option_of(LINE), april) == Commented(
        april.billing_period_start, "speech", "USD", LINE.cost_type, LINE.pool_id, LINE.service_name
    )
