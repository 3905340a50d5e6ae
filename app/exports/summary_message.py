"""A team's summary in the forms that leave Trueup."""

from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from enum import StrEnum

import orjson

from app.domain.money import plain
from app.domain.notification import Notification
from app.exports.team_summary import subject_of, summary_text
from app.exports.team_summary_html import summary_html
from app.exports.team_summary_slack import summary_slack
from app.reports.team_summary import TeamSummary


class SummaryForm(StrEnum):
    """How a summary is written down."""

    TEXT = "text"
    HTML = "html"
    SLACK = "slack"
    JSON = "json"


def summary_json(summary: TeamSummary) -> bytes:
    """The figures as data, as the API writes them: amounts as text."""
    return orjson.dumps(asdict(summary), default=_plain, option=orjson.OPT_UTC_Z)


def _plain(value: object) -> str:
    assert isinstance(value, Decimal)
    return plain(value)


_FORMS: dict[SummaryForm, Callable[[TeamSummary], bytes]] = {
    SummaryForm.TEXT: lambda summary: summary_text(summary).encode(),
    SummaryForm.HTML: lambda summary: summary_html(summary).encode(),
    SummaryForm.SLACK: summary_slack,
    SummaryForm.JSON: summary_json,
}


def summary_bytes(summary: TeamSummary, form: SummaryForm) -> bytes:
    """The summary in one of its forms."""
    return _FORMS[form](summary)


def summary_message(summary: TeamSummary, form: SummaryForm, recipients: tuple[str, ...] = ()) -> Notification:
    """The summary as a message; `form` is what a webhook gets."""
    return Notification(
        about=summary.team_id,
        subject=subject_of(summary),
        text=summary_text(summary),
        html=summary_html(summary),
        payload=summary_bytes(summary, form),
        recipients=recipients,
    )
