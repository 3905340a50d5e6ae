"""Bills beside their invoices, in numbers to check in one's head."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.domain.invoice import InvoiceStatus, InvoiceTotal
from app.domain.money import total
from app.domain.reconciliation import BilledSum, Tie, TiedLine, tied_lines
from app.domain.reconciliation_advice import advised

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


def an_invoice(amount: str, invoice_id: str | None = None, **fields: Any) -> InvoiceTotal:
    known = {
        "invoice_issuer_name": "AWS",
        "billing_account_id": "1000",
        "billing_period_start": MARCH,
        "billing_currency": "USD",
    }
    return InvoiceTotal(invoice_id=invoice_id, amount=Decimal(amount), **{**known, **fields})


def charges(amount: str, invoice_id: str | None = None, **fields: Any) -> BilledSum:
    known = {
        "invoice_issuer_name": "AWS",
        "billing_account_id": "1000",
        "billing_period_start": MARCH,
        "billing_currency": "USD",
        "tax": Decimal(0),
        "rows": 1,
        "rows_without_value": 0,
    }
    return BilledSum(invoice_id=invoice_id, billed_cost=Decimal(amount), **{**known, **fields})


def lines(*sides: InvoiceTotal | BilledSum) -> tuple[TiedLine, ...]:
    invoices = [each for each in sides if isinstance(each, InvoiceTotal)]
    found = tied_lines(invoices, [each for each in sides if isinstance(each, BilledSum)])
    return advised(found, invoices)


def ends(*sides: InvoiceTotal | BilledSum) -> list[tuple[Tie, tuple[str, ...], str, str]]:
    """How each line ends, with its invoices, their total and the billed cost."""
    return [(line.tie, line.invoice_ids, str(line.invoiced), str(line.billed_cost)) for line in lines(*sides)]


def test_charges_tie_to_the_invoice_whose_id_they_carry() -> None:
    assert ends(an_invoice("10", "A"), an_invoice("5", "B"), charges("5", "B"), charges("10", "A")) == [
        (Tie.EXACT, ("A",), "10", "10"),
        (Tie.EXACT, ("B",), "5", "5"),
    ]


def test_an_invoice_of_several_accounts_is_one_line() -> None:
    (line,) = lines(
        an_invoice("7", "A"),
        an_invoice("3", "A", billing_account_id="2000"),
        charges("9", "A"),
        charges("1", "A", billing_account_id="3000"),
    )
    assert (line.tie, line.billing_account_ids) == (Tie.EXACT, ("1000", "2000", "3000"))


def test_without_ids_the_account_the_period_and_the_currency_decide() -> None:
    assert [
        (line.tie, line.billing_period_start, line.billing_currency)
        for line in lines(
            an_invoice("10"),
            an_invoice("10", billing_period_start=APRIL),
            an_invoice("10", billing_currency="EUR"),
            charges("10"),
            charges("11", billing_currency="EUR"),
            charges("10", billing_period_start=APRIL, billing_account_id="2000"),
        )
    ] == [
        (Tie.NO_CHARGES, APRIL, "USD"),
        (Tie.NO_INVOICE, APRIL, "USD"),
        (Tie.WITHIN_TOLERANCE, MARCH, "EUR"),
        (Tie.EXACT, MARCH, "USD"),
    ]


def test_an_id_on_one_side_only_ties_by_account() -> None:
    assert ends(an_invoice("7", "A"), an_invoice("3", "B"), charges("10")) == [(Tie.EXACT, ("A", "B"), "10", "10")]
    assert ends(an_invoice("10"), charges("7", "A"), charges("2", "B"), charges("1")) == [
        (Tie.EXACT, ("A", "B"), "10", "10")
    ]


def test_two_ids_that_differ_are_two_lines_that_point_at_each_other() -> None:
    missing, unbilled = sorted(lines(an_invoice("10", "A"), charges("10", "B")), key=lambda line: line.tie)
    assert (missing.tie, unbilled.tie) == (Tie.NO_CHARGES, Tie.NO_INVOICE)
    assert missing.candidates == ("AWS, account 1000, invoice B, 2026-03, 10 USD",)
    assert unbilled.candidates == ("AWS, account 1000, invoice A, 2026-03, 10 USD",)


def test_charges_of_an_invoice_that_is_tied_do_not_count_again_for_the_account() -> None:
    assert ends(an_invoice("10", "A"), an_invoice("5"), charges("10", "A"), charges("5", "B"), charges("1")) == [
        (Tie.EXACT, ("A",), "10", "10"),
        (Tie.WITHIN_TOLERANCE, ("B",), "5", "6"),
    ]


def test_the_difference_is_named_or_told_with_both_numbers_and_a_remedy() -> None:
    (rounded,) = lines(an_invoice("12.52", "A"), charges("12.50", "A", rows=5))
    assert (rounded.tie, rounded.difference, rounded.tolerance) == (Tie.WITHIN_TOLERANCE, Decimal("0.02"), Decimal(1))
    assert rounded.advice == "Invoice rounding difference of 0.02 USD."
    (off,) = lines(an_invoice("15", "A"), charges("10", "A", rows=5))
    assert off.tie is Tie.DOES_NOT_RECONCILE
    assert off.advice.startswith(
        "The invoice says 15 USD, the bills 10 USD: 5 USD between them, where 1 USD would be rounding. Run the source"
    )


def test_a_large_bill_may_round_further() -> None:
    def tie(invoiced: str) -> Tie:
        (line,) = lines(an_invoice(invoiced, "A"), charges("5000000", "A", rows=1_000_000))
        return line.tie

    assert tie("5000004.50") is Tie.WITHIN_TOLERANCE
    assert tie("5000005") is Tie.WITHIN_TOLERANCE
    assert tie("5000005.01") is Tie.DOES_NOT_RECONCILE
    assert tie("4999985") is Tie.DOES_NOT_RECONCILE


def test_an_open_invoice_may_differ_and_a_voided_one_does_not_count() -> None:
    (line,) = lines(an_invoice("15", "A", status=InvoiceStatus.OPEN), charges("10", "A"))
    assert (line.tie, line.status) == (Tie.OPEN, InvoiceStatus.OPEN)
    (line,) = lines(an_invoice("10", "A", status=InvoiceStatus.VOIDED), charges("10", "A"))
    assert (line.tie, line.invoiced) == (Tie.NO_INVOICE, None)
    assert line.advice.startswith("Invoice A was voided, and the bills still have its charges.")
    assert lines(an_invoice("10", "A", status=InvoiceStatus.VOIDED)) == ()


def test_tax_that_an_invoice_leaves_out_is_named() -> None:
    (line,) = lines(an_invoice("100", "A"), charges("119", "A", tax=Decimal(19)))
    assert line.tie is Tie.DOES_NOT_RECONCILE
    assert line.advice.endswith("The bills' tax of 19 USD explains it: import the total with tax.")


def test_an_issuer_may_be_spelled_in_other_case_and_punctuation() -> None:
    (line,) = lines(
        an_invoice("10", "A", invoice_issuer_name="AMAZON WEB SERVICES INC"),
        charges("10", "A", invoice_issuer_name="Amazon Web Services, Inc."),
    )
    assert (line.tie, line.invoice_issuer_name) == (Tie.EXACT, "Amazon Web Services, Inc.")
    assert line.advice == "The invoice spells the issuer 'AMAZON WEB SERVICES INC'."


def test_an_issuer_that_is_spelled_like_two_others_is_taken_for_neither() -> None:
    found = lines(
        an_invoice("10", "A", invoice_issuer_name="AWS"),
        charges("10", "A", invoice_issuer_name="Aws"),
        charges("10", "A", invoice_issuer_name="aws"),
    )
    assert sorted(line.tie for line in found) == [Tie.NO_CHARGES, Tie.NO_INVOICE, Tie.NO_INVOICE]


def test_an_issuer_with_another_name_is_not_guessed_but_pointed_out() -> None:
    missing, unbilled = sorted(
        lines(
            an_invoice("10", "A", invoice_issuer_name="Microsoft"),
            charges("10", "A", invoice_issuer_name="Microsoft Azure"),
            charges("3", invoice_issuer_name="Oracle", billing_account_id="9"),
        ),
        key=lambda line: (line.tie, line.invoice_issuer_name or ""),
    )[:2]
    assert (missing.tie, unbilled.tie) == (Tie.NO_CHARGES, Tie.NO_INVOICE)
    assert missing.candidates == ("Microsoft Azure, account 1000, invoice A, 2026-03, 10 USD",)
    assert "If they belong together, import the invoice with the bill's own issuer" in missing.advice


def test_charges_without_an_issuer_or_an_account_are_a_line_of_their_own() -> None:
    (line,) = lines(charges("10", invoice_issuer_name=None, billing_account_id=None))
    assert (line.tie, line.invoice_issuer_name, line.billing_account_ids) == (Tie.NO_INVOICE, None, ())


ids = st.sampled_from([None, "A", "B", "C"])
issuers = st.sampled_from(["AWS", "aws", "Microsoft"])
accounts = st.sampled_from(["1000", "2000"])
months = st.sampled_from([MARCH, APRIL])
currencies = st.sampled_from(["USD", "JPY"])
amounts = st.decimals(-1000, 1000, places=6)
some_invoices = st.lists(
    st.builds(InvoiceTotal, ids, issuers, accounts, months, currencies, amounts, st.sampled_from(InvoiceStatus)),
    unique_by=lambda each: each.identity,
    max_size=12,
)
some_charges = st.lists(
    st.builds(
        BilledSum, ids, st.none() | issuers, st.none() | accounts, months, currencies, amounts, st.just(Decimal(0)),
        st.integers(1, 10**6), st.just(0),
    ),
    max_size=12,
)  # fmt: skip


@given(invoices=some_invoices, billed=some_charges)
def test_every_invoice_and_every_charge_is_in_exactly_one_line(
    invoices: list[InvoiceTotal], billed: list[BilledSum]
) -> None:
    found = lines(*invoices, *billed)
    for currency in ("USD", "JPY"):
        mine = [line for line in found if line.billing_currency == currency]
        counted = [i for i in invoices if i.status is not InvoiceStatus.VOIDED and i.billing_currency == currency]
        of_currency = [each for each in billed if each.billing_currency == currency]
        assert total(line.billed_cost or Decimal(0) for line in mine) == total(c.billed_cost for c in of_currency)
        assert total(line.invoiced or Decimal(0) for line in mine) == total(i.amount for i in counted)
        assert sum(line.rows for line in mine) == sum(each.rows for each in of_currency)


@given(invoices=some_invoices, billed=some_charges, seed=st.randoms(use_true_random=False))
def test_the_order_of_what_is_known_does_not_matter(
    invoices: list[InvoiceTotal], billed: list[BilledSum], seed: Any
) -> None:
    first = lines(*invoices, *billed)
    seed.shuffle(invoices)
    seed.shuffle(billed)
    again = lines(*invoices, *billed)
    assert [(line.tie, line.invoiced, line.billed_cost, line.invoice_ids) for line in again] == [
        (line.tie, line.invoiced, line.billed_cost, line.invoice_ids) for line in first
    ]
