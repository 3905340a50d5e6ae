"""The shapes of answers about GPUs that are not a report's own."""

from datetime import date, datetime

from pydantic import BaseModel

from app.api.schemas import Amount, Texts
from app.domain.charge import Axis
from app.reports.gpu_boards import BoardRow
from app.reports.gpu_query import FactGranularity
from app.reports.gpu_waste import WasteReconciliation

Measured = dict[str, str | float | int | None]


class WasteMeta(BaseModel):
    """The question about GPU waste that was answered; `end` is exclusive."""

    start: date
    end: date
    axis: Axis
    group_by: list[str]


class WasteBlockOut(BaseModel):
    """Paid board-minutes in one currency; all but `rows` is of the whole answer, not of the page.

    A row has one key per dimension of `group_by`, then `gpu_hours`, `board_minutes`, `amount`, `waste`,
    `recoverable_capacity`, `recoverable_bill` and `confidence`.
    """

    currency: str
    total: Amount
    waste: Amount
    gpu_hours: Amount
    recoverable_capacity: Amount
    recoverable_bill: Amount
    confidence: str | None
    reconciliation: WasteReconciliation | None
    rows: list[Texts]


class Waste(BaseModel):
    """GPU waste, one block per currency; `next` is the cursor of the next page, if there is one."""

    meta: WasteMeta
    blocks: list[WasteBlockOut]
    next: str | None


class UtilizationMeta(BaseModel):
    """The question about utilisation that was answered; `end` is exclusive."""

    start: date
    end: date
    granularity: FactGranularity
    group_by: list[str]


class Utilization(BaseModel):
    """Telemetry. A row has `period_start`, one key per dimension of `group_by`, and the measures as numbers."""

    meta: UtilizationMeta
    rows: list[Measured]
    next: str | None


class Boards(BaseModel):
    """Boards, by node and UUID."""

    boards: list[BoardRow]
    next: str | None


class HeatRowOut(BaseModel):
    """A row of a heat map: a board, or `boards` boards of one node or several, from `first` to `last` by UUID."""

    label: str
    node: str | None
    boards: int
    first: str
    last: str


class Heat(BaseModel):
    """A heat map: `values[row][column]` is the mean of `measure`, null where nothing was observed."""

    start: datetime
    end: datetime
    measure: str
    hours_per_column: int
    boards: int
    columns: list[datetime]
    rows: list[HeatRowOut]
    values: list[list[float | None]]
    coverage: list[list[float]]
