"""Actual and amortized cost together: what is billed is the one, what is effective the other, and usage counts once."""

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.charge import Metric
from app.errors import BadInput
from ingest.azure.native import KIND
from tests.examples import examples
from tests.ingest.azure.cost_rows import PLAN, RESERVATION, Row, cost_row, covered, purchase, unused
from tests.ingest.azure.openings import Seen, number, seen
from tests.ingest.bills import without, write_csv, write_parquet
from tests.trueup import Trueup

pytestmark = pytest.mark.slow  # each delivery is opened for real, which takes most of a second

# A reservation of 10 is bought; it covers two hours' worth 4 and 3, and 3 go unused. 5 of usage is on demand.
ON_DEMAND = cost_row(
    "5", ResourceId="/subscriptions/sub-1/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/a"
)
ACTUAL = [purchase("10"), covered("0"), covered("0", Date="03/03/2026"), ON_DEMAND]
AMORTIZED = [covered("4"), covered("3", Date="03/03/2026"), unused("3"), ON_DEMAND]


def pair(folder: Path, actual: list[Row] = ACTUAL, amortized: list[Row] = AMORTIZED) -> Seen:
    one, other = write_csv(folder / "a.csv", actual), write_csv(folder / "b.csv", amortized)
    return seen(KIND, one, other)


def alone(folder: Path, *rows: Row) -> dict[str, Any]:
    """The FOCUS row of the first of some rows without reservations."""
    return seen(KIND, write_csv(folder / "costs.csv", list(rows))).rows[0]


def test_what_is_billed_is_the_actual_cost_and_what_is_effective_the_amortized_cost(tmp_path: Path) -> None:
    found = pair(tmp_path)
    assert (found.total("billed_cost"), found.total("effective_cost")) == (15, 15)
    assert [(row["BilledCost"], row["EffectiveCost"]) for row in found.rows] == [
        ("10", "0"),  # the purchase
        ("0", "4"),
        ("0", "3"),
        ("0", "3"),  # what went unused
        ("5", "5"),  # on demand, in both files, once
    ]


def test_usage_counts_once(tmp_path: Path) -> None:
    hours = [Decimal(row["ConsumedQuantity"]) for row in pair(tmp_path).rows if row["ConsumedQuantity"]]
    assert sum(hours) == 6  # two hours on each of three rows; the unused hours consumed nothing


def test_the_order_of_the_files_and_what_they_are_called_does_not_matter(tmp_path: Path) -> None:
    one, other = write_csv(tmp_path / "z.csv", ACTUAL), write_csv(tmp_path / "amortized.csv", AMORTIZED)
    found = seen(KIND, other, one)
    assert (found.total("billed_cost"), found.total("effective_cost"), len(found.rows)) == (15, 15, 5)


def test_folders_of_parts_are_a_pair_too_and_parquet_may_go_with_csv(tmp_path: Path) -> None:
    write_csv(tmp_path / "actual" / "1.csv.gz", ACTUAL[:2])
    write_csv(tmp_path / "actual" / "2.csv.gz", ACTUAL[2:])
    write_parquet(tmp_path / "amortized" / "1.parquet", AMORTIZED)
    found = seen(KIND, tmp_path)
    assert (found.total("billed_cost"), found.total("effective_cost"), len(found.rows)) == (15, 15, 5)


def test_a_purchase_is_standard_priced_and_names_its_commitment(tmp_path: Path) -> None:
    row = pair(tmp_path).rows[0]
    assert row["ChargeCategory"] == "Purchase"
    assert row["ChargeFrequency"] == "Recurring"
    assert row["PricingCategory"] == "Standard"
    assert row["CommitmentDiscountId"] == RESERVATION
    assert (row["CommitmentDiscountCategory"], row["CommitmentDiscountType"]) == ("Usage", "Reservation")
    assert (row["CommitmentDiscountStatus"], row["ConsumedQuantity"], row["ServiceName"]) == (
        None,
        None,
        "Azure Reservations",
    )


def test_covered_usage_is_used_and_the_rest_is_unused_on_the_commitment_itself(tmp_path: Path) -> None:
    _, used, _, wasted, _ = pair(tmp_path).rows
    assert (used["CommitmentDiscountStatus"], used["PricingCategory"]) == ("Used", "Committed")
    assert (wasted["ChargeCategory"], wasted["CommitmentDiscountStatus"]) == ("Usage", "Unused")
    assert (wasted["ResourceId"], wasted["ConsumedQuantity"], wasted["ConsumedUnit"]) == (RESERVATION, None, None)


