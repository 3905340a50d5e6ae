"""The shapes of answers that are not a report's own.

Reports are frozen dataclasses, and OpenAPI describes them as they are. Here is what a route composes itself.
"""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from app.domain.charge import Axis, Metric
from app.domain.driver import KnownDriver
from app.domain.posted_quantity import PostedLoad
from app.domain.source_status import SourceStatus
from app.domain.statement import CostType, StatementState
from app.domain.viewer import Scope
from app.reports.audit import AuditLine
from app.reports.closing import KeptFile
from app.reports.cost_query import Granularity
from app.reports.deliveries import DeliveryRow
from app.reports.drivers import DriverTotal
from app.reports.fx import RateRow
from app.reports.invoices import InvoiceRow
from app.reports.loads import LoadRow
from app.reports.restatements import Restatement
from app.reports.teams import TeamNode

Amount = str
Texts = dict[str, str | None]


class Meta(BaseModel):
    """The question that was answered; `end` is exclusive, `group_by` reads as the caller wrote it."""

    metric: Metric
    axis: Axis
    start: date
    end: date
    granularity: Granularity
    group_by: list[str]


class Block(BaseModel):
    """The costs in one currency. `total` and `rows_without_value` are of the whole answer, not of the page.

    A row has `period_start`, one key per dimension of `group_by`, and `amount`. With `shape=columns`, `rows` is one
    list per such key instead.
    """

    currency: str
    total: Amount
    rows_without_value: int
    rows: list[Texts] | dict[str, list[str | None]]


class Costs(BaseModel):
    """Costs, one block per currency; `next` is the cursor of the next page, if there is one."""

    meta: Meta
    blocks: list[Block]
    next: str | None


class DriverNames(BaseModel):
    """The drivers there are, by name, unit and source."""

    drivers: list[KnownDriver]


class DriverMeta(BaseModel):
    """The question about a driver that was answered; `end` is exclusive."""

    name: str
    start: date
    end: date
    granularity: Granularity
    group_by: list[str]


class Drivers(BaseModel):
    """Quantities of a driver. `totals` are of the whole answer, one for each unit; `next` is the next page's cursor.

    A row has `period_start`, one key per dimension of `group_by`, `unit` and `quantity`.
    """

    meta: DriverMeta
    totals: list[DriverTotal]
    rows: list[Texts]
    next: str | None


class QuantityIn(BaseModel):
    """How much of something there was on a UTC day.

    `key` is the poster's own: posted again under it, a quantity replaces the one before, and null takes it back.
    """

    model_config = ConfigDict(extra="forbid")

    source: str = Field(description="A source of kind drivers; a new name adds one", examples=["checkout"])
    key: str = Field(description="What tells the quantity apart within its source", examples=["2026-03-05/search"])
    day: date
    name: str = Field(examples=["requests"])
    unit: str = Field(examples=["requests"])
    quantity: StrictStr | StrictInt | None = Field(description="A whole number, or any number as text; or null")
    service_provider_name: str | None = None
    dimensions: dict[str, str | None] = Field(default_factory=dict, examples=[{"team": "search", "model": "gpt-5"}])


class QuantitiesTaken(BaseModel):
    """What became of the quantities of a post, and the loads that it made."""

    new: int
    replaced: int
    unchanged: int
    removed: int
    loads: list[PostedLoad]


class CurrencyTotal(BaseModel):
    """A total in one currency."""

    currency: str
    amount: Amount


class LineItems(BaseModel):
    """Line items of the bill; `totals` and `total_rows` are of the whole answer, not of the page."""

    meta: Meta
    total_rows: int
    totals: list[CurrencyTotal]
    items: list[dict[str, str | int | None]]
    next: str | None


class BillingPeriods(BaseModel):
    """The billing months that have figures, newest first, as YYYY-MM, and the state of each one's statement."""

    periods: list[str]
    states: dict[str, StatementState | None]


class Closing(BaseModel):
    """How a billing month is closed; with a reason, whatever speaks against it."""

    model_config = ConfigDict(extra="forbid")

    override_reason: str | None = None


class KeptFiles(BaseModel):
    """The files that a billing month was closed with, by name."""

    files: list[KeptFile]


class Teams(BaseModel):
    """The teams of the policy in force."""

    teams: list[TeamNode]


class Sources(BaseModel):
    """Every source, by name."""

    sources: list[SourceStatus]


class Loads(BaseModel):
    """Loads, newest first."""

    loads: list[LoadRow]
    next: str | None


class Restatements(BaseModel):
    """What loads that replaced others changed, by billing period, newest first."""

    restatements: list[Restatement]


class Deliveries(BaseModel):
    """Deliveries, newest first."""

    deliveries: list[DeliveryRow]
    next: str | None


