"""A sum as accountants write it: a line for each part, a rule, the result; every digit, points in line."""

from collections.abc import Sequence
from decimal import Decimal

from dash import html
from dash.development.base_component import Component

from frontend.amounts import exact
from frontend.components.attributes import digits, labelled

_CENTS = 2
Part = tuple[str, Decimal]


def exact_amount(amount: Decimal) -> Component:
    """Every digit of an amount, those after the cents in grey and in a column of their own."""
    whole, _, fraction = exact(amount).partition(".")
    cents, further = fraction[:_CENTS].ljust(_CENTS, "0"), fraction[_CENTS:]
    parts = [html.Span(f"{whole}.{cents}"), html.Span(further, className="exact-further")]
    return html.Span(parts, className="exact", title=exact(amount), **digits(amount))


def sum_table(
    label: str, lines: Sequence[tuple[str, Decimal]], result: tuple[str, Decimal], currency: str
) -> Component:
    """`lines` and what they come to."""
    head = html.Tr([html.Th("", scope="col"), html.Th(currency, scope="col", className="number")])
    total = html.Tr(_cells(*result), className="result")
    body = [html.Tr(_cells(name, amount)) for name, amount in lines]
    table = html.Table([html.Thead(head), html.Tbody([*body, total])], className="plain sum")
    return html.Div(table, className="wide", role="region", **labelled(label))


def _cells(name: str, amount: Decimal) -> list[Component]:
    return [html.Th(name, scope="row"), html.Td(exact_amount(amount), className="number")]