def test_a_savings_plan_is_a_commitment_to_spend(tmp_path: Path) -> None:
    plan = {"PricingModel": "SavingsPlan", "benefitId": PLAN, "benefitName": "plan"}
    unused_plan = unused("1", **{**plan, "ChargeType": "UnusedSavingsPlan"})
    found = pair(tmp_path, [purchase("5", **plan), covered("0", **plan)], [covered("4", **plan), unused_plan])
    assert {row["CommitmentDiscountCategory"] for row in found.rows} == {"Spend"}
    assert {row["CommitmentDiscountType"] for row in found.rows} == {"Savings Plan"}
    assert (found.total("billed_cost"), found.total("effective_cost")) == (5, 5)


def test_a_refund_is_a_correction_of_a_purchase(tmp_path: Path) -> None:
    found = pair(tmp_path, [*ACTUAL, purchase("-4", ChargeType="Refund")])
    refund = next(row for row in found.rows if row["ChargeClass"])
    assert (refund["ChargeCategory"], refund["ChargeClass"], refund["BilledCost"]) == ("Purchase", "Correction", "-4")
    assert (found.total("billed_cost"), found.total("effective_cost")) == (11, 15)


def test_usage_that_costs_something_else_in_the_two_files_keeps_both_costs_and_is_told(tmp_path: Path) -> None:
    found = pair(tmp_path, [*ACTUAL[:3], {**ON_DEMAND, "Cost": "5.01"}])
    assert (found.total("billed_cost"), found.total("effective_cost"), len(found.rows)) == (Decimal("15.01"), 15, 5)
    assert [(note.rule, note.rows, note.example) for note in found.notes] == [
        ("Azure-Pair", 3, None),
        ("Azure-Pair-Difference", 1, "0.01 USD more is billed"),
    ]


def test_rows_that_only_one_file_has_stay_visible_and_count_on_their_own_side(tmp_path: Path) -> None:
    found = pair(tmp_path, [*ACTUAL, cost_row("7", MeterId="other")], [*AMORTIZED, cost_row("2", MeterId="third")])
    assert (found.total("billed_cost"), found.total("effective_cost")) == (22, 17)
    only_billed = next(row for row in found.rows if row["BilledCost"] == "7")
    assert (only_billed["EffectiveCost"], only_billed["ConsumedQuantity"], only_billed["ListCost"]) == ("0", None, "0")
    assert [(note.rows, note.example) for note in found.notes[1:]] == [
        (1, "7 USD is billed and not effective"),
        (1, "2 USD is effective and not billed"),
    ]


def test_twins_are_paired_one_to_one(tmp_path: Path) -> None:
    found = pair(tmp_path, [*ACTUAL, ON_DEMAND, ON_DEMAND], [*AMORTIZED, ON_DEMAND])
    assert (found.total("billed_cost"), found.total("effective_cost")) == (25, 20)
    assert [row["BilledCost"] for row in found.rows if row["EffectiveCost"] == "5"] == ["5", "5"]


def test_a_cost_that_cannot_be_read_is_set_aside_with_the_column_it_stands_in(trueup: Trueup, tmp_path: Path) -> None:
    actual = write_csv(tmp_path / "a.csv", [*ACTUAL, cost_row("1,5", MeterId="x")])
    amortized = write_csv(tmp_path / "b.csv", [*AMORTIZED, covered("nothing"), cost_row("1", Date="32/32/2026")])
    outcome = trueup.ingest(actual, amortized, file_format="azure-native", source="azure")
    assert outcome.rows_quarantined == 3
    assert trueup.quarantined() == [
        ("a.csv", 6, "Cost", "1,5"),
        ("b.csv", 6, "Cost", "nothing"),
        ("b.csv", 7, "Date", "32/32/2026"),
    ]
    assert trueup.total() == trueup.total(Metric.EFFECTIVE) == 15


def test_a_pair_of_different_months_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"b\.csv has the billing period 2026-04, of which there is no actual cost"):
        pair(tmp_path, ACTUAL, [*AMORTIZED, cost_row("1", day="04/02/2026")])


def test_one_file_of_a_pair_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"a\.csv is actual cost with reservations .* the amortized cost is missing"):
        seen(KIND, write_csv(tmp_path / "a.csv", ACTUAL))
    with pytest.raises(BadInput, match=r"b\.csv is amortized cost with reservations .* the actual cost is missing"):
        seen(KIND, write_csv(tmp_path / "b.csv", AMORTIZED))


