"""One load: what it moved against the one it replaced, and what was wrong with its delivery."""

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.domain.money import EXACT, plain
from app.domain.viewer import Viewer
from app.errors import NotFound
from app.reports.loads import LoadChange, LoadReport, load_report
from app.reports.teams import team_names
from frontend.answer import Question, answers, asking, page
from frontend.components.attributes import labelled
from frontend.components.kpi import kpi_text
from frontend.components.table import Column, Kind, Row, money, money_table
from frontend.words import key_word

PATH = "/health/loads/<load_id>"
TITLE = "Load"


@page
def layout(load_id: str = "", **_params: Any) -> Component:
    """The question: which load."""
    if not load_id.isdecimal():
        raise NotFound(f"There is no load '{load_id}'. Loads have numbers; the data health page lists them.")
    return asking("load", load_id=int(load_id))


@answers("load")
def answer(session: Session, viewer: Viewer, question: Question) -> Component:
    """The load's control totals, changes, findings and quarantined rows."""
    report = load_report(session, viewer, question["load_id"])
    load = report.load
    back = html.Nav(dcc.Link("Data health", href="/health", className="crumb"), **labelled("Breadcrumb"))
    version = report.format_version or report.format
    return html.Div(
        [
            back,
            html.H1(f"Load {load.id}"),
            html.P(f"{load.source}, bills of {load.billing_period_start:%Y-%m}, {version}", className="subtitle"),
            html.Div(
                [
                    kpi_text("Rows of the delivery", f"{report.rows_in:,}", f"SHA-256 {report.sha256[:12]}…"),
                    kpi_text(
                        "Rows in this load",
                        f"{load.rows_loaded:,}",
                        f"{load.first_charge_day} to {load.last_charge_day}",
                    ),
                    kpi_text("Rows quarantined", f"{report.rows_quarantined:,}", "could not be booked"),
                ],
                className="kpis",
            ),
            _changes(report, team_names(session)),
            _findings(report),
            _quarantined(report),
        ]
    )


def _changes(report: LoadReport, teams: dict[str, str]) -> Component:
    columns = [
        Column("owner", "Owner", pinned=True, width=200),
        Column("service", "Service"),
        Column("currency", "Currency", width=100),
        Column("before", "Effective cost before", Kind.MONEY),
        Column("after", "Effective cost after", Kind.MONEY),
        Column("change", "Change", Kind.EXACT),
    ]
    rows = [_change(change, teams) for change in report.changes]
    return _section("What did it move?", "It replaced nothing, or moved nothing.", "changes", columns, rows)


def _change(change: LoadChange, teams: dict[str, str]) -> Row:
    shared = f"Shared: {change.pool_id}"
    moved = EXACT.subtract(change.effective_cost_after, change.effective_cost_before)
    return {
        "owner": shared if change.pool_id else key_word("team", change.team_id, teams),
        "service": key_word("service_name", change.service_name, teams),
        "currency": change.currency,
        "before": money(change.effective_cost_before),
        "after": money(change.effective_cost_after),
        "change": money(moved),
    }


def _findings(report: LoadReport) -> Component:
    columns = [
        Column("rule", "Rule", pinned=True, width=240, hint="Its id in the FOCUS 1.2 model, or the kind of rule"),
        Column("column", "Column", width=200),
        Column("message", "What is wrong", width=360),
        Column("rows", "Rows", Kind.COUNT, width=100),
        Column("share", "Share of rows", Kind.PERCENT, width=100),
        Column("place", "For example, row", width=240),
        Column("example", "Which has", width=360),
    ]
    rows: list[Row] = [
        {
            "rule": broken.requirement or broken.rule,
            "column": broken.column_name,
            "message": broken.message,
            "rows": broken.rows,
            "share": None if broken.share_of_rows is None else plain(broken.share_of_rows * 100),
            "place": f"{broken.file}:{broken.row_number}" if broken.file else None,
            "example": broken.example,
        }
        for broken in report.findings
    ]
    return _section("Which rules of FOCUS does the vendor break?", "None that we check.", "findings", columns, rows)


def _quarantined(report: LoadReport) -> Component:
    columns = [
        Column("file", "File", pinned=True, width=240),
        Column("row", "Row", Kind.COUNT, width=100),
        Column("column", "Column", width=180),
        Column("value", "Value"),
        Column("reason", "Why it cannot be booked"),
    ]
    rows: list[Row] = [
        {
            "file": aside.file,
            "row": aside.row_number,
            "column": aside.column_name,
            "value": aside.value,
            "reason": aside.reason,
        }
        for aside in report.quarantined
    ]
    return _section("Which rows are in quarantine?", "None.", "quarantined", columns, rows)


def _section(title: str, nothing: str, name: str, columns: list[Column], rows: list[Row]) -> Component:
    body = money_table(name, title, columns, rows) if rows else html.P(nothing, className="quiet")
    return html.Section([html.Div(html.H3(title), className="card-head"), body], className="card flush")
