"""How a billing month's chargeback ties to its invoices, and its journal: the page that an accountant signs."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.domain.charge import Axis, Metric
from app.domain.period import Period
from app.domain.period_equations import Equation, NamedLine, Step
from app.domain.period_reconciliation import CurrencyReconciliation
from app.domain.statement import StatementState
from app.domain.viewer import Viewer
from app.reports.cost_query import CostQuery, Granularity
from app.reports.period_reconciliation import PeriodReconciliation, period_reconciliation
from app.reports.statement_facts import StatementHead
from frontend.amounts import exact
from frontend.answer import Question, answers, asking, page
from frontend.components.attributes import labelled
from frontend.components.figure import download
from frontend.components.sum_table import sum_table
from frontend.components.table import Column, Kind, Row, money, money_table
from frontend.state import View, chargeback_url, trends_url
from frontend.words import METRICS

PATH = "/chargeback/<period>/reconciliation"
TITLE = "Reconciliation"
_LAYOUTS = {"generic": "Journal CSV", "netsuite": "NetSuite", "sap": "SAP", "workday": "Workday"}
_QUESTIONS = {
    Step.STATEMENTS: "Do the statements add up to the charges?",
    Step.PREPAYMENTS: "From what is used to what is billed",
    Step.INVOICES: "From what is billed to what is invoiced",
}


@page
def layout(period: str = "", **_params: Any) -> Component:
    """The question: which month."""
    return asking("reconciliation", period=Period.parse_month(period).label)


@answers("reconciliation")
def answer(session: Session, viewer: Viewer, question: Question) -> Component:
    """The month's three sums in each currency."""
    report = period_reconciliation(session, viewer, Period.parse_month(question["period"]))
    month, metric = report.period.label, report.statement.metric
    back = dcc.Link(f"Chargeback {month}", href=chargeback_url(month, metric), className="crumb")
    subtitle = html.P(f"{_standing(report.statement)} Drawn on {METRICS[metric].lower()}.", className="subtitle")
    blocks = [_block(report, each) for each in report.currencies]
    title = html.H1(f"Reconciliation of {month}")
    return html.Div([html.Nav(back, **labelled("Breadcrumb")), title, subtitle, _links(report), *blocks])


def _standing(statement: StatementHead) -> str:
    """What the figures rest on, as a sentence."""
    if statement.closed_at and statement.state is StatementState.CLOSED:
        return (
            f"Statement no. {statement.id}, closed on {statement.closed_at:%Y-%m-%d}: on the bills it was closed with"
            " and the invoices known then."
        )
    if statement.issued_at and statement.state is StatementState.ISSUED:
        return f"Statement no. {statement.id}, issued on {statement.issued_at:%Y-%m-%d} and not closed yet."
    return "A draft: it follows the bills and the policy until the month is closed."


def _links(report: PeriodReconciliation) -> Component:
    files = f"/api/v1/chargeback/{report.period.label}"
    return html.Div(
        [
            *(download(words, f"{files}/journal.csv?layout={name}") for name, words in _LAYOUTS.items()),
            download("Journal XLSX", f"{files}/journal.xlsx"),
            download("Reconciliation CSV", f"{files}/reconciliation.csv"),
            download("Reconciliation XLSX", f"{files}/reconciliation.xlsx"),
            dcc.Link("Invoices", href="/health", className="action"),
            dcc.Link("Bills of the month", href=_bills_url(report.period), className="action"),
        ],
        className="links",
    )


def _bills_url(period: Period) -> str:
    query = CostQuery(period.start, period.end, Metric.BILLED, Axis.BILLING, Granularity.TOTAL, ("service_name",))
    return trends_url(View(query))


def _block(report: PeriodReconciliation, each: CurrencyReconciliation) -> Component:
    currency = each.billing_currency
    return html.Section(
        [
            html.H2([f"{report.period.label} in {currency} ", _verdict(each)]),
            *(_equation(equation, currency) for equation in each.equations),
            _adjustments(each),
            _prepayments(report, each),
        ],
        **labelled(f"Reconciliation in {currency}"),
    )


def _verdict(each: CurrencyReconciliation) -> Component:
    if each.off:
        return html.Span(f"{exact(each.off)} {each.billing_currency} off", className="badge badge-bad")
    count = len(each.to_look_at)
    if count:
        words = f"0 off, {count} line{'' if count == 1 else 's'} to look at"
        return html.Span(words, className="badge badge-warn")
    return html.Span("0 off", className="badge badge-good")