def test_two_files_of_the_same_usage_without_commitments_are_refused(tmp_path: Path) -> None:
    one = write_csv(tmp_path / "a.csv", [ON_DEMAND, cost_row("1")])
    other = write_csv(tmp_path / "b.csv", [cost_row("1"), ON_DEMAND])
    with pytest.raises(BadInput, match=r"a\.csv holds the same usage as another of the files"):
        seen(KIND, one, other)
    named = other.rename(tmp_path / "amortized.csv"), one.rename(tmp_path / "actual.csv")
    found = seen(KIND, *named)
    assert (found.total("billed_cost"), found.total("effective_cost"), len(found.rows)) == (6, 6, 2)


def test_a_second_part_that_says_nothing_is_not_taken_for_the_other_half(tmp_path: Path) -> None:
    with pytest.raises(
        BadInput, match=r"b\.csv may be actual or amortized cost: .* Put actual or amortized in its name"
    ):
        pair(tmp_path, ACTUAL, [cost_row("1", MeterId="x"), cost_row("1", MeterId="y")])


def test_without_commitments_one_file_is_enough_and_says_what_it_cannot_know(tmp_path: Path) -> None:
    found = seen(KIND, write_csv(tmp_path / "costs.csv", [ON_DEMAND, cost_row("1")]))
    assert (found.total("billed_cost"), found.total("effective_cost")) == (6, 6)
    assert [(note.rule, note.rows) for note in found.notes] == [("Azure-Single-File", 2)]


def days(row: dict[str, Any], period: str) -> tuple[date, date]:
    """The start and the end of a period of a row."""
    return row[f"{period}Start"].date(), row[f"{period}End"].date()


def test_days_are_half_open(tmp_path: Path) -> None:
    row = alone(tmp_path, cost_row())
    assert days(row, "BillingPeriod") == (date(2026, 3, 1), date(2026, 4, 1))
    assert days(row, "ChargePeriod") == (date(2026, 3, 2), date(2026, 3, 3))


@pytest.mark.parametrize(
    "written", ["3/2/2026", "03/02/2026", "2026-03-02", "2026-03-02T00:00:00Z", "2026-03-02 00:00:00"]
)
def test_a_day_is_read_in_every_form_that_azure_writes(tmp_path: Path, written: str) -> None:
    assert alone(tmp_path, cost_row(Date=written))["ChargePeriodStart"].date() == date(2026, 3, 2)


def test_a_file_without_billing_periods_is_billed_in_the_month_of_the_day(tmp_path: Path) -> None:
    row = alone(tmp_path, without(cost_row(), "BillingPeriodStartDate", "BillingPeriodEndDate"))
    assert days(row, "BillingPeriod") == (date(2026, 3, 1), date(2026, 4, 1))


def test_an_mca_file_has_the_same_in_other_words(tmp_path: Path) -> None:
    row = alone(
        tmp_path,
        {
            "billingAccountId": "guid:guid_2019-05-31",
            "billingAccountName": "Acme",
            "billingProfileId": "AAAA-BBBB",
            "billingProfileName": "Europe",
            "invoiceId": "G001",
            "subscriptionId": "SUB-1",
            "date": "03/02/2026",
            "billingPeriodStartDate": "03/01/2026",
            "billingPeriodEndDate": "03/31/2026",
            "chargeType": "Usage",
            "pricingModel": "Spot",
            "costInBillingCurrency": "0.9",
            "costInUsd": "1",
            "billingCurrency": "EUR",
            "pricingCurrency": "USD",
            "paygCostInBillingCurrency": "1.8",
            "unitPrice": "0.5",
            "PayGPrice": "1",
            "quantity": "2",
            "unitOfMeasure": "1 Hour",
            "Tags": '{"env": "prod"}',
        },
    )
    assert (row["BilledCost"], row["BillingCurrency"], row["InvoiceId"]) == ("0.9", "EUR", "G001")
    account = "/providers/Microsoft.Billing/billingAccounts/guid:guid_2019-05-31/billingProfiles/AAAA-BBBB"
    assert (row["BillingAccountId"], row["BillingAccountName"]) == (account, "Europe")
    assert (row["SubAccountId"], row["PricingCategory"]) == ("/subscriptions/sub-1", "Dynamic")
    assert row["Tags"] == '{"env": "prod"}'
    # Prices are in dollars, the bill is in euros: only what is given in euros is known.
    assert (row["ListCost"], row["ContractedCost"]) == ("1.8", None)


def test_columns_with_blanks_and_the_oldest_name_of_cost_are_understood(tmp_path: Path) -> None:
    row = alone(
        tmp_path,
        {
            "Usage Date": "2026-03-02",
            "PreTaxCost": "1.5",
            "Currency": "USD",
            "Subscription Guid": "s",
            "Meter Category": "Storage",
        },
    )
    assert (row["BilledCost"], row["EffectiveCost"], row["SubAccountId"]) == ("1.5", "1.5", "/subscriptions/s")
    assert (row["ChargeCategory"], row["ServiceName"]) == ("Usage", "Storage Accounts")


