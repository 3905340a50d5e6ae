"""Statements, charges and invoices of a billing period, as a test wants them: with little said."""

from datetime import date
from decimal import Decimal
from typing import Any

from app.domain.charge import Metric
from app.domain.invoice import InvoiceTotal
from app.domain.period_facts import PeriodFacts
from app.domain.prepayments import ChargeSum
from app.domain.reconciliation import BilledSum, TiedLine, tied_lines
from app.domain.rounding import rounded
from app.domain.statement import CostType, LineKey, StatementLine

MARCH = date(2026, 3, 1)


def a_charge(billed: str, effective: str | None = None, **fields: Any) -> ChargeSum:
    """Usage of EC2 in dollars on invoice A of AWS; the effective cost is the billed unless said."""
    named: dict[str, Any] = {
        "billing_currency": "USD",
        "invoice_issuer_name": "AWS",
        "invoice_id": "A",
        "commitment_discount_id": None,
        "commitment_discount_name": None,
        "service_name": "EC2",
        "charge_category": "Usage",
    }
    amounts = (Decimal(billed), Decimal(billed if effective is None else effective))
    return ChargeSum(**{**named, **fields}, billed_cost=amounts[0], effective_cost=amounts[1])


def bought(billed: str, commitment: str = "plan-1", **fields: Any) -> ChargeSum:
    return a_charge(billed, "0", commitment_discount_id=commitment, charge_category="Purchase", **fields)


def covered(effective: str, commitment: str = "plan-1", **fields: Any) -> ChargeSum:
    return a_charge("0", effective, commitment_discount_id=commitment, **fields)


def a_line(
    amount: str, team: str | None = "search", cost_type: CostType = CostType.DIRECT, **key: Any
) -> StatementLine:
    named: dict[str, Any] = {
        "billing_currency": "USD",
        "invoice_issuer_name": "AWS",
        "invoice_id": "A",
        "pool_id": None,
        "service_provider_name": "AWS",
        "service_name": "EC2",
        "unit": None,
    }
    exact = Decimal(amount)
    return StatementLine(LineKey(team_id=team, cost_type=cost_type, **{**named, **key}), None, None, exact, exact, 1, 0)


def tied(charges: list[ChargeSum], *invoices: InvoiceTotal) -> tuple[TiedLine, ...]:
    """The reconciliation of `charges` with `invoices`."""
    return tied_lines(
        invoices,
        [
            BilledSum(
                each.invoice_id,
                each.invoice_issuer_name,
                "1000",
                MARCH,
                each.billing_currency,
                each.billed_cost,
                Decimal(0),
                1,
                0,
            )
            for each in charges
        ],
    )


def an_invoice(amount: str, number: str = "A", **fields: Any) -> InvoiceTotal:
    return InvoiceTotal(number, "AWS", "1000", MARCH, fields.pop("currency", "USD"), Decimal(amount), **fields)


def facts(lines: list[StatementLine], charges: list[ChargeSum], *invoices: InvoiceTotal, **more: Any) -> PeriodFacts:
    """What a statement of `lines`, which are rounded here, rests on."""
    metric = more.pop("metric", Metric.EFFECTIVE)
    return PeriodFacts(metric, rounded(lines), charges, tied(charges, *invoices), **more)
