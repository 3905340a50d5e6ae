"""The findings inbox: what rules found, the evidence day by day, what to do, and what somebody said to it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.domain.gpu.findings.state import FindingState
from app.domain.money import ZERO, total
from app.reports.gpu_findings import FindingRow
from frontend.amounts import readable
from frontend.change import change_controls
from frontend.components.attributes import labelled
from frontend.components.figure import download
from frontend.components.gpu_controls import team_word
from frontend.gpu_view import GpuView, node_url

MOST = 50  # more than anybody works through; the file has all
_BADGES = {
    FindingState.OPEN: "badge-warn",
    FindingState.ACKNOWLEDGED: "badge-plain",
    FindingState.EXEMPT: "badge-plain",
    FindingState.RESOLVED: "badge-good",
}


def findings_card(
    findings: Sequence[FindingRow], view: GpuView, teams: dict[str, str], *, may_answer: bool, told: Component
) -> Component:
    """Findings, those with the most to recover first, and the form that answers them."""
    head = html.Div(
        [html.H3(f"What can be done about it? {_count(findings)}"), download("CSV", "/api/v1/gpu/findings.csv")],
        className="card-head",
    )
    nothing = html.P(
        "No rule finds anything that stands. They look at the last 14 days of telemetry.", className="quiet"
    )
    listed = html.Ul([_finding(each, view, teams) for each in findings[:MOST]], className="findings")
    more = f"The largest {MOST} of {len(findings)}; the CSV has all." if len(findings) > MOST else ""
    parts = [listed, html.P(more, className="quiet")] if findings else [nothing]
    answering = [_answering(findings[:MOST])] if findings and may_answer else []
    return html.Section([head, told, *parts, *answering], className="card")


def _count(findings: Sequence[FindingRow]) -> str:
    return f"{len(findings)} finding{'s' * (len(findings) != 1)}"


def _finding(found: FindingRow, view: GpuView, teams: dict[str, str]) -> Component:
    state = FindingState(found.state)
    where = dcc.Link(found.node, href=node_url(found.node, view)) if found.node else None
    head = [
        html.Strong(found.title),
        html.Span(state.value, className=f"badge {_BADGES[state]}"),
        html.Span(found.subject),
        *([html.Span(where)] if where else []),
        html.Span(team_word(found.team_id, teams)),
    ]
    window = f"{found.starts_at:%Y-%m-%d} to {found.ends_at:%Y-%m-%d}"
    details = [
        html.P(f"{found.summary} {found.action}"),
        html.P(["This is wrong where: ", " ".join(found.false_positives)], className="quiet"),
        html.P(f"{found.reason} ({found.changed_by})", className="quiet") if found.reason else None,
    ]
    return html.Li(
        [
            html.Div(head, className="finding-head"),
            html.P(f"{_amounts(found)} Seen {window}.", className="finding-amounts"),
            _days(found.evidence.get("days", ())),
            html.Details([html.Summary(f"What to do, finding {found.id}"), *(each for each in details if each)]),
        ]
    )


def _amounts(found: FindingRow) -> str:
    if found.recoverable_capacity is None or found.currency is None:
        return "No amount can be had back."
    bill = readable(found.recoverable_bill or ZERO)
    capacity = readable(found.recoverable_capacity)
    return f"Recoverable: {capacity} {found.currency} of capacity, {bill} {found.currency} on the bill."


def _days(days: Sequence[Mapping[str, str]]) -> Component:
    """The GPU-hours of each day as a strip of bars, each with its figure in a tooltip."""
    hours = [Decimal(day.get("gpu_hours", ZERO)) for day in days]
    most = max(hours, default=ZERO)
    if most <= 0:
        return html.Div()
    bars = [
        html.Span(
            style={"height": f"{max(4, round(float(each / most) * 100))}%"},
            title=f"{day['day']}: {readable(each)} GPU-hours",
            className="strip-bar",
        )
        for day, each in zip(days, hours, strict=True)
    ]
    words = f"GPU-hours by day, {days[0]['day']} to {days[-1]['day']}: {readable(total(hours))} in all"
    return html.Div(bars, className="strip", role="img", **labelled(words))


def _answering(findings: Sequence[FindingRow]) -> Component:
    options = [
        {"value": str(each.id), "label": f"{each.id}: {each.title}, {each.subject} ({each.state})"} for each in findings
    ]
    buttons: list[Any] = [
        dmc.Button("Acknowledge", id="finding-acknowledge", size="xs", variant="default"),
        dmc.Button("Exempt", id="finding-exempt", size="xs", variant="default"),
        dmc.Button("Open again", id="finding-reopen", size="xs", variant="default"),
    ]
    return change_controls(
        "gpu-findings",
        dmc.Select(id="finding-id", label="Finding", data=options, size="xs", w=420, searchable=True),
        dmc.TextInput(id="finding-reason", label="Reason", size="xs", w=300),
        dmc.DatePickerInput(id="finding-until", label="Exempt until", valueFormat="YYYY-MM-DD", size="xs", w=130),
        *buttons,
    )