def test_list_and_contracted_cost_are_price_times_quantity(tmp_path: Path) -> None:
    row = alone(tmp_path, cost_row())
    assert (number(row["ListCost"]), number(row["ContractedCost"])) == (Decimal("1.2"), 1)


def test_a_price_of_zero_beside_a_cost_is_unknown(tmp_path: Path) -> None:
    assert alone(tmp_path, cost_row(PayGPrice="0"))["ListCost"] is None
    free = cost_row("0", PayGPrice="0", UnitPrice="0", EffectivePrice="0")
    assert number(alone(tmp_path, free)["ListCost"]) == 0


def test_prices_with_too_many_digits_leave_list_cost_unsaid_and_are_never_rounded(tmp_path: Path) -> None:
    row = alone(tmp_path, cost_row(PayGPrice="0." + "3" * 30, Quantity="2." + "1" * 20))
    assert (row["ListCost"], row["BilledCost"]) == (None, "1")


def test_quantities_are_in_blocks_of_the_unit_of_measure(tmp_path: Path) -> None:
    blocks = {
        "Quantity": "0.0004",
        "UnitOfMeasure": "10K",
        "EffectivePrice": "0.1",
        "UnitPrice": "0.1",
        "PayGPrice": "0.1",
    }
    row = alone(tmp_path, cost_row("0.00004", **blocks))
    assert (number(row["PricingQuantity"]), row["PricingUnit"]) == (Decimal("0.0004"), "10000 Units")
    assert (number(row["ConsumedQuantity"]), row["ConsumedUnit"]) == (4, "Units")
    assert number(row["ListCost"]) == Decimal("0.00004")


def test_a_quantity_in_single_units_is_told_by_its_cost(tmp_path: Path) -> None:
    single = {
        "Quantity": "200",
        "UnitOfMeasure": "100 Hours",
        "EffectivePrice": "7",
        "UnitPrice": "7",
        "PayGPrice": "8",
    }
    row = alone(tmp_path, cost_row("14", **single))
    assert (number(row["PricingQuantity"]), row["PricingUnit"]) == (2, "100 Hours")
    assert (number(row["ConsumedQuantity"]), row["ConsumedUnit"]) == (200, "Hours")
    assert (number(row["ListCost"]), number(row["ContractedCost"])) == (16, 14)


def test_resources_are_spelled_one_way_and_tags_are_json(tmp_path: Path) -> None:
    row = alone(tmp_path, cost_row())
    assert (
        row["ResourceId"]
        == "/subscriptions/sub-1/resourcegroups/rg-search/providers/microsoft.compute/virtualmachines/vm-1"
    )
    assert (row["ResourceName"], row["ResourceType"]) == ("VM-1", "microsoft.compute/virtualmachines")
    assert (row["RegionId"], row["RegionName"], row["Tags"]) == ("eastus2", "East US 2", '{"env": "prod"}')


@pytest.mark.parametrize(
    ("written", "category"),
    [
        ("Tax", "Tax"),
        ("RoundingAdjustment", "Adjustment"),
        ("Credit", "Credit"),
        ("UnusedNovelty", "Usage"),
        ("Gift", "Gift"),
    ],
)
def test_every_charge_type_is_booked_and_a_new_one_shows_as_itself(tmp_path: Path, written: str, category: str) -> None:
    if written.startswith("Unused"):
        found = pair(tmp_path, ACTUAL, [*AMORTIZED, unused("1", ChargeType=written)])
        assert found.rows[-1]["ChargeCategory"] == category
        assert found.total("effective_cost") == 16
        return
    row = alone(tmp_path, cost_row("2", ChargeType=written))
    assert (row["ChargeCategory"], row["BilledCost"], row["EffectiveCost"]) == (category, "2", "2")


def test_a_marketplace_line_names_who_sells_it(tmp_path: Path) -> None:
    row = alone(
        tmp_path, cost_row(PublisherType="Marketplace", PublisherName="Databricks", ConsumedService="Microsoft.SaaS")
    )
    assert (row["PublisherName"], row["ServiceName"], row["ServiceProviderName"]) == (
        "Databricks",
        "Azure Marketplace",
        "Microsoft",
    )


