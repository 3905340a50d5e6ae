"""What a gateway estimated beside what was billed, and whose the invoice is, as tables."""

from app.domain.gateway_variance import LINES, MATCHES, ModelVariance
from app.domain.gateway_vendors import WHY_NOT, VendorVariance
from app.exports.table import Cell, Column, Kind, Table, amounts, texts
from app.reports.gateway import GatewayAllocation, GatewayVariance


def variance_table(report: GatewayVariance) -> Table:
    """The variance, one line per vendor, model and day; after them, estimates that stand beside no bill."""
    columns = (
        *texts("service_provider_name", "model", "gateway_models", "match"),
        Column("day", Kind.DAY),
        *texts("billing_currency"),
        *amounts("logged_tokens", "billed_tokens", "estimate", "billed", "variance", *LINES),
    )
    rows = [row for vendor in report.vendors for model in vendor.models for row in _rows(vendor, model)]
    for each in report.not_compared:
        reason: tuple[Cell, ...] = (each.service_provider_name, None, None, WHY_NOT[each.why], None, each.unit)
        rows.append((*reason, None, None, each.estimate, None, None, *[None] * len(LINES)))
    return Table(f"gateway variance {report.period.label}", columns, rows)


def _rows(vendor: VendorVariance, model: ModelVariance) -> list[tuple[Cell, ...]]:
    name = (vendor.service_provider_name, model.model, " ".join(model.gateway_models) or None, MATCHES[model.match])
    return [
        (
            *name,
            day.day,
            vendor.billing_currency,
            day.amounts.logged_tokens,
            day.amounts.billed_tokens,
            day.amounts.estimate,
            day.amounts.billed,
            day.amounts.variance,
            *(getattr(day.amounts.lines, line) for line in LINES),
        )
        for day in model.days
    ]


def allocation_table(report: GatewayAllocation) -> Table:
    """The vendors' invoices, one line per team, key and model; an invoice that nobody answers for is one line."""
    columns = (
        *texts("service_provider_name", "billing_currency", "team", "api_key", "model", "unit"),
        *amounts("gateway_spend", "amount"),
    )
    rows: list[tuple[Cell, ...]] = []
    for invoice in report.invoices:
        whose = (invoice.service_provider_name, invoice.billing_currency)
        rows += [
            (*whose, line.team, line.api_key, line.model, invoice.unit, line.gateway_spend, line.amount)
            for line in invoice.lines
        ]
        if not invoice.lines:
            rows.append((*whose, None, None, None, None, None, invoice.billed))
    return Table(f"gateway allocation {report.period.label}", columns, rows)