class Invoices(BaseModel):
    """Invoices, newest first."""

    invoices: list[InvoiceRow]
    next: str | None


class InvoiceIn(BaseModel):
    """What an invoice comes to, with tax. Without `invoice_id`, the total of a billing account."""

    model_config = ConfigDict(extra="forbid")

    invoice_id: str | None = None
    invoice_issuer_name: str
    billing_account_id: str
    billing_period_start: str = Field(description="YYYY-MM or YYYY-MM-DD", examples=["2026-03"])
    billing_currency: str = Field(description="ISO 4217", examples=["USD"])
    amount: str = Field(description="A number as text", examples=["1234.56"])
    status: str | None = Field(None, description="Open, Issued (the default) or Voided")


class InvoicesImported(BaseModel):
    """How many totals an import held, and what became of them."""

    totals: int
    new: int
    corrected: int
    withdrawn: int
    unchanged: int


class Rates(BaseModel):
    """Rates between currencies, those imported last first."""

    rates: list[RateRow]
    next: str | None


class RateIn(BaseModel):
    """What one unit of a currency is worth in another on a day."""

    model_config = ConfigDict(extra="forbid")

    day: str = Field(description="YYYY-MM-DD, or YYYY-MM for the average of a month", examples=["2026-03-31"])
    base_currency: str = Field(description="ISO 4217", examples=["EUR"])
    quote_currency: str = Field(description="ISO 4217", examples=["USD"])
    rate: str = Field(description="A number as text", examples=["1.0811"])


class RatesImported(BaseModel):
    """How many rates an import held, and what became of them."""

    rates: int
    new: int
    corrected: int
    unchanged: int


class BudgetIn(BaseModel):
    """What a team, with every team below it, means to owe for a billing period."""

    model_config = ConfigDict(extra="forbid")

    team_id: str
    period: str = Field(description="YYYY-MM", examples=["2026-03"])
    currency: str = Field(description="ISO 4217", examples=["USD"])
    amount: str = Field(description="A number as text", examples=["10000"])
    thresholds: str | None = Field(None, description="Percentages of the amount; 50,80,100 when left out")


class BudgetsSet(BaseModel):
    """How many budgets were given, and what became of them."""

    budgets: int
    new: int
    changed: int
    unchanged: int


class CommentIn(BaseModel):
    """A comment on a team's statement or, with a cost type, on the line with that pool and service.

    Without a team it is on what nobody owes. What is left out of a line's key is what the line has none of.
    """

    model_config = ConfigDict(extra="forbid")

    team: str | None = Field(description="A team's id; null for unallocated cost")
    currency: str = Field(description="ISO 4217", examples=["USD"])
    cost_type: CostType | None = None
    pool: str | None = None
    service_name: str | None = None
    text: str = Field(description="Plain text, at most 2,000 characters")


class CommentKept(BaseModel):
    """A comment as it was kept."""

    id: int
    author: str
    written_at: datetime
    text: str


class PolicyMove(BaseModel):
    """What a team owes for a billing month before and after a policy; `team` null is the unallocated cost."""

    period: str
    currency: str
    team: str | None
    name: str
    before: Amount
    after: Amount
    change: Amount


class Moves(BaseModel):
    """What a policy would move: by month and currency, largest change first. The changes of each add up to 0."""

    moves: list[PolicyMove]


class TeamsImported(BaseModel):
    """What taking in teams changed, by their ids, and moved; `version` null: nothing was put in force."""

    version: int | None
    added: list[str]
    changed: list[str]
    removed: list[str]
    moves: list[PolicyMove]


class Audit(BaseModel):
    """Changes, newest first."""

    entries: list[AuditLine]
    next: str | None


class WhoAmI(BaseModel):
    """Who is asking: what it may do, and the roots of the subtrees it may see (null: everything)."""

    name: str
    scopes: list[Scope]
    teams: list[str] | None


class KeyShown(BaseModel):
    """A key as everybody but its holder knows it."""

    prefix: str
    name: str
    scopes: list[Scope]
    teams: list[str] | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class Keys(BaseModel):
    """Every key, newest first."""

    keys: list[KeyShown]


class KeyWanted(BaseModel):
    """A key to make."""

    name: str = Field(min_length=1, max_length=200)
    scopes: list[Scope] = Field(min_length=1)
    teams: list[str] | None = None
    days: int = Field(365, ge=1, le=3650)


class KeyMade(BaseModel):
    """A new key. `text` is the key itself and is shown this once."""

    key: KeyShown
    text: str


class Health(BaseModel):
    """Whether the process is up, or ready to answer."""

    status: Literal["live", "ready"]
