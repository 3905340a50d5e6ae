"""The view `focus_cost_and_usage`: live charges under the names of FOCUS 1.2, for BI tools and the use-case library."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from app.db.migrate import upgrade
from app.db.session import read_session
from app.settings import Settings, settings
from tests.app.db.use_cases import COLUMNS, compare, lines_of, use_cases
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "bi.md"
SAMPLE = "billing/generated/focus_1_2_cost_and_usage_aws.csv"
LIBRARY = "billing/usecase_queries/1.2"

# Each asks for something that the lines of a day lose when they are added up; docs/bi.md says what, and where to ask.
BY_LINE = {
    "calculate_average_rate_of_a_component_resource",
    "commitment_discount_purchases",
    "determine_contracted_savings_by_virtual_currency",
    "effective_savings_rate",
    "quantify_usage_of_a_component_resource",
    "report_subaccount_regions",
}
# These show the hour of a charge, where a bill is hourly; the view has days.
BY_HOUR = {
    "analyze_service_costs_by_region",
    "analyze_the_different_metered_costs_for_a_particular_sku",
    "cost_compute_subaccount",
    "identify_unused_commitments",
    "report_service_costs_by_providers_subaccount",
    "resource_costs_sku",
    "service_costs_subaccount",
}
MARCH = {"BillingPeriodStart": "2026-03-01T00:00:00Z", "BillingPeriodEnd": "2026-04-01T00:00:00Z"}


def at(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def seen(trueup: Trueup, columns: str, rest: str = "") -> list[tuple[Any, ...]]:
    """Rows of the view, in the order of the columns."""
    with read_session(trueup.engine) as session:
        session.execute(text("SET LOCAL TIME ZONE 'UTC'"))
        query = text(f"SELECT * FROM (SELECT {columns} FROM focus_cost_and_usage {rest}) AS seen ORDER BY seen")
        return [tuple(row) for row in session.execute(query)]


@pytest.fixture
def on_every_postgres(empty_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trueup]:
    """A Trueup on each PostgreSQL that is supported."""
    upgrade(empty_engine)
    config = Settings(data_dir=tmp_path / "data", threads=2)
    monkeypatch.setenv("TRUEUP_DATA_DIR", str(config.data_dir))
    settings.cache_clear()
    yield Trueup(empty_engine, config)
    settings.cache_clear()


@pytest.mark.slow
def test_use_cases_answer_over_the_sample_as_duckdb_does(on_every_postgres: Trueup, shared_data: Path) -> None:
    bill = shared_data / SAMPLE
    on_every_postgres.ingest(bill)
    asked = {
        "since": "2026-05-01",
        "until": "2026-06-02",
        "providername": "AWS",
        "subaccountid": "200000000011",
        "servicename": "AmazonEC2",
        "resourceid": seen(on_every_postgres, "resourceid, count(*)", "GROUP BY 1")[0][0],
        "pricingunit": "Hours",
        "pricingcurrency": "EUR",
        "tagsapplication": "none",
        "tag": "Environment",
    }
    cases = use_cases(shared_data / LIBRARY, asked)
    assert len(cases) == 53
    by_day = compare(cases, on_every_postgres.engine, lines_of(bill, hours_as_days=True))
    assert len(by_day.ran) == 53
    assert by_day.different == BY_LINE
    assert len(by_day.empty) <= 8  # the sample has no credits, corrections, reservations, marketplace, transfers
    by_hour = compare(cases, on_every_postgres.engine, lines_of(bill, hours_as_days=False))
    assert by_hour.different == BY_LINE | BY_HOUR


def every_kind_of_line() -> list[dict[str, Any]]:
    """A daily bill in which no two lines are alike, with all that the sample lacks, such as credits."""
    march = {"ChargePeriodStart": "2026-03-01T00:00:00Z", "ChargePeriodEnd": "2026-04-01T00:00:00Z"}
    plan = {"CommitmentDiscountId": "sp-1", "CommitmentDiscountName": "Plan", "CommitmentDiscountUnit": "USD"}
    plan |= {"CommitmentDiscountType": "Savings Plan", "CommitmentDiscountCategory": "Spend"}
    lines: list[dict[str, Any]] = [
        {"SkuPriceDetails": '{"CoreCount": 4, "InstanceSeries": "M6i"}', "Tags": '{"Application": "web", "x": 1.50}'},
        {"SkuPriceDetails": '{"CoreCount": 2, "InstanceSeries": "M6i"}', "RegionId": "us-east-1", "ResourceId": "i-2"},
        {"ChargeCategory": "Credit", "InvoiceId": "CM-1", "BilledCost": "-3", "EffectiveCost": "-3"},
        {"ChargeClass": "Correction", "BilledCost": "-0.5", "BillingAccountType": "Payer"},
        {"ChargeClass": "Regular", "ServiceName": "Amazon S3"},
        {"CapacityReservationId": "cr-1", "CapacityReservationStatus": "Unused"},
        {"CapacityReservationId": "cr-1", "CapacityReservationStatus": "Used"},
        {"PublisherName": "Elsewhere, Inc.", "ServiceName": "A marketplace product"},
        {"ChargeDescription": "Data transfer out", "ConsumedUnit": "GB", "ConsumedQuantity": "12.5", "ResourceId": "n"},
        {**plan, "CommitmentDiscountStatus": "Unused", "CommitmentDiscountQuantity": "0.25"},
        {**plan, **march, "ChargeCategory": "Purchase", "ChargeFrequency": "Recurring", "ServiceName": "Plans"},
        {"PricingCurrency": "EUR", "PricingCurrencyEffectiveCost": "0.92", "ResourceId": "i-3"},
    ]
    base = {
        "ChargePeriodStart": "2026-03-02T00:00:00Z",
        "ChargePeriodEnd": "2026-03-03T00:00:00Z",
        "SubAccountId": "team-1",
        "SubAccountName": "Team 1",
        "ListUnitPrice": "2.00",
        "ContractedUnitPrice": "1.25",
        "PricingCurrency": "USD",
        "PricingCurrencyListUnitPrice": "2",
        "PricingCurrencyContractedUnitPrice": "1.25",
        "PricingCurrencyEffectiveCost": "1",
        "PricingQuantity": "2",
        "ListCost": "4",
        "ContractedCost": "2.5",
        "SkuId": "S",
        "SkuPriceId": "SP",
    }
    rows = [focus_row("1", **{**base, **line}) for line in lines]
    euros = rows[-1]
    euros["PricingCurrencyListUnitPrice"] = euros["PricingCurrencyContractedUnitPrice"] = None
    # As FOCUS 1.2 has them, every column in every row.
    return [{column: row.get(column) for column in COLUMNS} for row in rows]


@pytest.mark.slow
def test_use_cases_differ_from_duckdb_by_lines_added_up_and_by_nothing_else(
    on_every_postgres: Trueup, tmp_path: Path, shared_data: Path
) -> None:
    bill = write_csv(tmp_path / "bill.csv", every_kind_of_line())
    on_every_postgres.ingest(bill)
    asked = {
        "since": "2026-03-01",
        "until": "2026-04-02",
        "providername": "AWS",
        "subaccountid": "team-1",
        "servicename": "Amazon EC2",
        "resourceid": "i-1",
        "pricingunit": "Hours",
        "pricingcurrency": "EUR",
        "tagsapplication": "web",
        "tag": "Application",
    }
    cases = use_cases(shared_data / LIBRARY, asked)
    answers = compare(cases, on_every_postgres.engine, lines_of(bill, hours_as_days=False))
    assert len(answers.ran) == 53
    assert (answers.different, answers.empty) == (set(), set())


def test_the_view_has_every_column_of_focus_1_2_in_lower_case(trueup: Trueup) -> None:
    query = (
        "SELECT string_agg(column_name || ' ' || data_type, ',') FROM information_schema.columns WHERE table_name = "
    )
    types = dict(each.split(" ", 1) for each in trueup.scalar(query + "'focus_cost_and_usage'").split(","))
    assert {name for name in types if not name.startswith("x_")} == {column.lower() for column in COLUMNS}
    for column in COLUMNS:
        expected = "text"
        if column.endswith(("Start", "End")):
            expected = "timestamp with time zone"
        elif column.endswith(("Cost", "Price", "Quantity")):
            expected = "numeric"
        elif column in {"Tags", "SkuPriceDetails"}:
            expected = "jsonb"
        assert (column, types[column.lower()]) == (column, expected)


def test_a_charge_period_ends_when_the_bill_says_in_whole_days(trueup: Trueup, tmp_path: Path) -> None:
    periods = {
        "1": ("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"),  # a month
        "2": ("2026-03-01T00:00:00Z", "2027-03-01T00:00:00Z"),  # a year, bought in advance
        "4": ("2026-03-05T13:00:00Z", "2026-03-05T14:00:00Z"),  # two hours of a day are one charge
        "8": ("2026-03-05T23:00:00Z", "2026-03-06T00:00:00Z"),
        "16": ("2026-03-05T22:30:00Z", "2026-03-06T00:00:01Z"),  # a second of the next day
        "32": ("2026-03-07T09:00:00Z", "2026-03-07T09:00:00Z"),  # no duration: the day it begins
        "64": ("2026-03-08T00:00:00Z", "NULL"),
    }
    rows = [focus_row(cost, **MARCH, ChargePeriodStart=s, ChargePeriodEnd=e) for cost, (s, e) in periods.items()]
    trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    assert seen(trueup, "chargeperiodstart, chargeperiodend, billedcost, x_rowcount") == [
        (at("2026-03-01"), at("2026-04-01"), 1, 1),
        (at("2026-03-01"), at("2027-03-01"), 2, 1),
        (at("2026-03-05"), at("2026-03-06"), 12, 2),
        (at("2026-03-05"), at("2026-03-07"), 16, 1),
        (at("2026-03-07"), at("2026-03-08"), 32, 1),
        (at("2026-03-08"), at("2026-03-09"), 64, 1),
    ]
    assert seen(trueup, "DISTINCT billingperiodstart, billingperiodend") == [(at("2026-03-01"), at("2026-04-01"))]


def test_tags_and_price_details_can_be_asked_for_as_the_use_cases_do(trueup: Trueup, tmp_path: Path) -> None:
    details = {"SkuPriceId": "P", "SkuPriceDetails": '{"CoreCount": 8}'}
    rows = [
        focus_row("1", Tags='{"aws:createdBy": "ada", "n": 1.50}', **details),
        focus_row("2", Tags='{"n": 2}', SkuPriceId="P", SkuPriceDetails=None),
    ]
    trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    columns = (
        "billedcost, tags ->> 'n', json_extract_string(tags, '$.aws:createdBy'),"
        " json_exists(skupricedetails, '$.CoreCount'), json_extract_string(skupricedetails, '$.CoreCount')::bigint,"
        " month(chargeperiodstart)"
    )
    assert seen(trueup, columns) == [(1, "1.50", "ada", True, 8, 3), (2, "2", None, None, None, 3)]


def test_a_unit_price_is_the_bills_own_and_a_contracted_one_is_cost_by_quantity(trueup: Trueup, tmp_path: Path) -> None:
    prices = [("0.10", "1.2"), ("0.1", "0.8"), ("1e-1", "1"), ("0.0000012500", "1"), ("", "1"), ("cheap", "1")]
    rows = [focus_row(cost, ListUnitPrice=price, PricingQuantity="4") for price, cost in prices]
    trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    assert seen(trueup, "listunitprice, contractedcost, pricingquantity, contractedunitprice") == [
        (Decimal("0.00000125"), 1, 4, Decimal("0.25")),
        (Decimal("0.1"), 3, 12, Decimal("0.25")),  # three spellings of one price
        (None, 2, 8, Decimal("0.25")),
    ]


def test_amounts_in_another_currency_and_of_commitments_are_added_up(trueup: Trueup, tmp_path: Path) -> None:
    tokens = {"PricingCurrency": "TOKENS", "CommitmentDiscountId": "c", "CommitmentDiscountUnit": "TOKENS"}
    rows = [
        focus_row("1", **tokens, PricingCurrencyEffectiveCost="0.1", CommitmentDiscountQuantity="10"),
        focus_row("1", **tokens, PricingCurrencyEffectiveCost="0.2", CommitmentDiscountQuantity="20"),
        focus_row("1", PricingCurrency="USD", ListUnitPrice="3"),
    ]
    trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    columns = "pricingcurrency, pricingcurrencyeffectivecost, commitmentdiscountquantity, pricingcurrencylistunitprice"
    assert seen(trueup, columns) == [("TOKENS", Decimal("0.3"), 30, None), ("USD", None, None, 3)]


def test_only_live_loads_are_seen_and_a_restated_one_is_gone(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "old.csv", [focus_row("1"), focus_row("2", day="2026-04-01")]))
    trueup.ingest(write_csv(tmp_path / "other.csv", [focus_row("4", BillingAccountId="2000")]), source="other")
    trueup.ingest(write_csv(tmp_path / "new.csv", [focus_row("8")]))
    assert trueup.scalar("SELECT count(*) FROM charge") == 4
    assert seen(trueup, "billingperiodstart, sum(billedcost)", "GROUP BY 1") == [
        (at("2026-03-01"), 12),
        (at("2026-04-01"), 2),
    ]


@pytest.mark.parametrize(
    ("condition", "opened"),
    [
        ("billingperiodstart = '2026-03-01Z'", ["charge_p202603_l4"]),
        (
            "billingperiodstart >= '2026-02-01Z' AND billingperiodend <= '2026-04-01Z'",
            ["charge_p202602_l3", "charge_p202603_l4"],
        ),
        ("chargeperiodstart >= '2026-02-05Z' AND chargeperiodstart < '2026-03-01Z'", ["charge_p202602_l3"]),
        ("x_billingmonth = '2026-01-01'", ["charge_p202601_l2"]),
        ("true", ["charge_p202601_l2", "charge_p202602_l3", "charge_p202603_l4"]),
    ],
)
def test_only_the_loads_that_are_asked_about_are_read(
    on_every_postgres: Trueup, tmp_path: Path, condition: str, opened: list[str]
) -> None:
    trueup = on_every_postgres
    days = ["2026-01-05", "2026-02-05", "2026-03-05"]
    trueup.ingest(write_csv(tmp_path / "old.csv", [focus_row("1", day=days[0])]))
    trueup.ingest(write_csv(tmp_path / "new.csv", [focus_row("2", day=day) for day in days]))
    query = f"SELECT servicename, sum(billedcost) FROM focus_cost_and_usage WHERE {condition} GROUP BY 1"
    with trueup.engine.connect() as connection:
        plan = list(connection.exec_driver_sql(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {query}").scalars())
    scans = [line for line in plan if "Scan" in line and "charge_p" in line]
    read = [line for line in scans if "never executed" not in line]
    assert sorted(re.findall(r"(charge_p\w+?)(?:_charge_day_idx)? ", " ".join(read))) == opened


def test_a_role_for_bi_tools_reads_the_view_and_nothing_else(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("1.5")]))
    (block,) = re.findall(r"^```sql\n(CREATE ROLE.*?)^```", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    database = trueup.scalar("SELECT current_database()")
    role = f"bi_{database}"
    with trueup.engine.connect() as connection:
        for statement in block.replace("trueup_bi", role).replace("DATABASE trueup", f"DATABASE {database}").split(";"):
            if statement.strip():
                connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"SET ROLE {role}")
        assert connection.exec_driver_sql("SELECT BilledCost FROM focus_cost_and_usage").scalar() == Decimal("1.5")
        for table in ("charge", "charge_key", "load", "api_key"):
            with pytest.raises(ProgrammingError, match="permission denied"), connection.begin_nested():
                connection.exec_driver_sql(f"SELECT * FROM {table}")
        connection.rollback()


def test_the_guide_names_every_use_case_that_answers_otherwise() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z-]+)`", guide))
    assert {name.replace("_", "-") for name in BY_LINE | BY_HOUR} <= named
    assert "/costs/detail" in guide
