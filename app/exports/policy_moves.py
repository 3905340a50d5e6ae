"""What a policy would move, as a table."""

from collections.abc import Iterable

from app.exports.table import Table, amounts, texts
from app.reports.policy_preview import Move


def moves_table(moves: Iterable[Move]) -> Table:
    """A line for each billing period, currency and team, those that nothing moves for among them."""
    return Table(
        "policy-preview",
        (*texts("billing_period", "currency", "team_id", "team"), *amounts("before", "after", "change")),
        [
            (move.period.label, move.currency, move.team_id, move.name, move.before, move.after, move.change)
            for move in moves
        ],
    )
