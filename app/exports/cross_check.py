"""Estimates beside the bills of the same accounts, as a table."""

from app.domain.cross_check import CheckedService, Compared
from app.exports.table import Cell, Table, amounts, texts
from app.reports.cross_check import CheckedAccount, CrossCheck

_COMPARED = ("bill", "estimate", "difference", "difference_percent")
_COSTS = ("billed_cost", "effective_cost")


def cross_check_table(report: CrossCheck) -> Table:
    """The cross-check, one line for each account, sub account, service and currency."""
    columns = (
        *texts("billing_account_id", "sub_account_id", "billing_currency", "match", "bill_service", "estimate_service"),
        *amounts(*(f"{cost}_{part}" for cost in _COSTS for part in _COMPARED)),
    )
    rows = [_row(account, line) for account in report.accounts for line in account.services]
    return Table(f"cross-check {report.period.label}", columns, rows)


def _row(account: CheckedAccount, line: CheckedService) -> tuple[Cell, ...]:
    return (
        account.billing_account_id,
        line.sub_account_id,
        line.billing_currency,
        line.match.value,
        "; ".join(line.bill_services) or None,
        "; ".join(line.estimate_services) or None,
        *_cells(line.billed_cost),
        *_cells(line.effective_cost),
    )


def _cells(compared: Compared) -> tuple[Cell, ...]:
    return (compared.bill, compared.estimate, compared.difference, compared.percent)
