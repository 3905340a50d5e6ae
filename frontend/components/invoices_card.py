"""Whether each bill ties to its invoice: a line for each, with words for how it ends."""

from datetime import date

from dash import html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.domain.charge import Axis, Metric
from app.domain.period import Period, next_month
from app.domain.reconciliation import Tie, TiedLine
from app.domain.reconciliation_advice import WORDS
from app.domain.viewer import Viewer
from app.reports.chargeback import billing_periods
from app.reports.cost_query import CostQuery, Granularity
from app.reports.invoices import ReconciliationReport, ReconciliationTotal, reconciliation
from app.reports.visibility import sees_everything
from frontend.components.figure import download
from frontend.components.table import Column, Kind, Row, money, money_table
from frontend.state import View, trends_url

MONTHS = 3  # what is still being invoiced, and the month before; the files have every period
TOLD = 10  # lines that are explained below the table
QUESTION = "Does every bill tie to its invoice?"
_FILES = "/api/v1/invoices/reconciliation"
_SIGNS = {
    Tie.EXACT: "✓",
    Tie.WITHIN_TOLERANCE: "✓",
    Tie.OPEN: "…",
    Tie.DOES_NOT_RECONCILE: "✗",
    Tie.NO_INVOICE: "–",
    Tie.NO_CHARGES: "✗",
}
_WRONG = frozenset({Tie.DOES_NOT_RECONCILE, Tie.NO_CHARGES})


def invoices_card(session: Session, viewer: Viewer, *, today: date) -> Component:
    """The reconciliation of the newest billing months. Nothing for a viewer who sees only some teams."""
    months = billing_periods(session, viewer)[:MONTHS]
    if not months or not sees_everything(viewer):
        return html.Div()
    span = Period(months[-1], next_month(max(months[0], today)))
    report = reconciliation(session, viewer, span)
    links = [
        download("All periods as CSV", f"{_FILES}.csv"),
        download("XLSX", f"{_FILES}.xlsx"),
    ]
    head = html.Div([html.H3(QUESTION), html.Div(links, className="links")], className="card-head")
    body = [html.P(_summary(report), className="quiet"), _table(report), _what_to_do(report)]
    return html.Section([head, *body], className="card flush")


def _summary(report: ReconciliationReport) -> str:
    """How the lines end, in a sentence such as `2 reconciled exactly, 1 no invoice yet`."""
    counts = [(sum(line.tie is tie for line in report.lines), words.lower()) for tie, words in WORDS.items()]
    return ", ".join(f"{count} {words}" for count, words in counts if count) + "."


def _table(report: ReconciliationReport) -> Component:
    columns = [
        Column("period", "Billing period", link="href", pinned=True, width=120),
        Column("issuer", "Issuer"),
        Column("account", "Account"),
        Column("invoice", "Invoice"),
        Column("currency", "Currency", width=100),
        Column("invoiced", "Invoice total", Kind.MONEY, hint="Invoices as issued, with tax; voided ones do not count"),
        Column("billed", "Σ billed cost", Kind.MONEY, hint="Of live charges"),
        Column("difference", "Difference", Kind.MONEY, hint="Invoice total less billed cost"),
        Column("tolerance", "Tolerance", Kind.MONEY, hint="What rounding explains: FOCUS 1.4, Rounding Variance"),
        Column("state", "State", width=220),
    ]
    totals = [_total(each) for each in report.totals]
    return money_table("invoices", QUESTION, columns, [_row(line) for line in report.lines], totals=totals)


def _what_to_do(report: ReconciliationReport) -> Component:
    """What the lines mean whose state does not say it all, those that are wrong first."""
    telling = [line for line in report.lines if line.tie in _WRONG or line.tie is Tie.OPEN or line.candidates]
    wrong_first = sorted(telling, key=lambda line: line.tie not in _WRONG)
    items = [html.Li([html.Strong(_name(line)), f" {line.advice}"]) for line in wrong_first[:TOLD]]
    more = len(telling) - len(items)
    if more:
        items.append(html.Li(f"And {more} more; the files have them all."))
    return html.Ul(items, className="quiet", style={"margin": "14px 18px", "paddingLeft": 16}) if items else html.Div()


def _name(line: TiedLine) -> str:
    which = ", ".join(line.invoice_ids or line.billing_account_ids) or "no account"
    return f"{line.billing_period_start:%Y-%m}, {line.invoice_issuer_name or 'no issuer'}, {which}:"


def _row(line: TiedLine) -> Row:
    return {
        "period": f"{line.billing_period_start:%Y-%m}",
        "href": _costs_url(line),
        "issuer": line.invoice_issuer_name or "No issuer",
        "account": ", ".join(line.billing_account_ids) or "No account",
        "invoice": ", ".join(line.invoice_ids) or None,
        "currency": line.billing_currency,
        "invoiced": money(line.invoiced),
        "billed": money(line.billed_cost),
        "difference": money(line.difference),
        "tolerance": money(line.tolerance),
        "state": f"{_SIGNS[line.tie]} {WORDS[line.tie]}",
    }


def _total(total: ReconciliationTotal) -> Row:
    return {
        "period": "Total",
        "currency": total.billing_currency,
        "invoiced": money(total.invoiced),
        "billed": money(total.billed_cost),
    }


def _costs_url(line: TiedLine) -> str:
    """What the bills of the period are made of."""
    month = Period.month_of(line.billing_period_start)
    query = CostQuery(
        month.start, month.end, Metric.BILLED, Axis.BILLING, Granularity.TOTAL, group_by=("service_name",)
    )
    return trends_url(View(query))
