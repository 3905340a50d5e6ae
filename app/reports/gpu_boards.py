"""Each board: where it is, what became of its paid hours, what it cost and who had it last."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from sqlalchemy.orm import Session

from app.db.queries.gpu_boards import KnownBoard, LastSeen, known_boards, last_seen
from app.domain.charge import Axis
from app.domain.gpu.states import STATES, WasteState
from app.domain.money import ZERO, total
from app.domain.viewer import Viewer
from app.errors import BadInput
from app.reports.gpu_query import WasteQuestion
from app.reports.gpu_waste import WasteRow, gpu_hours, gpu_waste
from app.reports.visibility import visible_teams


@dataclass(frozen=True)
class StateShare:
    """How long a board was in a state, and what that cost."""

    state: WasteState
    gpu_hours: Decimal
    amount: Decimal


@dataclass(frozen=True)
class BoardRow:
    """A board in a span; `currency` is None, and nothing is paid, where telemetry knows it and no bill does."""

    gpu_uuid: str
    node: str | None
    model: str | None
    fb_total_mib: float | None
    currency: str | None
    gpu_hours: Decimal
    amount: Decimal
    waste: Decimal
    recoverable_capacity: Decimal
    recoverable_bill: Decimal
    states: tuple[StateShare, ...]
    last_seen_at: datetime | None
    last_owner: str | None
    last_owned_at: datetime | None

    def hours_in(self, state: WasteState) -> Decimal:
        """GPU-hours in a state."""
        return total(each.gpu_hours for each in self.states if each.state is state)


def gpu_boards(session: Session, viewer: Viewer, question: WasteQuestion) -> tuple[BoardRow, ...]:
    """The boards that have paid minutes or telemetry in the days asked for, by node and UUID, one row per currency.

    Of `question` the days and the filters count. Behind a filter, and for a viewer limited to teams, those alone
    that have paid minutes which pass it.
    """
    if question.axis is not Axis.CHARGE:
        raise BadInput("Boards are listed by days: give start and end instead of a billing period.")
    visible = visible_teams(session, viewer)
    last = last_seen(session, question.start, question.end, visible=visible)
    report = gpu_waste(session, viewer, replace(question, group_by=("board", "state")))
    found: list[tuple[str, str | None, list[WasteRow]]] = [
        (gpu_uuid, block.currency, list(rows))
        for block in report.blocks
        for gpu_uuid, rows in groupby(block.rows, key=lambda row: row.keys[0])
        if gpu_uuid is not None
    ]
    if not question.filters and visible is None:
        paid = {gpu_uuid for gpu_uuid, _, _ in found}
        found += [(gpu_uuid, None, []) for gpu_uuid in last if gpu_uuid not in paid]
    known = {each.gpu_uuid: each for each in known_boards(session, {gpu_uuid for gpu_uuid, _, _ in found})}
    boards = [_board(known[gpu_uuid], currency, rows, last) for gpu_uuid, currency, rows in found]
    return tuple(sorted(boards, key=lambda each: (each.node is None, each.node, each.gpu_uuid, each.currency or "")))


def _board(board: KnownBoard, currency: str | None, rows: Iterable[WasteRow], last: Mapping[str, LastSeen]) -> BoardRow:
    rows = sorted(rows, key=lambda row: STATES.index(WasteState(row.keys[1] or "")))
    seen = last.get(board.gpu_uuid)
    return BoardRow(
        gpu_uuid=board.gpu_uuid,
        node=board.node,
        model=board.model,
        fb_total_mib=board.fb_total_mib,
        currency=currency,
        gpu_hours=gpu_hours(total(row.board_minutes for row in rows)) if rows else ZERO,
        amount=total(row.amount for row in rows),
        waste=total(row.waste for row in rows),
        recoverable_capacity=total(row.recoverable_capacity for row in rows),
        recoverable_bill=total(row.recoverable_bill for row in rows),
        states=tuple(StateShare(WasteState(row.keys[1] or ""), row.gpu_hours, row.amount) for row in rows),
        last_seen_at=seen.seen_at if seen else None,
        last_owner=seen.owner if seen else None,
        last_owned_at=seen.owned_at if seen else None,
    )
