"""Numbers, dates and blanks as real bills write them, from file to figure."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from app.domain.charge import Axis, Metric
from app.reports.cost_query import Granularity
from tests.ingest.bills import Row, focus_row, write_csv, write_parquet
from tests.trueup import Trueup

COSTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")


def days(trueup: Trueup) -> list[str]:
    """The charge days there are."""
    return list(trueup.costs(axis=Axis.CHARGE, granularity=Granularity.DAY)["USD"])


SPELLINGS = {
    "1.2E-7": "0.00000012",
    "-1.2e-7": "-0.00000012",
    "15E1": "150",
    "100E-2": "1",
    "+3": "3",
    ".5": "0.5",
    "5.": "5",
    " 7 ": "7",
    "-0.00": "0",
    "000012.500": "12.5",
    "0.123456789012345678": "0.123456789012345678",  # 18 fractional digits
    "0.123456789012345678901234": "0.123456789012345678901234",
    "-99999999999999.999999999999999999999999": "-99999999999999.999999999999999999999999",  # 38 digits
    "1.5e-23": "0.000000000000000000000015",
}


def test_a_number_is_kept_to_the_last_digit_however_it_is_written(trueup: Trueup, tmp_path: Path) -> None:
    rows = [focus_row(written, ServiceName=f"<{written}>") for written in SPELLINGS]
    trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    costs = {f"<{written}>": Decimal(cost) for written, cost in SPELLINGS.items()}
    assert trueup.costs("service_name") == {"USD": costs}
    assert {item.values["service_name"]: item.amount for item in trueup.lines().items} == costs


def test_digits_of_one_row_do_not_round_another(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("1E-24"), focus_row("1000000000"), focus_row("0.1")]))
    assert trueup.total() == Decimal("1000000000.100000000000000000000001")


def test_an_absent_cost_adds_nothing_and_is_counted(trueup: Trueup, tmp_path: Path) -> None:
    spellings = ("", "NULL", "null", "Null", "  ", " NULL ")
    rows = [focus_row("3", ListCost=absent, EffectiveCost=absent) for absent in spellings]
    outcome = trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("2"), *rows]))
    assert outcome.rows_quarantined == 0
    assert [trueup.total(metric) for metric in (Metric.BILLED, Metric.LIST, Metric.EFFECTIVE)] == [20, 2, 2]
    missing = {metric: trueup.rows_without_value(metric) for metric in Metric}
    assert missing == {Metric.LIST: 6, Metric.EFFECTIVE: 6, Metric.BILLED: 0, Metric.CONTRACTED: 0}


def test_a_cost_nobody_gave_is_missing_and_not_zero(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("2", ListCost="NULL")]))
    assert trueup.costs(metric=Metric.LIST) == {"USD": {(): None}}


def test_a_date_is_read_however_it_is_written(trueup: Trueup, tmp_path: Path) -> None:
    spellings = (
        "2026-03-02T00:00:00Z",
        "2026-03-02T23:59:59.999Z",
        "2026-03-02 12:00:00",
        "2026-03-02 12:00:00 UTC",
        "2026-03-02T12:00:00+00:00",
        "2026-03-02T12:00",
        "2026-03-02T12:00z",
        "2026-03-02",
        "3/2/2026",
        "03/02/26",
    )
    rows = [focus_row("1", ChargePeriodStart=written) for written in spellings]
    trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    assert trueup.costs(axis=Axis.CHARGE, granularity=Granularity.DAY) == {"USD": {"2026-03-02": 10}}


def test_a_date_that_cannot_be_read_sets_its_row_aside(trueup: Trueup, tmp_path: Path) -> None:
    spellings = ("2026-03-02T00:00:00+02:00", "2026-03-02T00:00:00-0500", "2026-02-30", "02.03.2026", "soon", "")
    rows = [focus_row("5", ChargePeriodStart=written) for written in spellings]
    outcome = trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("4"), *rows]))
    assert outcome.rows_quarantined == 6
    assert trueup.total() == 4
    assert trueup.quarantined() == [
        ("bill.csv", number, "ChargePeriodStart", written or None) for number, written in enumerate(spellings, start=3)
    ]


def test_a_currency_in_lower_case_is_the_same_currency(trueup: Trueup, tmp_path: Path) -> None:
    rows = [focus_row("1", BillingCurrency="usd"), focus_row("2", BillingCurrency=" USD"), focus_row("4")]
    trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    assert trueup.costs() == {"USD": {(): 7}}


def test_two_currencies_are_never_added(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("1"), focus_row("2", BillingCurrency="EUR")]))
    assert trueup.costs() == {"USD": {(): 1}, "EUR": {(): 2}}


def typed(rows: list[Row], *, number: pa.DataType, instant: pa.DataType, read: Any) -> tuple[list[Row], dict[str, Any]]:
    """The rows with costs and instants of these types."""
    instants = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
    types = dict.fromkeys(COSTS, number) | dict.fromkeys(instants, instant)
    return [
        row | {name: read(row[name]) for name in COSTS} | {name: at(row[name], instant) for name in instants}
        for row in rows
    ], types


def at(written: str, kind: pa.DataType) -> datetime | date:
    instant = datetime.fromisoformat(written)
    if pa.types.is_date(kind):
        return instant.date()
    return instant if getattr(kind, "tz", None) else instant.replace(tzinfo=None)


INSTANTS: tuple[pa.DataType, ...] = (
    *(pa.timestamp(unit) for unit in ("ms", "us", "ns")),
    *(pa.timestamp(unit, tz="UTC") for unit in ("ms", "us", "ns")),
    pa.date32(),
)


def test_typed_parquet_reads_like_text(trueup: Trueup, tmp_path: Path) -> None:
    rows = [focus_row("0.1"), focus_row("0.2", day="2026-03-31")]
    for number, instant in enumerate(INSTANTS):
        as_typed, types = typed(rows, number=pa.decimal128(38, 18), instant=instant, read=Decimal)
        trueup.ingest(
            write_parquet(tmp_path / f"{number}.parquet", as_typed, types),
            source=f"source-{number}",
            allow_overlap=True,
        )
    by_day = {"2026-03-02": Decimal("0.7"), "2026-03-31": Decimal("1.4")}
    assert trueup.costs(axis=Axis.CHARGE, granularity=Granularity.DAY) == {"USD": by_day}
    assert trueup.live() == [("2026-03", 2)] * 7
    starts = [item.charge_period_start for item in trueup.lines().items]
    assert starts == [datetime(2026, 3, 2)] * 7 + [datetime(2026, 3, 31)] * 7  # noqa: DTZ001


def test_an_instant_of_another_zone_in_parquet_falls_on_its_utc_day(trueup: Trueup, tmp_path: Path) -> None:
    late = datetime(2026, 3, 2, 23, tzinfo=timezone(timedelta(hours=-5)))  # 04:00 UTC on the 3rd
    row = focus_row("1") | {"ChargePeriodStart": late, "ChargePeriodEnd": late + timedelta(hours=1)}
    types = dict.fromkeys(("ChargePeriodStart", "ChargePeriodEnd"), pa.timestamp("us", tz="America/New_York"))
    trueup.ingest(write_parquet(tmp_path / "bill.parquet", [row], types))
    assert days(trueup) == ["2026-03-03"]


def test_a_double_counts_as_its_shortest_decimal(trueup: Trueup, tmp_path: Path) -> None:
    doubles = ("0.1", "1e-07", "123456.789", "-2.5", "1e16")
    rows = [focus_row(cost, ServiceName=cost) for cost in doubles]
    as_typed, types = typed(rows, number=pa.float64(), instant=pa.timestamp("us", tz="UTC"), read=float)
    trueup.ingest(write_parquet(tmp_path / "bill.parquet", as_typed, types))
    assert trueup.costs("service_name") == {"USD": {cost: Decimal(cost) for cost in doubles}}
    assert trueup.lines().totals == {"USD": sum(map(Decimal, doubles))}


def test_a_thousand_doubles_of_a_tenth_are_a_hundred(trueup: Trueup, tmp_path: Path) -> None:
    rows, types = typed([focus_row("0.1")] * 1000, number=pa.float64(), instant=pa.date32(), read=float)
    trueup.ingest(write_parquet(tmp_path / "bill.parquet", rows, types))
    assert trueup.total() == 100


def test_whole_costs_are_read_from_any_type(trueup: Trueup, tmp_path: Path) -> None:
    types: dict[pa.DataType, Any] = {
        pa.decimal128(10, 2): Decimal,
        pa.decimal128(38, 18): Decimal,
        pa.int64(): int,
        pa.string(): str,
    }
    rows = [focus_row("3"), focus_row("-1")]
    for kind, read in types.items():
        as_typed, of_columns = typed(rows, number=kind, instant=pa.date32(), read=read)
        file = write_parquet(tmp_path / f"{len(trueup.live())}.parquet", as_typed, of_columns)
        trueup.ingest(file, source=f"source-{len(trueup.live())}", allow_overlap=True)
    assert trueup.total() == 8
    assert trueup.lines().totals == {"USD": Decimal(8)}


def test_a_double_that_is_no_number_sets_its_row_aside(trueup: Trueup, tmp_path: Path) -> None:
    rows = [focus_row("1"), focus_row("nan"), focus_row("inf")]
    as_typed, types = typed(rows, number=pa.float64(), instant=pa.date32(), read=float)
    outcome = trueup.ingest(write_parquet(tmp_path / "bill.parquet", as_typed, types))
    assert outcome.rows_quarantined == 2
    assert trueup.total() == 1
    broken = [("bill.parquet", 2, "BilledCost", "nan"), ("bill.parquet", 3, "BilledCost", "inf")]
    assert trueup.quarantined() == broken


def test_the_same_bill_as_csv_and_as_parquet_is_the_same_money_on_the_same_keys(trueup: Trueup, tmp_path: Path) -> None:
    rows = [focus_row("0.1"), focus_row("2.25", ServiceName="Amazon S3")]
    trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    before = trueup.costs("service_name", "resource_id")
    as_typed, types = typed(rows, number=pa.decimal128(38, 10), instant=pa.timestamp("us", tz="UTC"), read=Decimal)
    trueup.ingest(write_parquet(tmp_path / "bill.parquet", as_typed, types))
    assert trueup.costs("service_name", "resource_id") == before
    assert trueup.scalar("SELECT count(*) FROM charge_key") == 2
    assert trueup.scalar("SELECT count(*) FROM load_difference") == 0


def test_now_is_no_part_of_reading_a_bill(trueup: Trueup, tmp_path: Path) -> None:
    tomorrow = (datetime.now(tz=UTC) + timedelta(days=40)).date().isoformat()
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("1", day=tomorrow)]))
    assert days(trueup) == [tomorrow]


@pytest.mark.parametrize("day", ["0000-01-01", "0001-01-01", "9999-12-31T00:00:00Z"])
@pytest.mark.parametrize("column", ["ChargePeriodStart", "BillingPeriodStart"])
def test_a_date_that_no_bill_can_mean_sets_its_row_aside(trueup: Trueup, tmp_path: Path, column: str, day: str) -> None:
    outcome = trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("1"), focus_row("2", **{column: day})]))
    assert outcome.rows_quarantined == 1
    assert trueup.lines().totals == {"USD": 1}
