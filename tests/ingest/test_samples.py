"""Bills written by others: they load to the last digit, or are refused with what is wrong with them."""

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.charge import Axis, Metric
from app.errors import BadInput
from app.reports.cost_query import Granularity
from tests.trueup import Trueup

COLUMNS = {
    Metric.BILLED: "BilledCost",
    Metric.EFFECTIVE: "EffectiveCost",
    Metric.LIST: "ListCost",
    Metric.CONTRACTED: "ContractedCost",
}
SPEND_AGREEMENTS = ("a1", "a2", "b1", "b2")


@pytest.fixture
def billing(shared_data: Path) -> Path:
    return shared_data / "billing"


@pytest.fixture
def sample(billing: Path) -> Path:
    return billing / "focus-1.0" / "focus_sample_1000_aws_ms_oracle.csv"


def sums(file: Path, column: str) -> dict[str, Decimal]:
    """Σ `column` of a CSV by currency, with nothing but Python."""
    found: dict[str, Decimal] = {}
    with file.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            currency = row["BillingCurrency"]
            found.setdefault(currency, Decimal(0))
            if row[column] not in {"", "NULL"}:
                found[currency] += Decimal(row[column])
    return found


def test_the_real_sample_loads_to_the_last_digit(trueup: Trueup, sample: Path) -> None:
    outcome = trueup.ingest(sample)
    assert (outcome.rows_in, outcome.rows_quarantined, outcome.format_version) == (1000, 0, "FOCUS 1.0")
    assert sum(load.rows for load in outcome.loads) == 1000
    assert trueup.total(Metric.BILLED) == Decimal("20.52022672899")
    assert trueup.total(Metric.EFFECTIVE) == Decimal("14.97651418586")
    assert trueup.lines(limit=1).totals == {"USD": Decimal("20.52022672899")}


def test_the_real_sample_is_billed_in_two_months(trueup: Trueup, sample: Path) -> None:
    trueup.ingest(sample)
    by_month = {"2024-09-01": Decimal("20.28022672899"), "2024-10-01": Decimal("0.24")}
    assert trueup.costs(granularity=Granularity.MONTH) == {"USD": by_month}
    # One row of the October bill has its charge period in September.
    used = trueup.costs(granularity=Granularity.MONTH, axis=Axis.CHARGE)["USD"]
    assert (used["2024-09-01"] or 0) > by_month["2024-09-01"]
    assert trueup.total(axis=Axis.CHARGE) == Decimal("20.52022672899")


def test_the_real_sample_again_changes_nothing(trueup: Trueup, sample: Path) -> None:
    first = trueup.ingest(sample)
    before = trueup.figures()
    second = trueup.ingest(sample)
    assert second.unchanged
    assert second.sha256 == first.sha256
    assert trueup.figures() == before
    assert len(trueup.deliveries()) == 1


def test_the_real_sample_leaves_contracted_cost_unsaid_where_oracle_does(trueup: Trueup, sample: Path) -> None:
    trueup.ingest(sample)
    with sample.open(encoding="utf-8-sig", newline="") as stream:
        unsaid = sum(row["ContractedCost"] in {"", "NULL"} for row in csv.DictReader(stream))
    assert unsaid
    assert trueup.rows_without_value(Metric.CONTRACTED) == unsaid


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("1.2", "focus_1_2_cost_and_usage_aws.csv"),
        ("1.3", "focus_1_3_cost_and_usage_gcp.csv"),
        ("1.4", "focus14_azure/synthetic_focus_1_4_cost_and_usage.csv"),
    ],
)
def test_a_generated_bill_loads_to_the_last_digit(trueup: Trueup, billing: Path, version: str, name: str) -> None:
    file = billing / "generated" / name
    outcome = trueup.ingest(file)
    assert (outcome.format_version, outcome.rows_quarantined) == (f"FOCUS {version}", 0)
    for metric, column in COLUMNS.items():
        expected = sums(file, column)
        for axis in Axis:
            assert {currency: trueup.total(metric, axis=axis, currency=currency) for currency in expected} == expected
        assert trueup.lines(metric=metric, limit=1).totals == expected


def test_a_folder_of_all_four_datasets_loads_its_charges_only(trueup: Trueup, billing: Path) -> None:
    folder = billing / "generated" / "focus14_azure"
    outcome = trueup.ingest(folder)
    charges = folder / "synthetic_focus_1_4_cost_and_usage.csv"
    assert trueup.costs().keys() == sums(charges, "BilledCost").keys()
    assert trueup.total() == sums(charges, "BilledCost")["USD"]
    assert {dataset for _, dataset in outcome.set_aside} == {
        "FOCUS Contract Commitment",
        "FOCUS Billing Period",
        "FOCUS Invoice Detail",
    }


def test_the_spend_agreement_examples_of_the_specification_load(trueup: Trueup, billing: Path) -> None:
    for each in SPEND_AGREEMENTS:
        file = billing / "focus-spec-examples" / f"saas_examples_spend_agreements_saas_spend_agreements_{each}.csv"
        outcome = trueup.ingest(file, source=each, allow_overlap=True)
        assert outcome.rows_quarantined == 0
        expected = sums(file, "BilledCost")
        booked = {total["billing_currency"]: Decimal(0) for load in outcome.loads for total in load.totals}
        for load in outcome.loads:
            for total in load.totals:
                booked[total["billing_currency"]] += Decimal(total["billed_cost"])
        assert booked == expected


def refused_examples(folder: Path) -> Iterator[Path]:
    return (file for file in sorted(folder.glob("*.csv")) if "spend_agreements" not in file.name)


def test_every_other_example_of_the_specification_is_refused_with_its_columns_or_cell(
    trueup: Trueup, billing: Path
) -> None:
    examples = list(refused_examples(billing / "focus-spec-examples"))
    assert len(examples) == 22
    for file in examples:
        with pytest.raises(BadInput) as refused:
            trueup.ingest(file)
        message = str(refused.value)
        assert message.startswith(f"{file.name}, row ")
        assert message.endswith((".",))
        with file.open(encoding="utf-8-sig", newline="") as stream:
            header, first = [next(reader) for reader in [csv.reader(stream)] for _ in range(2)]
        if "mandatory" in message:
            named = message.split("column")[1].split(" of FOCUS", maxsplit=1)[0].removeprefix("s").strip().split(", ")
            assert named
            assert not set(named) & set(header)
        elif "cannot be read" in message:
            column, rest = message.split(": ", 1)[1].split(" is ", 1)
            assert rest.startswith(repr(first[header.index(column)]))
        else:
            assert "not a FOCUS Cost and Usage file" in message
    assert trueup.live() == []
    assert [state for state, _ in trueup.deliveries()] == ["refused"] * 22


def test_a_day_of_the_sample_is_the_same_from_a_roll_up_and_from_the_facts(trueup: Trueup, sample: Path) -> None:
    trueup.ingest(sample)
    span = (date(2024, 9, 1), date(2024, 10, 2))
    days = trueup.costs("service_name", axis=Axis.CHARGE, granularity=Granularity.DAY, span=span)["USD"]
    fine = trueup.costs("service_name", "tag:x", axis=Axis.CHARGE, granularity=Granularity.DAY, span=span)["USD"]
    assert {(day, service): amount for (day, service, _), amount in fine.items()} == days
