"""The reconciliation of a billing period as a table."""

from app.domain.period_equations import Equation
from app.domain.prepayments import Prepayment
from app.exports.table import Cell, Table, amounts, texts
from app.reports.period_reconciliation import PeriodReconciliation


def period_reconciliation_table(report: PeriodReconciliation) -> Table:
    """One line for each line of the three sums, its result and what it is off; then adjustments and prepayments.

    Within a sum, the lines before `result` add up to it, less what is `off`. Prepayments are their own sum: opening,
    bought, amortised and adjusted add up to closing.
    """
    columns = (*texts("billing_currency", "sum", "item", "name"), *amounts("amount"), *texts("what_to_do"))
    rows: list[tuple[Cell, ...]] = []
    for each in report.currencies:
        lines = [line for equation in each.equations for line in _equation(equation)]
        lines += [
            ("adjustments", f"{adjusted.billing_period_start:%Y-%m}", "Of a closed period", adjusted.amount, None)
            for adjusted in each.adjustments
        ]
        lines += [line for paid in each.prepayments for line in _prepayment(paid)]
        rows += [(each.billing_currency, *line) for line in lines]
    return Table(f"reconciliation {report.period.label} {report.statement.state}", columns, rows)


def _equation(equation: Equation) -> list[tuple[Cell, ...]]:
    step = f"{equation.step.value} (information)" if equation.information else equation.step.value
    return [
        *((step, line.item.value, line.name, line.amount, line.advice or None) for line in equation.lines),
        (step, "result", equation.result.name, equation.result.amount, None),
        (step, "off", "Off", equation.off, None),
    ]


def _prepayment(paid: Prepayment) -> list[tuple[Cell, ...]]:
    name = paid.commitment_discount_name or paid.commitment_discount_id
    parts = {
        "opening": paid.opening,
        "bought": paid.bought,
        "amortised": paid.amortised.copy_negate(),
        "adjusted": paid.adjusted,
        "closing": paid.closing,
    }
    step = f"prepayment {paid.commitment_discount_id}"
    return [(step, part, name, amount, None) for part, amount in parts.items()]
