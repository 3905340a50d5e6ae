"""The way of a billing month to being closed: its state, what has moved, what speaks against closing, and its files."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.domain.canonical import CSV_NAME, JSON_NAME
from app.domain.charge import Axis, Metric
from app.domain.closing import Against, Blocker, Moved
from app.domain.money import EXACT
from app.domain.period import Period
from app.domain.statement import StatementState
from app.reports.closing import ClosingStatus, KeptFile
from app.reports.cost_query import CostQuery, Granularity
from frontend.change import change_controls
from frontend.components.attributes import labelled
from frontend.components.figure import download
from frontend.components.statement_state import STATES
from frontend.components.table import Column, Kind, Row, money, money_table
from frontend.state import View, chargeback_url, query_string, reconciliation_url, team_url, trends_url
from frontend.words import UNALLOCATED

_SHOWN = 6  # reasons that are listed at once
_WAY = (StatementState.DRAFT, StatementState.ISSUED, StatementState.CLOSED)
_OF_SOURCES = frozenset(
    {
        Against.SOURCE_OVERDUE,
        Against.SOURCE_RUN_FAILED,
        Against.SOURCE_DELIVERED_NOTHING,
        Against.DELIVERY_REFUSED,
        Against.RESTS_ON_ESTIMATE,
    }
)
_OF_INVOICES = frozenset(
    {
        Against.INVOICE_DOES_NOT_RECONCILE,
        Against.INVOICE_OPEN,
        Against.INVOICE_WITHOUT_CHARGES,
        Against.INVOICE_MISSING,
    }
)


def closing_card(
    status: ClosingStatus,
    names: Mapping[str, str],
    open_before: Period | None,
    files: Sequence[KeptFile],
    *,
    may_close: bool,
) -> Component:
    """How far the month has come, and what is left to do; buttons for those who `may_close`."""
    closed = status.state is StatementState.CLOSED
    month = status.period.label
    question = f"How was {month} closed?" if closed else f"What is left to do to close {month}?"
    body = [_overridden(status)] if closed else [_moved(status, names), _against(status, open_before)]
    if may_close and not closed:
        body.append(_controls(status))
    head = html.Div([html.H3(question), _way(status.state)], className="card-head")
    return html.Section([head, *body, file_links(status, files)], className="card closing", **labelled(question))


def _way(state: StatementState) -> Component:
    """Draft, issued, closed, with the step that has been reached."""
    steps = [
        html.Li(STATES[each], className="reached" if index <= _WAY.index(state) else "", **_current(here=each is state))
        for index, each in enumerate(_WAY)
    ]
    return html.Ol(steps, className="way", **labelled("The way of a statement"))


def _current(*, here: bool) -> dict[str, Any]:
    return {"aria-current": "step"} if here else {}


def _moved(status: ClosingStatus, names: Mapping[str, str]) -> Component:
    if not status.moves:
        return html.Div()
    metric = Metric(status.metric)
    draft = f"{chargeback_url(status.period.label, metric)}&state=draft"
    columns = [
        Column("team", "Team", link="href", pinned=True, width=200),
        Column("currency", "Currency", width=100),
        Column("issued", "Issued", Kind.MONEY),
        Column("draft", "By live figures", Kind.MONEY),
        Column("change", "Change", Kind.MONEY),
    ]
    question = "What has moved since it was issued?"
    rows = [_moved_row(each, names, status.period, metric) for each in status.moves]
    words = html.P(["Issue it again before closing it. ", dcc.Link("Look at the live figures", href=draft)],
                   className="quiet")  # fmt: skip
    return html.Div([html.H4(question), words, money_table("moved", question, columns, rows)], className="part")


def _moved_row(each: Moved, names: Mapping[str, str], period: Period, metric: Metric) -> Row:
    team = each.team_id
    return {
        "team": UNALLOCATED if team is None else names.get(team, team),
        "href": None if team is None else team_url(team, period.label, metric),
        "currency": each.billing_currency,
        "issued": money(each.issued),
        "draft": money(each.draft),
        "change": money(EXACT.subtract(each.draft, each.issued)),
    }


def _against(status: ClosingStatus, open_before: Period | None) -> Component:
    found = status.blockers
    if not found:
        words = "✓ Nothing else speaks against closing it." if status.moves else "✓ Nothing speaks against closing it."
        return html.P(words, className="clear")
    items = [_reason(each, status, open_before) for each in found]
    count = "1 reason" if len(found) == 1 else f"{len(found)} reasons"
    shown: list[Component] = [html.H4(f"What speaks against closing it: {count}"), html.Ul(items[:_SHOWN])]
    if len(items) > _SHOWN:
        rest = html.Ul(items[_SHOWN:])
        shown.append(html.Details([html.Summary(f"{len(items) - _SHOWN} more"), rest]))
    return html.Div(shown, className="part reasons")


def _reason(each: Blocker, status: ClosingStatus, open_before: Period | None) -> Component:
    link = _way_out(each.code, status, open_before)
    words: list[Any] = [html.Strong(each.message), f" {each.remedy} "]
    return html.Li([*words, dcc.Link(link[0], href=link[1])] if link else words)


def _way_out(code: Against, status: ClosingStatus, open_before: Period | None) -> tuple[str, str] | None:
    """Where one sees, or does, something about a reason."""
    metric = Metric(status.metric)
    if code in _OF_SOURCES:
        return "Sources", "/health"
    if code in _OF_INVOICES:
        return "Reconciliation", reconciliation_url(status.period.label)
    if code is Against.UNALLOCATED:
        return "What it is", trends_url(_costs(status.period, metric).only("team", None))
    if code is Against.ROWS_WITHOUT_VALUE:
        return "By service", trends_url(_costs(status.period, metric))
    if code is Against.EARLIER_PERIOD_OPEN and open_before:
        return open_before.label, f"/chargeback?{query_string([('period', open_before.label)])}"
    return None


def _costs(period: Period, metric: Metric) -> View:
    return View(CostQuery(period.start, period.end, metric, Axis.BILLING, Granularity.TOTAL, ("service_name",)))


def _overridden(status: ClosingStatus) -> Component:
    """What was overridden, and why; and the hash by which the statement is known."""
    sha256 = html.P(
        ["SHA-256 of its canonical form: ", html.Code(status.sha256, className="hash", title=status.sha256)],
        className="quiet",
    )
    if not status.overridden:
        return html.Div([html.P("✓ Nothing spoke against closing it.", className="clear"), sha256])
    items = [html.Li(str(each.get("message", ""))) for each in status.overridden]
    told = [html.H4("It was closed although"), html.Ul(items), html.P(["Because: ", html.Q(status.override_reason)])]
    return html.Div([html.Div(told, className="part reasons"), sha256])


def _controls(status: ClosingStatus) -> Component:
    issued = status.state is StatementState.ISSUED
    month = status.period.label
    seen = dcc.Store(id="closing-seen", data=[str(each) for each in status.blockers])
    issue = dmc.Button(
        f"Issue {month} again" if issued else f"Issue {month}",
        id="closing-issue",
        variant="default" if issued and not status.moves else "filled",
        size="xs",
    )
    if status.moves:
        return change_controls("chargeback", seen, issue)
    if not issued:
        why = html.P("Issuing keeps a copy of the draft as it is sent; closing needs one.", className="quiet")
        return change_controls("chargeback", seen, why, issue)
    return change_controls("chargeback", seen, *_reason_field(status), _close_button(status), issue)


def _reason_field(status: ClosingStatus) -> list[Component]:
    """Where it is said why the month is closed all the same; nothing when nothing speaks against it."""
    field = dmc.Textarea(
        id="closing-reason",
        label="Why close it all the same?",
        description="Kept with the statement and in the audit log, with what speaks against closing now.",
        autosize=True,
        minRows=2,
        maw=640,
        size="xs",
        display=None if status.blockers else "none",
    )
    return [field]


def _close_button(status: ClosingStatus) -> Component:
    month = status.period.label
    words = f"Close {month} and override" if status.blockers else f"Close {month}"
    button = dmc.Button(words, id="closing-close-button", color="red" if status.blockers else "blue", size="xs")
    asked = f"Close {month} for good? A closed statement is never changed; corrections go to the next open month."
    return dcc.ConfirmDialogProvider(button, id="closing-close", message=asked)


def file_links(status: ClosingStatus, files: Sequence[KeptFile]) -> Component:
    """What can be taken along: the lines, the journal, and of a closed month the files it was closed with."""
    base = f"/api/v1/chargeback/{status.period.label}"
    links = [
        *(download(f"Lines {kind.upper() if kind != 'parquet' else 'Parquet'}", f"{base}/lines.{kind}")
          for kind in ("csv", "xlsx", "parquet")),
        download("Journal CSV", f"{base}/journal.csv"),
        download("Journal XLSX", f"{base}/journal.xlsx"),
        download("Reconciliation CSV", f"{base}/reconciliation.csv"),
        dcc.Link("Reconciliation and journal", href=reconciliation_url(status.period.label), className="action"),
    ]  # fmt: skip
    shown: list[Component] = [html.Div(links, className="links")]
    if files:
        canonical = [download(name, f"{base}/{name}") for name in (CSV_NAME, JSON_NAME)]
        replay = html.A("Replay it", href=f"{base}/replay", className="action", title="Works it out anew")
        shown += [html.H4("As it was closed"), html.Div([*canonical, replay], className="links"), _kept(base, files)]
    return html.Div(shown, className="part")


def _kept(base: str, files: Sequence[KeptFile]) -> Component:
    """Every file of the finance pack, folded: two hundred teams have four hundred."""
    items = [
        html.Li(html.A(file.name, href=f"{base}/files/{quote(file.name)}", download="", title=f"SHA-256 {file.sha256}"))
        for file in files
    ]
    return html.Details([html.Summary(f"Finance pack: {len(files)} files"), html.Ul(items, className="files")])
