"""A team's summary for Slack, in Block Kit; its incoming webhooks take the JSON as it is.

Names stand in `plain_text`, where Slack reads neither markup nor mentions. Source of the limits: Slack's reference of
blocks (header 150 characters, field 2,000, section 3,000, 10 fields a section, 50 blocks a message).
"""

from collections.abc import Iterator
from itertools import islice

import orjson

from app.exports.team_summary import SummaryWords, standing_of, subject_of, words_of
from app.reports.team_summary import TeamSummary

_HEADER, _FIELD, _SECTION, _FIELDS, _BLOCKS = 150, 2_000, 3_000, 10, 50
Block = dict[str, object]


def summary_slack(summary: TeamSummary) -> bytes:
    """The message as JSON: `text` for notifications, `blocks` for the eye."""
    link = [_linked(summary.link)] if summary.link else []
    body = {
        "text": _escaped(subject_of(summary)),
        "blocks": [*islice(_blocks(summary), _BLOCKS - len(link)), *link],
    }
    return orjson.dumps(body)


def _blocks(summary: TeamSummary) -> Iterator[Block]:
    yield {"type": "header", "text": _plain(subject_of(summary), _HEADER)}
    yield {"type": "context", "elements": [_plain(standing_of(summary), _FIELD)]}
    for words in words_of(summary):
        yield from _of_currency(words)


def _of_currency(words: SummaryWords) -> Iterator[Block]:
    yield {"type": "divider"}
    told = [("Owes", words.headline), *((line.label, line.value) for line in words.lines)]
    yield {"type": "section", "fields": [_plain(f"{label}\n{value}", _FIELD) for label, value in told[:_FIELDS]]}
    if words.movers:
        moved = "\n".join(f"{line.value}  {line.label}" for line in words.movers)
        yield {"type": "section", "text": _plain(f"What moved most\n{moved}", _SECTION)}


def _linked(href: str) -> Block:
    text = {"type": "mrkdwn", "text": f"<{_escaped(href)}|Every figure, explained>"}
    return {"type": "section", "text": text}


def _plain(text: str, longest: int) -> Block:
    shown = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return {"type": "plain_text", "text": shown, "emoji": False}


def _escaped(text: str) -> str:
    """`text` where Slack reads markup: the three characters that begin a mention or a link, as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
