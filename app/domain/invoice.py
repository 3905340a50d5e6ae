"""What an invoice comes to, and how far the bill behind it may differ by rounding alone."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from math import isqrt

from app.domain.money import EXACT


class InvoiceStatus(StrEnum):
    """FOCUS 1.4, Invoice Issue Status: may still change, is owed, or has been retracted."""

    OPEN = "Open"
    ISSUED = "Issued"
    VOIDED = "Voided"


@dataclass(frozen=True)
class InvoiceTotal:
    """What an invoice comes to for a billing account, period and currency; tax included.

    `invoice_id` is None where only the account's total is known. A voided invoice is owed by nobody: whatever it
    came to, no sum counts it.
    """

    invoice_id: str | None
    invoice_issuer_name: str
    billing_account_id: str
    billing_period_start: date
    billing_currency: str
    amount: Decimal
    status: InvoiceStatus = InvoiceStatus.ISSUED

    @property
    def identity(self) -> tuple[str | None, str, str, date, str]:
        """What two totals share only if they are the same one: everything but the amount and the status."""
        return (
            self.invoice_id,
            self.invoice_issuer_name,
            self.billing_account_id,
            self.billing_period_start,
            self.billing_currency,
        )


# ISO 4217, list one: the currencies whose minor unit is not a hundredth, by its number of digits.
_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_SUBUNITS = {code: Decimal(1).scaleb(-digits) for digits, codes in _DIGITS.items() for code in codes.split()}
_HUNDREDTH = Decimal("0.01")


def subunit(currency: str) -> Decimal:
    """The smallest amount that `currency` is paid in: 0.01 of a dollar, 1 yen, 0.001 of a Kuwaiti dinar."""
    return _SUBUNITS.get(currency, _HUNDREDTH)


def tolerance(currency: str, rows: int) -> Decimal:
    """How far the sum of `rows` rows of a bill may be from its invoice by rounding alone.

    The greater of 100 subunits and half a subunit × √rows. Of the root every digit after a hundredth of a subunit is
    cut off, so that what is shown is what is applied.
    Source: FOCUS 1.4, appendix Rounding Variance Tolerance.
    """
    by_rows = Decimal(isqrt(rows * 2_500)) / 100  # ½ × √rows
    return EXACT.multiply(max(Decimal(100), by_rows), subunit(currency))
