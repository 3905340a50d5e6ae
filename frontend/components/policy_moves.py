"""What a policy would move, by team, before it is applied."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from dash import html
from dash.development.base_component import Component

from app.domain.money import total
from app.domain.statement import StatementState
from app.reports.policy_preview import Move
from frontend.components.table import Column, Kind, Row, money, money_table


def moves_cards(moves: Sequence[Move], closed: Mapping[str, StatementState | None]) -> list[Component]:
    """A table for each billing month and currency, in the order of `moves`; the changes add up to zero."""
    blocks = groupby(moves, key=lambda move: (move.period.label, move.currency))
    return [_block(month, currency, list(block), closed.get(month)) for (month, currency), block in blocks]


def _block(month: str, currency: str, moves: Sequence[Move], state: StatementState | None) -> Component:
    question = f"What would move in {month}, in {currency}?"
    columns = [
        Column("team", "Team", pinned=True, width=200),
        Column("before", "Before", Kind.EXACT),
        Column("after", "After", Kind.EXACT),
        Column("change", "Change", Kind.EXACT),
    ]
    moving = [move for move in moves if move.change]
    if not moving:
        body = html.P("Nothing.", className="quiet")
        return html.Div([html.H4(question), body], className="part")
    table = money_table(f"moves-{month}-{currency}", question, columns, [_row(move) for move in moving],
                        totals=[_total(moves)])  # fmt: skip
    return html.Div([html.H4(question), html.P(_note(moves, state), className="quiet"), table], className="part")


def _note(moves: Sequence[Move], state: StatementState | None) -> str:
    still = sum(1 for move in moves if not move.change)
    words = f"{still} more stay as they are. " if still else ""
    match state:
        case StatementState.CLOSED:
            return f"{words}The month is closed: the change would be charged as adjustments in the next open month."
        case StatementState.ISSUED:
            return f"{words}The month is issued: it would have to be issued again."
        case _:
            return f"{words}The month is a draft, which would follow."


def _row(move: Move) -> Row:
    return {
        "team": move.name,
        "before": money(move.before),
        "after": money(move.after),
        "change": money(move.change),
    }


def _total(moves: Sequence[Move]) -> Row:
    return {
        "team": "Total",
        "before": money(total(move.before for move in moves)),
        "after": money(total(move.after for move in moves)),
        "change": money(total(move.change for move in moves)),
    }
