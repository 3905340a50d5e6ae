"""A chargeback statement: what every team owes for a billing period, line by line."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class StatementState(StrEnum):
    """How far a statement has come. A draft follows the figures; what was issued or closed does not."""

    DRAFT = "draft"
    ISSUED = "issued"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"  # was issued, and another was issued in its place


class CostType(StrEnum):
    """What kind of cost a line is. Credits, refunds, tax and unused commitments are so also when a pool shares them."""

    DIRECT = "direct"
    SHARED = "shared"
    IDLE = "idle"
    UNUSED_COMMITMENT = "unused_commitment"
    CREDIT = "credit"
    REFUND = "refund"  # FOCUS: a charge of class Correction
    TAX = "tax"
    COMMITMENT_BENEFIT = "commitment_benefit"  # re-priced less as billed, where the policy pools it; sums to zero
    MARKUP = "markup"  # sums to zero: who keeps it is credited
    ADJUSTMENT = "adjustment"  # corrects a closed period


@dataclass(frozen=True)
class OwnedCost:
    """Charges of a billing period that have all of these in common, with the owner before sharing.

    `amount` is on the metric the statement is drawn on; a row without that cost counts as zero and in
    `rows_without_value`. `contracted_cost` and `effective_cost` are for what pools and commitment benefits go by.
    """

    billing_currency: str
    invoice_issuer_name: str | None
    invoice_id: str | None
    team_id: str | None
    pool_id: str | None
    cost_type: CostType  # of the charge itself: never shared, and no adjustment
    service_provider_name: str | None
    service_name: str | None
    pricing_category: str | None  # of usage; None for every other charge
    unit: str | None  # of `quantity`: what was consumed, or what was priced where the bill does not say
    amount: Decimal
    effective_cost: Decimal
    contracted_cost: Decimal
    quantity: Decimal | None
    row_count: int
    rows_without_value: int


Shares = Mapping[tuple[str, str], Mapping[str, int]]  # (currency, pool id) → team id → parts per trillion


@dataclass(frozen=True)
class LineKey:
    """What tells the lines of a statement apart. No team: unallocated."""

    billing_currency: str
    invoice_issuer_name: str | None
    invoice_id: str | None
    team_id: str | None
    cost_type: CostType
    pool_id: str | None
    service_provider_name: str | None
    service_name: str | None
    unit: str | None
    adjusts_period: date | None = None
    adjusts_cost_type: CostType | None = None


@dataclass(frozen=True)
class StatementLine:
    """What one team owes for one thing.

    `amount` is in whole minor units of the currency: the lines of an invoice are rounded by largest remainder, so that
    they add up to their exact sum, itself rounded half to even.
    """

    key: LineKey
    share: Decimal | None  # the team's part of the pool
    quantity: Decimal | None
    exact_amount: Decimal
    amount: Decimal
    row_count: int
    rows_without_value: int
    id: int | None = None  # in the database
    adjusts_line_id: int | None = None
    causes: Mapping[str, object] | None = None  # of an adjustment: loads and policy versions, before and after
