"""The three sums of a billing period's reconciliation, each a list of named lines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.domain.money import EXACT, ZERO, total
from app.domain.prepayments import ChargeSum, Movement
from app.domain.reconciliation import Tie, TiedLine
from app.domain.statement import CostType, StatementLine


class Step(StrEnum):
    """The three sums, from what teams owe to what is paid."""

    STATEMENTS = "statements_to_charges"
    PREPAYMENTS = "effective_to_billed"
    INVOICES = "billed_to_invoiced"


class Item(StrEnum):
    """What a line of a sum is."""

    TEAMS = "teams"
    UNALLOCATED = "unallocated"
    COMMITMENT_BENEFIT = "commitment_benefit"
    MARKUP = "markup"
    STATEMENT_ROUNDING = "statement_rounding"
    EFFECTIVE_COST = "effective_cost"
    BOUGHT = "prepayments_bought"
    AMORTISED = "prepayments_amortised"
    OTHER_DIFFERENCE = "other_difference"
    BILLED_COST = "billed_cost"
    INVOICE_ROUNDING = "invoice_rounding_difference"
    INVOICE_DIFFERENCE = "invoice_difference"
    WITHOUT_CHARGES = "invoiced_without_charges"
    NOT_INVOICED = "billed_without_invoice"
    INVOICED = "invoiced"


@dataclass(frozen=True)
class NamedLine:
    """A line of a sum. With `advice`, it is one that somebody has to look at, and the advice says what to do."""

    item: Item
    name: str
    amount: Decimal
    advice: str = ""


@dataclass(frozen=True)
class Equation:
    """Lines that should add up to `result`; `off` is what is missing: the result less the sum of the lines.

    One that is `information` proves nothing about the statement: where it is drawn on billed cost, prepayments do not
    come between it and the invoices.
    """

    step: Step
    lines: tuple[NamedLine, ...]
    result: NamedLine
    off: Decimal
    information: bool = False


_APART = (CostType.COMMITMENT_BENEFIT, CostType.MARKUP)


def statements(lines: Sequence[StatementLine], result: NamedLine) -> Equation:
    """What teams owe and nobody owes against the cost of the charges, `result`. `lines` hold no adjustments."""
    owed = [line for line in lines if line.key.cost_type not in _APART]
    teams = [line for line in owed if line.key.team_id is not None]
    nobody = [line for line in owed if line.key.team_id is None]
    count = len({line.key.team_id for line in teams})
    rounded = total(line.amount for line in lines)
    return _equation(
        Step.STATEMENTS,
        [
            NamedLine(Item.TEAMS, f"Statements of {count} team{'' if count == 1 else 's'}", amount_of(teams)),
            NamedLine(Item.UNALLOCATED, "Unallocated", amount_of(nobody)),
            *_of_type(lines, CostType.COMMITMENT_BENEFIT, Item.COMMITMENT_BENEFIT, "Commitment benefit, re-priced"),
            *_of_type(lines, CostType.MARKUP, Item.MARKUP, "Markup"),
            NamedLine(
                Item.STATEMENT_ROUNDING,
                "Rounding of the statements",
                EXACT.subtract(total(line.exact_amount for line in lines), rounded),
            ),
        ],
        result,
    )


def _of_type(lines: Sequence[StatementLine], kind: CostType, item: Item, name: str) -> list[NamedLine]:
    """A line for cost that moves between teams and adds up to nothing, where there is any."""
    found = [line for line in lines if line.key.cost_type is kind]
    return [NamedLine(item, name, amount_of(found))] if found else []


def amount_of(lines: Iterable[StatementLine]) -> Decimal:
    """What `lines` charge: the sum of their rounded amounts."""
    return total(line.amount for line in lines)


def prepaid(effective: NamedLine, charges: Sequence[ChargeSum], billed: NamedLine, *, information: bool) -> Equation:
    """From the effective to the billed cost of the charges."""

    def moved(movement: Movement) -> Decimal:
        return total(each.difference for each in charges if each.movement is movement)

    return _equation(
        Step.PREPAYMENTS,
        [
            effective,
            NamedLine(Item.BOUGHT, "Prepayments bought", moved(Movement.BOUGHT)),
            NamedLine(Item.AMORTISED, "Prepayments amortised", moved(Movement.AMORTISED)),
            *(_other(service, category, amount) for (service, category), amount in other_differences(charges)),
        ],
        billed,
        information=information,
    )


def other_differences(charges: Iterable[ChargeSum]) -> list[tuple[tuple[str, str], Decimal]]:
    """Billed less effective of charges that belong to no prepayment, by service and charge category, in order."""
    sums: dict[tuple[str, str], Decimal] = {}
    for each in charges:
        if each.movement is Movement.OTHER:
            key = (each.service_name or "no service", each.charge_category or "no category")
            sums[key] = EXACT.add(sums.get(key, ZERO), each.difference)
    return sorted((key, amount) for key, amount in sums.items() if amount)


def _other(service: str, category: str, amount: Decimal) -> NamedLine:
    """Prepaid cost that names no commitment. It is in order when its two sides come to nothing over the months."""
    return NamedLine(
        Item.OTHER_DIFFERENCE,
        f"Billed otherwise than used: {service}, {category}",
        amount,
        "The bill charges it in another month than it counts as cost, and names no commitment for it. See its lines,"
        " and ask the vendor for CommitmentDiscountId if it is a commitment.",
    )


def invoiced(billed: NamedLine, invoices: Sequence[TiedLine]) -> Equation:
    """From the billed cost of the charges to the invoices, with a line for each that does not tie exactly."""
    result = NamedLine(Item.INVOICED, "Invoices", total(each.invoiced or ZERO for each in invoices))
    lines = [_invoice_line(each) for each in invoices if each.tie is not Tie.EXACT]
    return _equation(Step.INVOICES, [billed, *sorted(lines, key=lambda line: (line.item, line.name))], result)


_INVOICE_ITEMS = {
    Tie.WITHIN_TOLERANCE: (Item.INVOICE_ROUNDING, "Invoice rounding difference"),
    Tie.OPEN: (Item.INVOICE_DIFFERENCE, "Invoice still open"),
    Tie.DOES_NOT_RECONCILE: (Item.INVOICE_DIFFERENCE, "Invoice does not reconcile"),
    Tie.NO_CHARGES: (Item.WITHOUT_CHARGES, "Invoice without charges"),
    Tie.NO_INVOICE: (Item.NOT_INVOICED, "Not invoiced yet"),
}


def _invoice_line(line: TiedLine) -> NamedLine:
    item, words = _INVOICE_ITEMS[line.tie]
    advice = "" if line.tie is Tie.WITHIN_TOLERANCE else line.advice or "See the reconciliation of invoices."
    return NamedLine(item, f"{words}: {invoice_words(line)}", beyond_the_bill(line), advice)


def beyond_the_bill(line: TiedLine) -> Decimal:
    """What the invoice has more than the charges; all of it where the other side is missing."""
    return EXACT.subtract(line.invoiced or ZERO, line.billed_cost or ZERO)


def invoice_words(line: TiedLine) -> str:
    """Who sent an invoice, and which: `AWS, INV-7`; by the account where it has no number."""
    which = ", ".join(line.invoice_ids) or ", ".join(f"account {each}" for each in line.billing_account_ids)
    return f"{line.invoice_issuer_name or 'no issuer'}, {which or 'no account'}"


def _equation(step: Step, lines: Sequence[NamedLine], result: NamedLine, *, information: bool = False) -> Equation:
    off = EXACT.subtract(result.amount, total(line.amount for line in lines))
    return Equation(step, tuple(lines), result, off, information)