def _equation(equation: Equation, currency: str) -> Component:
    question = _QUESTIONS[equation.step]
    name, amount = equation.result.name, equation.result.amount
    lines = [(line.name, line.amount) for line in equation.lines]
    head = html.Div(html.H3([f"{question} ", _off(equation, currency)]), className="card-head")
    table = sum_table(question, lines, (name, amount), currency)
    return html.Section([head, table, _what_to_do(equation, currency)], className="card")


def _off(equation: Equation, currency: str) -> Component:
    if equation.off:
        return html.Span(f"{exact(equation.off)} {currency} off", className="badge badge-bad")
    words = "0 off" if not equation.information else "0 off, for information"
    return html.Span(words, className="badge badge-good")


_WHEN_OFF = {
    Step.STATEMENTS: (
        "The statement is not the sum of the charges it rests on. Apply the policy again, or run a source, to draw the"
        " draft anew; a statement that is issued has to be withdrawn first."
    ),
    Step.PREPAYMENTS: "Two sums over the same charges differ. This must not happen: please report it.",
    Step.INVOICES: "A charge or an invoice is in no line. This must not happen: please report it.",
}


def _what_to_do(equation: Equation, currency: str) -> Component:
    told: list[Component] = []
    if equation.off:
        words = f" {exact(equation.off)} {currency} are missing from the lines. {_WHEN_OFF[equation.step]}"
        told.append(html.Li([html.Strong("Off:"), words]))
    told += [_advice(line) for line in equation.lines if line.advice]
    if equation.information:
        told.append(html.Li("Teams pay for a commitment when it is billed, so this sum is not part of the journal."))
    return html.Ul(told, className="quiet told") if told else html.Div()


def _advice(line: NamedLine) -> Component:
    return html.Li([html.Strong(f"{line.name}:"), f" {line.advice}"])


def _adjustments(each: CurrencyReconciliation) -> Component:
    if not each.adjustments:
        return html.Div()
    question = "What does the statement correct of closed months?"
    lines = [(f"{one.billing_period_start:%Y-%m}", one.amount) for one in each.adjustments]
    table = sum_table(question, lines, ("Adjustments", each.adjusted), each.billing_currency)
    note = "Charged on top of the month's own cost, so no part of the sums above."
    return html.Section([html.Div(html.H3(question), className="card-head"), html.P(note, className="quiet"), table],
                        className="card")  # fmt: skip


def _prepayments(report: PeriodReconciliation, each: CurrencyReconciliation) -> Component:
    if not each.prepayments and not each.rows_without_value:
        return html.Div()
    notes = _notes(each)
    columns = [
        Column("commitment", "Commitment", pinned=True, width=260),
        Column("opening", "Balance before", Kind.MONEY, hint="Bought less amortised in all earlier months on record"),
        Column("bought", "Bought", Kind.MONEY),
        Column("amortised", "Amortised", Kind.MONEY, hint="Effective cost of what it covered, and of what went unused"),
        Column("adjusted", "Adjusted", Kind.MONEY, hint="Corrections of closed months"),
        Column("closing", "Balance after", Kind.EXACT),
    ]
    rows: list[Row] = [
        {
            "commitment": one.commitment_discount_name or one.commitment_discount_id,
            "opening": money(one.opening),
            "bought": money(one.bought),
            "amortised": money(one.amortised),
            "adjusted": money(one.adjusted),
            "closing": money(one.closing),
        }
        for one in each.prepayments
    ]
    question = f"What is prepaid after {report.period.label}, in {each.billing_currency}?"
    head = html.Div(html.H3(question), className="card-head")
    table = money_table(f"prepayments-{each.billing_currency}", question, columns, rows) if rows else html.Div()
    return html.Section([head, table, *notes], className="card flush")


def _notes(each: CurrencyReconciliation) -> Sequence[Component]:
    early = [one.commitment_discount_name or one.commitment_discount_id
             for one in each.prepayments if one.bought_before_records]  # fmt: skip
    notes = []
    if early:
        notes.append(
            f"Below zero, because bought before the first bill on record: {', '.join(early)}. Book the opening balance"
            " once from your own ledger, or take in the bill of the month in which it was bought."
        )
    if each.rows_without_value:
        notes.append(
            f"{each.rows_without_value:,} rows of the bills have no billed or no effective cost; they count 0."
        )
    return [html.P(note, className="quiet") for note in notes]
