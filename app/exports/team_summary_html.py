"""A team's summary as HTML for mail: tables and inline styles, which every client shows; nothing is loaded."""

from collections.abc import Iterable
from decimal import ROUND_FLOOR, Decimal
from html import escape

from app.exports.team_summary import Line, SummaryWords, standing_of, subject_of, words_of
from app.reports.team_summary import TeamSummary

_FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
</head>
<body style="margin:0;padding:24px;{font};font-size:14px;line-height:1.5">
<table role="presentation" cellpadding="0" cellspacing="0" style="max-width:600px;width:100%"><tr><td>
<h1 style="font-size:18px;margin:0 0 4px" dir="auto">{title}</h1>
<p style="margin:0 0 16px">{standing}</p>
{blocks}{link}</td></tr></table>
</body>
</html>
"""
_LINK = '<p style="margin:20px 0 0"><a href="{href}">Every figure, explained</a></p>\n'
_CELL = "padding:4px 12px 4px 0;vertical-align:top;text-align:left;border-top:1px solid #8a94a0"


def summary_html(summary: TeamSummary) -> str:
    """The summary as a whole HTML page. Whatever names and services are called, it is text in it."""
    return _PAGE.format(
        title=escape(subject_of(summary)),
        standing=escape(standing_of(summary)),
        blocks="".join(map(_block, words_of(summary))),
        link=_LINK.format(href=escape(summary.link)) if summary.link else "",
        font=_FONT,
    )


def _block(words: SummaryWords) -> str:
    bar = "" if words.used_percent is None else _bar(words.used_percent)
    moved = f"{_heading('What moved most')}{_table(words.movers)}" if words.movers else ""
    return f"{_heading(words.headline)}{_table(words.lines)}{bar}{moved}"


def _heading(text: str) -> str:
    return f'<h2 style="font-size:15px;margin:16px 0 6px">{escape(text)}</h2>\n'


def _table(lines: Iterable[Line]) -> str:
    rows = "".join(
        f'<tr><th scope="row" style="{_CELL};width:40%;font-weight:normal" dir="auto">{escape(line.label)}</th>'
        f'<td style="{_CELL}" dir="auto">{escape(line.value)}</td></tr>\n'
        for line in lines
    )
    return f'<table cellpadding="0" cellspacing="0" style="border-collapse:collapse;width:100%">\n{rows}</table>\n'


def _bar(used: Decimal) -> str:
    """A picture of the budget's percentage, which the words above say; over the budget it is dark and full."""
    width = int(min(max(used, Decimal(0)), Decimal(100)).to_integral_value(ROUND_FLOOR))
    colour = "#a61e1e" if used > 100 else "#1864ab"
    return (
        '<table role="presentation" aria-hidden="true" cellpadding="0" cellspacing="0" width="100%"'
        ' style="margin:6px 0 0;background:#c9d1da;border-radius:4px"><tr>'
        f'<td width="{width}%" height="8" style="background:{colour if width else "#c9d1da"};font-size:0">&nbsp;</td>'
        '<td height="8" style="font-size:0">&nbsp;</td></tr></table>\n'
    )
