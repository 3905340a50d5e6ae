"""Files of invoices, as people write them."""

from datetime import date
from decimal import Decimal

import pytest

from app.domain.invoice import InvoiceStatus, InvoiceTotal
from app.domain.invoice_file import lines_of, one_line_each, table_of
from app.errors import BadInput

HEADER = "InvoiceId,InvoiceIssuerName,BillingAccountId,BillingPeriodStart,BillingCurrency,Amount,Status\n"
ROW = "INV-1,AWS,1000,2026-03-01,USD,10.50,Issued\n"
SNAKE = (
    "invoice_id,invoice_issuer_name,billing_account_id,billing_period_start,billing_currency,amount\n"
    "INV-1,AWS,1000,2026-03,usd,10.5\n"
)
SPREADSHEET = (
    "\ufeffInvoice ID,Invoice Issuer,Billing Account ID,Billing Period,Billing Currency,Billed Cost,x_Note\r\n"
    ' INV-1 , AWS ,1000,2026-03-01T00:00:00Z,USD,+10.50,"paid, late"\r\n,,,,,,\r\n\r\n'
)
COLUMNS = (
    "march.csv, row 1: this is no file of invoices. Its first row names the columns: InvoiceId (optional),"
    " InvoiceIssuerName, BillingAccountId, BillingPeriodStart, BillingCurrency, Amount, Status (optional)."
)
INV_1 = InvoiceTotal("INV-1", "AWS", "1000", date(2026, 3, 1), "USD", Decimal("10.50"))


def read(text: str) -> tuple[InvoiceTotal, ...]:
    header, rows = table_of(text, "march.csv")
    return one_line_each(lines_of(header, rows, "march.csv"), "march.csv")


def refusal(text: str) -> list[str]:
    with pytest.raises(BadInput) as error:
        read(text)
    return str(error.value).splitlines()


def test_a_line_is_an_invoice() -> None:
    assert read(HEADER + ROW) == (INV_1,)


@pytest.mark.parametrize(
    "text",
    [
        SNAKE,
        SPREADSHEET,
        HEADER + "INV-1,AWS,1000,2026-03-17 00:00:00,USD,1.05e1,issued\n",
    ],
    ids=["snake case", "spreadsheet", "oddly written"],
)
def test_names_and_cells_are_read_as_people_write_them(text: str) -> None:
    assert read(text) == (INV_1,)


def test_no_digit_is_lost_and_an_account_needs_no_invoice_id() -> None:
    (found,) = read(HEADER + ",AWS,1000,2026-03,USD,-19461.448883429216000123,Open\n")
    assert (found.invoice_id, found.amount, found.status) == (
        None,
        Decimal("-19461.448883429216000123"),
        InvoiceStatus.OPEN,
    )


def test_everything_that_is_wrong_is_told_by_row_and_nothing_is_taken() -> None:
    wrong = (
        ROW
        + 'INV-2,AWS,1000,2026-03,USD,"1,234.56",Issued\n'
        + "INV-3,,1000,03/01/2026,dollars,1,paid\n"
        + "INV-4,AWS,1000,2026-13,USD,1,Issued\n"
        + "INV-5,AWS,1000,2026-03,USD\n"
        + f"INV-6,AWS,1000,2026-03,USD,{'9' * 39},Issued\n"
        + f"INV-7,{'A' * 201},1000,2026-03,USD,1e999999999999999999999,Issued\n"
    )
    assert refusal(HEADER + wrong) == [
        "march.csv: no invoice was taken.",
        "  row 3: Amount '1,234.56' is not a number; write it with a point and nothing else, such as 1234.56",
        "  row 4: InvoiceIssuerName is empty",
        "  row 4: BillingPeriodStart '03/01/2026' is not a month; write it as 2026-03 or 2026-03-01",
        "  row 4: BillingCurrency 'dollars' is not a currency; write its ISO 4217 code, such as USD",
        "  row 4: Status 'paid' is unknown; choose from Open, Issued, Voided",
        "  row 5: BillingPeriodStart '2026-13' is not a month; write it as 2026-03 or 2026-03-01",
        "  row 6: 5 cells where the header has 7",
        f"  row 7: Amount '{'9' * 39}' has more digits than can be kept exactly (38)",
        "  row 8: InvoiceIssuerName has 201 characters; 200 are kept at most",
        "  row 8: Amount '1e999999999999999999999' has more digits than can be kept exactly (38)",
    ]


def test_a_long_list_of_problems_is_cut() -> None:
    told = refusal(HEADER + "INV-1,AWS,1000,2026-03,USD,x,\n" * 25)
    assert (len(told), told[-1]) == (22, "  and 5 more")


def test_two_lines_of_one_invoice_are_no_guess_of_ours() -> None:
    assert refusal(HEADER + ROW + ROW.replace("10.50", "11")) == [
        "march.csv: no invoice was taken.",
        "  row 3: the same invoice, account, period and currency as row 2",
    ]


def test_a_file_that_is_something_else_is_told_the_columns() -> None:
    for text in ("a,b\n1,2\n", "InvoiceNumber;Total\n1;2\n"):
        assert refusal(text) == [COLUMNS]
    assert refusal("")[0].startswith("march.csv is empty.")
    assert refusal(HEADER)[1] == "  there is no invoice in it"
    assert refusal(HEADER.replace("Amount", "Total"))[1] == "  row 1: the column Amount or BilledCost is missing"
    assert refusal(HEADER.replace("Amount", "Amount,BilledCost"))[1] == (
        "  row 1: Amount and BilledCost say the same; keep one of them"
    )
    assert refusal(HEADER + '"INV-1,AWS')[0].startswith("march.csv is not readable as CSV")
