"""GPU waste: where every paid board-minute went, by any dimension, and whether it adds up to the bill."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from itertools import groupby
from operator import attrgetter

from sqlalchemy.orm import Session

from app.db.queries.gpu_waste import CONFIDENCES, WasteSum, gpu_part_of_bill, waste_sums
from app.domain.money import EXACT, ZERO, total
from app.domain.viewer import Viewer
from app.errors import BadInput
from app.reports.costs import MOST_ROWS
from app.reports.gpu_query import WasteQuestion
from app.reports.visibility import visible_teams

_HOURS = Context(prec=60, rounding=ROUND_HALF_EVEN)
_MICRO_HOUR = Decimal("0.000001")


@dataclass(frozen=True)
class WasteRow:
    """Paid board-minutes of a combination of the dimensions asked for, their cost, and what of it is waste.

    `gpu_hours` is `board_minutes` ÷ 60 to six decimals; minutes and amounts are exact.
    """

    keys: tuple[str | None, ...]
    gpu_hours: Decimal
    board_minutes: Decimal
    amount: Decimal
    waste: Decimal
    recoverable_capacity: Decimal
    recoverable_bill: Decimal
    confidence: str | None


@dataclass(frozen=True)
class WasteReconciliation:
    """All states beside the GPU part of the bill; `difference` is the former less the latter, and 0 when they tie.

    What a catalogue priced, for want of a bill, is apart: no bill has it.
    """

    states: Decimal
    bill: Decimal
    difference: Decimal
    catalogue: Decimal

    @property
    def ties(self) -> bool:
        """Whether the states add up to the bill."""
        return not self.difference


@dataclass(frozen=True)
class WasteBlock:
    """Paid board-minutes in one currency. `waste` is the part of `total` in a state that is waste.

    `reconciliation` is None where the rows are not everything: for a viewer limited to teams, or behind a filter.
    """

    currency: str
    total: Decimal
    waste: Decimal
    gpu_hours: Decimal
    recoverable_capacity: Decimal
    recoverable_bill: Decimal
    confidence: str | None
    reconciliation: WasteReconciliation | None
    rows: tuple[WasteRow, ...]


@dataclass(frozen=True)
class WasteReport:
    """The answer to a question about GPU waste, one block per currency: currencies are never added up."""

    question: WasteQuestion
    blocks: tuple[WasteBlock, ...]


def gpu_waste(session: Session, viewer: Viewer, question: WasteQuestion) -> WasteReport:
    """The paid board-minutes that `question` asks for and `viewer` may see. Raises BadInput for too long an answer."""
    visible = visible_teams(session, viewer)
    sums = waste_sums(session, question, visible=visible, limit=MOST_ROWS + 1)
    if len(sums) > MOST_ROWS:
        raise BadInput(
            f"The answer has more than {MOST_ROWS:,} rows. Ask for fewer days or dimensions, or add a filter."
        )
    whole = visible is None and not question.filters
    bill = gpu_part_of_bill(session, question) if whole else None
    by_currency = {currency: list(found) for currency, found in groupby(sums, key=attrgetter("currency"))}
    currencies = sorted({*by_currency, *(bill or {})})
    return WasteReport(
        question, tuple(_block(currency, by_currency.get(currency, []), bill) for currency in currencies)
    )


def gpu_hours(board_minutes: Decimal) -> Decimal:
    """Board-minutes as GPU-hours, to six decimals."""
    return _HOURS.divide(board_minutes, Decimal(60)).quantize(_MICRO_HOUR, context=_HOURS)


def _block(currency: str, sums: list[WasteSum], bill: dict[str, Decimal] | None) -> WasteBlock:
    amount = total(each.effective_cost for each in sums)
    confidences = [each.confidence for each in sums if each.confidence]
    return WasteBlock(
        currency=currency,
        total=amount,
        waste=total(each.waste_cost for each in sums),
        gpu_hours=gpu_hours(total(each.board_minutes for each in sums)),
        recoverable_capacity=total(each.recoverable_capacity_cost for each in sums),
        recoverable_bill=total(each.recoverable_bill_cost for each in sums),
        confidence=max(confidences, key=CONFIDENCES.index, default=None),
        reconciliation=_reconciled(amount, sums, bill.get(currency, ZERO)) if bill is not None else None,
        rows=tuple(_row(each) for each in sums),
    )


def _reconciled(amount: Decimal, sums: list[WasteSum], bill: Decimal) -> WasteReconciliation:
    catalogue = total(each.catalogue_cost for each in sums)
    states = EXACT.subtract(amount, catalogue)
    return WasteReconciliation(states, bill, EXACT.subtract(states, bill), catalogue)


def _row(found: WasteSum) -> WasteRow:
    return WasteRow(
        keys=found.keys,
        gpu_hours=gpu_hours(found.board_minutes),
        board_minutes=found.board_minutes,
        amount=found.effective_cost,
        waste=found.waste_cost,
        recoverable_capacity=found.recoverable_capacity_cost,
        recoverable_bill=found.recoverable_bill_cost,
        confidence=found.confidence,
    )
