"""Closing a billing period: what may speak against it, and what has moved since its statement was issued."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from app.domain.money import EXACT, ZERO, plain
from app.domain.statement import StatementLine
from app.errors import Conflict


class Against(StrEnum):
    """Why a billing period should not be closed."""

    PERIOD_NOT_OVER = "period_not_over"
    EARLIER_PERIOD_OPEN = "earlier_period_open"
    SOURCE_OVERDUE = "source_overdue"
    SOURCE_RUN_FAILED = "source_run_failed"
    SOURCE_DELIVERED_NOTHING = "source_delivered_nothing"
    DELIVERY_REFUSED = "delivery_refused"
    RESTS_ON_ESTIMATE = "rests_on_estimate"
    INVOICE_DOES_NOT_RECONCILE = "invoice_does_not_reconcile"
    INVOICE_OPEN = "invoice_open"
    INVOICE_WITHOUT_CHARGES = "invoice_without_charges"
    INVOICE_MISSING = "invoice_missing"
    UNALLOCATED = "unallocated"
    ROWS_WITHOUT_VALUE = "rows_without_value"
    RATE_MISSING = "rate_missing"


@dataclass(frozen=True)
class Blocker:
    """Something that speaks against closing: what it is, with its figures, and what to do about it."""

    code: Against
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"


class CannotClose(Conflict):
    """A period that something speaks against closing, with all of it."""

    def __init__(self, period: date, blockers: Sequence[Blocker]) -> None:
        self.blockers = tuple(blockers)
        count = "a reason" if len(blockers) == 1 else f"{len(blockers)} reasons"
        listed = "\n".join(f"  - {blocker}" for blocker in blockers)
        super().__init__(
            f"{period:%Y-%m} cannot be closed, for {count}; nothing was changed:\n{listed}\n"
            "Whoever closes it all the same has to say why (override)."
        )


@dataclass(frozen=True)
class Moved:
    """What a team owes by an issued statement and by the draft; no team means unallocated."""

    billing_currency: str
    team_id: str | None
    issued: Decimal
    draft: Decimal

    def __str__(self) -> str:
        change = plain(EXACT.subtract(self.draft, self.issued))
        return (
            f"{self.team_id or 'unallocated'}: {plain(self.issued)} → {plain(self.draft)} {self.billing_currency}"
            + (f" ({change})" if change.startswith("-") else f" (+{change})")
        )


class HasMoved(Conflict):
    """An issued statement that the figures have moved away from, with what moved by team."""

    def __init__(self, period: date, moves: Sequence[Moved]) -> None:
        self.moves = tuple(moves)
        told = "; ".join(map(str, moves)) or "no team's amount, but what it is made of"
        super().__init__(
            f"The statement of {period:%Y-%m} has moved since it was issued: {told}. Issue it again"
            f" (`trueup chargeback issue {period:%Y-%m}`), then close it."
        )


def moves(issued: Iterable[StatementLine], draft: Iterable[StatementLine]) -> tuple[Moved, ...]:
    """What each team owes more or less by `draft` than by `issued`, the largest change first."""
    before, after = _owed(issued), _owed(draft)
    found = (Moved(*owner, before.get(owner, ZERO), after.get(owner, ZERO)) for owner in {**before, **after})
    moved = (each for each in found if each.issued != each.draft)
    return tuple(sorted(moved, key=lambda each: (-abs(each.draft - each.issued), each.team_id or "", str(each))))


def _owed(lines: Iterable[StatementLine]) -> dict[tuple[str, str | None], Decimal]:
    owed: defaultdict[tuple[str, str | None], Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        owner = (line.key.billing_currency, line.key.team_id)
        owed[owner] = EXACT.add(owed[owner], line.amount)
    return dict(owed)
