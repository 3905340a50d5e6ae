"""A vendor that comes in through two doors is found by name, and by nothing else."""

from decimal import Decimal

import pytest

from app.domain.double_counting import TwoDoors, VendorCost, plain_vendor, two_doors

AWS_INC = "Amazon Web Services, Inc."


def cost(source: str, billed: str, provider: str, *, rows: int = 1, **cells: object) -> VendorCost:
    told = {
        "kept_apart": False,
        "publisher_name": provider,
        "invoice_issuer_name": provider,
        "service_name": None,
        "billing_currency": "USD",
        "effective_cost": Decimal(billed),
        **cells,
    }
    return VendorCost(source=source, service_provider_name=provider, billed_cost=Decimal(billed), rows=rows, **told)  # type: ignore[arg-type]


EC2 = cost("aws", "100", "AWS", rows=50, invoice_issuer_name=AWS_INC, service_name="Amazon EC2")
MARKET = cost(
    "aws", "7", "AWS", publisher_name="Anthropic, PBC", invoice_issuer_name=AWS_INC, service_name="Claude Enterprise"
)
CLAUDE = cost("claude", "6.5", "Anthropic")


def seen(found: tuple[TwoDoors, ...]) -> list[tuple[str, list[tuple[str, str, str]]]]:
    return [(each.vendor, [(d.source, d.door.value, str(d.billed_cost)) for d in each.doors]) for each in found]


@pytest.mark.parametrize("name", ["Anthropic, PBC", "anthropic", "Anthropic Inc."])
def test_the_form_of_a_company_is_not_its_name(name: str) -> None:
    assert plain_vendor(name) == "anthropic"


def test_a_vendor_on_a_marketplace_and_on_its_own_bill_is_told_with_both_amounts() -> None:
    found = two_doors([EC2, MARKET, CLAUDE])
    assert seen(found) == [("Anthropic", [("claude", "own", "6.5"), ("aws", "resold", "7")])]
    assert found[0].doors[1].services == ("Claude Enterprise",)
    assert "`trueup sources set claude --billed-elsewhere`" in found[0].advice


def test_a_vendor_that_comes_in_once_is_no_finding() -> None:
    assert two_doors([EC2, MARKET]) == ()
    assert two_doors([EC2, CLAUDE]) == ()


def test_a_marketplace_that_names_the_vendor_as_provider_is_found_too() -> None:
    market = cost("aws", "7", "Databricks, Inc.", invoice_issuer_name=AWS_INC)
    bought = cost("lake", "9", "Databricks", invoice_issuer_name="A reseller")
    assert seen(two_doors([EC2, market, bought])) == [
        ("Databricks", [("lake", "own", "9"), ("aws", "resold", "7")]),
    ]


def test_two_bills_of_one_cloud_are_not_two_doors() -> None:
    other = cost("payer-2", "50", "AWS", rows=9, invoice_issuer_name="Amazon Web Services EMEA SARL")
    market = cost("payer-2", "1", "Elastic", invoice_issuer_name="Amazon Web Services EMEA SARL")
    assert two_doors([EC2, MARKET, other, market]) == ()


def test_a_source_that_is_set_to_hold_other_charges_is_settled() -> None:
    apart = cost("claude", "6.5", "Anthropic", kept_apart=True)
    (found,) = two_doors([EC2, MARKET, apart])
    assert found.settled
    assert found.advice == "Both count: claude is set to hold other charges than aws."
