"""One figure on a card, to the cent, with every digit in its tooltip."""

from decimal import Decimal

from dash import html
from dash.development.base_component import Component

from frontend.amounts import exact, readable
from frontend.components.attributes import digits


def kpi(label: str, amount: Decimal | None, currency: str, *notes: str | Component) -> Component:
    """An amount with what puts it in proportion."""
    value = html.Span(readable(amount), className="kpi-value", title=f"{exact(amount)} {currency}", **digits(amount))
    return _card(label, [value, html.Span(currency, className="currency")], notes)


def kpi_text(label: str, text: str, *notes: str | Component) -> Component:
    """A figure that is no amount."""
    return _card(label, [html.Span(text, className="kpi-value")], notes)


def total_line(label: str, amount: Decimal, currency: str, *notes: str | Component) -> Component:
    """The total of a block, to the last digit; its id lets a reader (and a test) find it."""
    whole = html.Span(exact(amount), id=f"total-{currency}", className="total-value", **digits(amount))
    parts = [html.Span(label, className="total-label"), whole, html.Span(currency, className="currency")]
    return html.P([*parts, *(html.Span(note, className="note") for note in notes)], className="total")


def _card(label: str, value: list[Component], notes: tuple[str | Component, ...]) -> Component:
    lines = [html.Div(note, className="kpi-note") for note in notes]
    return html.Div(
        [html.Div(label, className="kpi-label"), html.Div(value, className="kpi-line"), *lines], className="card kpi"
    )
