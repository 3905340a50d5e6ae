"""What a line of the reconciliation means, in words, and what to do about it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from app.domain.invoice import InvoiceStatus, InvoiceTotal
from app.domain.money import EXACT, plain
from app.domain.reconciliation import Tie, TiedLine, folded

WORDS = {
    Tie.EXACT: "Reconciled exactly",
    Tie.WITHIN_TOLERANCE: "Within tolerance",
    Tie.OPEN: "Invoice still open",
    Tie.DOES_NOT_RECONCILE: "Does not reconcile",
    Tie.NO_INVOICE: "No invoice yet",
    Tie.NO_CHARGES: "Invoice without charges",
}
ROUNDING = "Invoice rounding difference"
_CANDIDATES = 3


def advised(lines: Sequence[TiedLine], invoices: Iterable[InvoiceTotal]) -> tuple[TiedLine, ...]:
    """`lines` with what each means, and with what could be the side that a line lacks."""
    voided = {each.invoice_id for each in invoices if each.status is InvoiceStatus.VOIDED and each.invoice_id}
    return tuple(_advised(line, lines, voided) for line in lines)


def _advised(line: TiedLine, lines: Sequence[TiedLine], voided: set[str]) -> TiedLine:
    candidates = tuple(_words(each) for each in _alike(line, lines)[:_CANDIDATES])
    return replace(line, candidates=candidates, advice=_advice(line, candidates, voided))


def _advice(line: TiedLine, candidates: tuple[str, ...], voided: set[str]) -> str:
    return f"{_meaning(line, candidates, voided)} {_spelling(line)}".strip()


def _meaning(line: TiedLine, candidates: tuple[str, ...], voided: set[str]) -> str:
    match line.tie:
        case Tie.EXACT:
            return ""
        case Tie.WITHIN_TOLERANCE:
            return f"{ROUNDING} of {_amount(line, line.difference)}."
        case Tie.OPEN:
            return f"{_both(line)} The invoice may still change; run the source again when it is issued."
        case Tie.DOES_NOT_RECONCILE:
            return f"{_both(line)} {_remedy(line)}"
        case Tie.NO_INVOICE:
            return _without_invoice(line, candidates, voided)
        case Tie.NO_CHARGES:
            said = f"The invoice says {_amount(line, line.invoiced)}, and no live charge belongs to it."
            return f"{said} {_closest('charges', candidates) or 'Ingest its bill, or run its source again.'}"


def _both(line: TiedLine) -> str:
    return (
        f"The invoice says {_amount(line, line.invoiced)}, the bills {_amount(line, line.billed_cost)}:"
        f" {_amount(line, line.difference)} between them, where {_amount(line, line.tolerance)} would be rounding."
    )


def _remedy(line: TiedLine) -> str:
    assert line.difference is not None
    assert line.tax is not None
    if line.tax and abs(EXACT.add(line.difference, line.tax)) <= line.tolerance:
        return f"The bills' tax of {_amount(line, line.tax)} explains it: import the total with tax."
    if line.rows_without_value:
        return f"{line.rows_without_value:,} rows of the bills have no billed cost: ask the vendor for them."
    return (
        "Run the source again for a newer bill, see `trueup loads --quarantine` for rows that were not booked, or"
        " import the invoice's total anew if it was mistyped."
    )


def _without_invoice(line: TiedLine, candidates: tuple[str, ...], voided: set[str]) -> str:
    gone = [each for each in line.invoice_ids if each in voided]
    if gone:
        return f"Invoice {', '.join(gone)} was voided, and the bills still have its charges. Run the source again."
    return _closest("invoices", candidates) or "Import its total with `trueup invoices import` when it is there."


def _closest(what: str, candidates: tuple[str, ...]) -> str:
    if not candidates:
        return ""
    return (
        f"Closest among the {what} that lack their other side: {'; '.join(candidates)}. If they belong together,"
        " import the invoice with the bill's own issuer, account and id, and this one as Voided if it was wrong."
    )


def _spelling(line: TiedLine) -> str:
    return f"The invoice spells the issuer '{line.spelled}'." if line.spelled else ""


def _amount(line: TiedLine, amount: Decimal | None) -> str:
    assert amount is not None
    return f"{plain(amount)} {line.billing_currency}"


def _alike(line: TiedLine, lines: Sequence[TiedLine]) -> list[TiedLine]:
    """The lines that lack the other side and share something with this one; those with the same id first."""
    wanted = {Tie.NO_INVOICE: Tie.NO_CHARGES, Tie.NO_CHARGES: Tie.NO_INVOICE}.get(line.tie)
    scored = [(_likeness(line, each), each) for each in lines if each.tie is wanted]
    return [each for score, each in sorted(scored, key=lambda pair: -pair[0]) if score]


def _likeness(one: TiedLine, other: TiedLine) -> int:
    same_period = one.billing_period_start == other.billing_period_start
    if set(one.invoice_ids) & set(other.invoice_ids):
        return 4
    if one.billing_currency != other.billing_currency or not same_period:
        return 0
    if set(one.billing_account_ids) & set(other.billing_account_ids):
        return 3
    names = (folded(one.invoice_issuer_name or ""), folded(other.invoice_issuer_name or ""))
    alike = names[0] and names[1] and (names[0] in names[1] or names[1] in names[0])
    return 2 if alike else 0


def _words(line: TiedLine) -> str:
    invoice = f"invoice {', '.join(line.invoice_ids)}" if line.invoice_ids else "no invoice id"
    account = f"account {', '.join(line.billing_account_ids)}" if line.billing_account_ids else "no account"
    amount = _amount(line, line.invoiced if line.billed_cost is None else line.billed_cost)
    issuer = line.invoice_issuer_name or "no issuer"
    return f"{issuer}, {account}, {invoice}, {line.billing_period_start:%Y-%m}, {amount}"