def test_tokens_of_azure_openai_become_drivers(tmp_path: Path) -> None:
    model = {"ConsumedService": "Microsoft.CognitiveServices", "MeterCategory": "Foundry Models", "UnitOfMeasure": "1K"}
    model |= {"MeterSubCategory": "Azure OpenAI", "MeterName": "gpt 4o 1120 cached Inp glbl Tokens"}
    found = seen(KIND, write_csv(tmp_path / "a.csv", [cost_row("1", **model, Quantity="12.5"), cost_row()]))
    (driver,) = found.drivers
    assert (driver["day"], driver["name"], driver["quantity"]) == (date(2026, 3, 2), "tokens", Decimal(12500))
    assert driver["service_provider_name"] == "Microsoft"
    for entry in ('"model":"gpt-4o"', '"token_class":"cached_input"', '"sub_account_id":"/subscriptions/sub-1"'):
        assert entry in driver["dimensions"].replace(": ", ":")


@pytest.mark.parametrize("content", [{"a": "1", "b": "2"}, {"Cost": "1", "Date": "2026-03-02"}])
def test_another_file_is_refused_with_what_it_lacks(tmp_path: Path, content: Row) -> None:
    with pytest.raises(BadInput, match=r"not a file of Azure cost details; it lacks .*billingcurrency"):
        seen(KIND, write_csv(tmp_path / "a.csv", [content]))


amounts = st.decimals("-1000", "1000", places=6).map(lambda amount: f"{amount:f}")
details = st.fixed_dictionaries(
    {"meter": st.sampled_from("ab"), "day": st.sampled_from(["03/02/2026", "03/03/2026"]), "cost": amounts}
)


@settings(max_examples=examples(4), deadline=None)
@given(
    both=st.lists(details, max_size=5),
    only_actual=st.lists(details, max_size=3),
    only_amortized=st.lists(details, max_size=3),
    bought=amounts,
)
def test_no_cent_is_lost_whatever_the_two_files_hold(
    both: list[Row], only_actual: list[Row], only_amortized: list[Row], bought: str
) -> None:
    def rows(*lists: list[Row]) -> list[Row]:
        return [cost_row(each["cost"], day=each["day"], MeterId=each["meter"]) for group in lists for each in group]

    actual = [purchase(bought), covered("0"), *rows(both, only_actual)]
    amortized = [covered("1.5"), unused("0.5"), *rows(only_amortized, both)]
    with TemporaryDirectory() as folder:
        found = pair(Path(folder), actual, amortized)
    assert found.total("billed_cost") == sum(Decimal(row["Cost"]) for row in actual)
    assert found.total("effective_cost") == sum(Decimal(row["Cost"]) for row in amortized)
    hours = sum(Decimal(row["ConsumedQuantity"] or 0) for row in found.rows)
    assert hours == sum(Decimal(row["Quantity"]) for row in amortized if row["ChargeType"] == "Usage")


@pytest.fixture
def native(shared_data: Path) -> Path:
    return shared_data / "billing" / "native"


def exact(file: Path, column: str) -> Decimal:
    """Σ `column` of a file, with nothing but Python."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return sum((Decimal(row[column]) for row in csv.DictReader(stream)), Decimal(0))


def test_the_real_pair_loads_to_the_last_digit_and_once(trueup: Trueup, native: Path) -> None:
    actual, amortized = native / "azure_EA_ActualCost_Small.csv", native / "azure_EA_AmortizedCost_Small.csv"
    outcome = trueup.ingest(actual, amortized, source="azure", file_format="azure-native")
    # 11 rows of actual cost, 10 of which are rows of the 28 of amortized cost too.
    assert (outcome.rows_in, outcome.rows_quarantined) == (29, 0)
    assert trueup.total() == exact(actual, "Cost") == Decimal("8.5450077867419368")
    assert trueup.total(Metric.EFFECTIVE) == exact(amortized, "Cost") == Decimal("16.296932136636644627485419")
    assert trueup.lines(limit=1).totals == {"USD": Decimal("8.5450077867419368")}
    before = trueup.figures()
    assert trueup.ingest(amortized, actual, source="azure").unchanged
    assert trueup.figures() == before


def test_the_real_single_file_loads_to_the_last_digit_and_once(trueup: Trueup, native: Path) -> None:
    file = native / "azure_ea_export_anonymous.csv"
    outcome = trueup.ingest(file, source="azure", file_format="azure-native")
    assert (outcome.rows_in, outcome.rows_quarantined) == (27, 0)
    total = exact(file, "CostInBillingCurrency")
    assert total == Decimal("1.26136926505726")
    assert trueup.total(currency="CAD") == trueup.total(Metric.EFFECTIVE, currency="CAD") == total
    before = trueup.figures()
    assert trueup.ingest(file, source="azure").unchanged
    assert trueup.figures() == before
