"""Where paid GPU time went: the waterfall in money, the states beside it, and whether they add up to the bill."""

from decimal import Decimal

from dash import html
from dash.development.base_component import Component

from app.domain.gpu.states import STATES, WasteState
from app.domain.money import ZERO, percent
from app.reports.gpu_waste import WasteBlock, WasteReconciliation, WasteRow
from frontend.amounts import exact, readable
from frontend.components.attributes import labelled
from frontend.components.figure import chart_card, download, graph
from frontend.components.kpi import kpi, kpi_text
from frontend.components.table import Column, Kind, Row, money, money_table
from frontend.gpu_figures import waterfall
from frontend.gpu_view import GpuView
from frontend.gpu_words import STATE_WORDS, answering, sentence

COLUMNS = (
    Column("state", "State", pinned=True, width=170),
    Column("who", "Answers for it", width=180),
    Column("hours", "GPU-hours", Kind.MONEY, width=120),
    Column("amount", "Effective cost", Kind.MONEY, width=140),
    Column("share", "Of all", Kind.PERCENT, width=80),
    Column("capacity", "Recoverable capacity", Kind.MONEY, width=130, hint="Useful if work is waiting for GPUs"),
    Column(
        "bill", "Recoverable on the bill", Kind.MONEY, width=130, hint="Whole empty nodes that no commitment pays for"
    ),
    Column("meaning", "What it means"),
)


def waterfall_cards(block: WasteBlock, view: GpuView) -> list[Component]:
    """Figures, waterfall and table of one currency, of an answer by state."""
    currency = block.currency
    amounts = {WasteState(row.keys[0] or ""): row.amount for row in block.rows}
    figure = waterfall(amounts, currency=currency)
    files = [download(kind.upper(), view.api(f"waste.{kind}")) for kind in ("csv", "xlsx", "parquet")]
    label = f"Bars: paid GPU time in {currency}, state by state, down to what was productive; the table has the figures"
    chart = graph(figure, name=f"trueup-gpu-waste-{currency}", label=label, height=440)
    return [
        html.Div(_figures(block, amounts), className="kpis parts"),
        chart_card(f"Where did paid GPU time go, in {currency}?", chart, *files),
        identity(block.reconciliation, currency),
        html.Section(_states_table(block), className="card flush"),
    ]


def identity(found: WasteReconciliation | None, currency: str) -> Component:
    """Σ states = GPU part of the bill, or by how much not; what cannot be compared says why."""
    if found is None:
        words = (
            "Only part of the bill is shown here (a filter, or the teams you may see), so it is not compared with it."
        )
        return html.P(words, className="quiet")
    states, bill = exact(found.states), exact(found.bill)
    extra = f" Beside it, {readable(found.catalogue)} {currency} at catalogue prices, for nodes without a bill."
    catalogue = extra if found.catalogue else ""
    if found.ties:
        badge = html.Span("Ties", className="badge badge-good")
        words = f" Σ states {states} = GPU part of the bill {bill} {currency}, to the last digit.{catalogue}"
    else:
        badge = html.Span("Does not tie", className="badge badge-bad")
        apart = f"difference {exact(found.difference)} {currency}"
        words = f" Σ states {states}, GPU part of the bill {bill}: {apart}.{catalogue}"
    return html.P([badge, words], className="identity", role="status", **labelled("Reconciliation with the bill"))


def _figures(block: WasteBlock, amounts: dict[WasteState, Decimal]) -> list[Component]:
    productive, unknown = (amounts.get(state, ZERO) for state in (WasteState.PRODUCTIVE, WasteState.UNKNOWN))
    capacity = f"confidence {block.confidence}" if block.confidence else "nothing found"
    return [
        kpi("Paid GPU time", block.total, block.currency, f"{readable(block.gpu_hours)} GPU-hours"),
        kpi("Productive", productive, block.currency, _of(productive, block.total)),
        kpi("Waste", block.waste, block.currency, _of(block.waste, block.total)),
        kpi("Unknown", unknown, block.currency, f"{_of(unknown, block.total)}; never counted as idle"),
        kpi("Recoverable capacity", block.recoverable_capacity, block.currency, f"if work waits; {capacity}"),
        kpi("Recoverable on the bill", block.recoverable_bill, block.currency, "whole empty nodes, no commitment"),
    ]


def _of(part: Decimal, whole: Decimal) -> str:
    share = percent(part, whole)
    return "" if share is None else f"{share}% of it"


def _states_table(block: WasteBlock) -> Component:
    rows = {WasteState(row.keys[0] or ""): row for row in block.rows}
    shown = [_row(state, rows.get(state), block.total) for state in STATES]
    total: Row = {
        "state": "Total",
        "hours": money(block.gpu_hours),
        "amount": money(block.total),
        "capacity": money(block.recoverable_capacity),
        "bill": money(block.recoverable_bill),
    }
    return money_table(f"gpu-states-{block.currency}", "States of paid GPU time", COLUMNS, shown, totals=[total])


def _row(state: WasteState, row: WasteRow | None, whole: Decimal) -> Row:
    words = STATE_WORDS[state]
    amount = row.amount if row else ZERO
    return {
        "state": words.name,
        "who": sentence(answering(state)),
        "hours": money(row.gpu_hours if row else ZERO),
        "amount": money(amount),
        "share": money(percent(amount, whole)),
        "capacity": money(row.recoverable_capacity if row else ZERO),
        "bill": money(row.recoverable_bill if row else ZERO),
        "meaning": f"{sentence(words.meaning)}.{f' {sentence(words.remedy)}.' if words.remedy else ''}",
    }


def no_paid_time() -> Component:
    """What a figure says where no bill has GPU time in the days asked for."""
    return html.Div(kpi_text("Paid GPU time", "none in these days", "bills with GPUs make it"), className="kpis")
