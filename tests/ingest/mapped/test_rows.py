"""What a mapping can say about numbers, dates and texts, from cell to figure."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.domain.charge import Axis, Metric
from app.errors import BadInput
from app.reports.cost_query import Granularity
from ingest.mapped.kind import KIND, MappedSettings
from tests.ingest.opening import opened
from tests.trueup import Trueup

DEFAULTS = """\
format: 1
defaults:
  BillingCurrency: USD
  BillingAccountId: a-1
  ChargeCategory: Usage
  InvoiceIssuerName: Vendor
  ServiceProviderName: Vendor
  ServiceCategory: Compute
"""
COLUMNS = """\
columns:
  BilledCost: {cost}
  EffectiveCost: {{same_as: BilledCost}}
  ChargePeriodStart: {day}
  ServiceName: name
"""


def mapping(cost: str = "amount", day: str = "day", *, top: str = "", more: str = "") -> str:
    return f"{DEFAULTS}{top}{COLUMNS.format(cost=cost, day=day)}{more}"


SPANS = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodEnd")


def written(folder: Path, *rows: str) -> Path:
    file = folder / "bill.csv"
    file.write_text("\n".join(rows) + "\n")
    return file


Load = Callable[..., Any]


@pytest.fixture
def load(trueup: Trueup, tmp_path: Path) -> Load:
    def loaded(text: str, *rows: str, header: str = "name,day,amount") -> Any:
        file = written(tmp_path, header, *rows)
        return trueup.ingest(file, source="vendor", file_format="csv", settings={"mapping_text": text})

    return loaded


def test_numbers_are_read_as_the_mapping_says_and_to_the_last_digit(load: Load, trueup: Trueup) -> None:
    spelled = {
        "1.234.567,89": "1234567.89",
        "12,5": "12.5",
        "-3": "-3",
        "(4,25)": "-4.25",
        "6,50-": "-6.5",
        "$7": "7",
        "0,000000000000000001": "0.000000000000000001",
    }
    cost = "{column: amount, decimal: ',', thousands: '.', remove: $}"
    load(mapping(cost), *(f'n{i},2026-06-01,"{text}"' for i, text in enumerate(spelled)))
    assert trueup.costs("service_name")["USD"] == {f"n{i}": Decimal(value) for i, value in enumerate(spelled.values())}


def test_a_number_that_is_not_written_as_the_mapping_says_is_set_aside_and_not_guessed(
    load: Load, trueup: Trueup
) -> None:
    cost = "{column: amount, decimal: '.', thousands: ','}"
    outcome = load(mapping(cost), 'good,2026-06-01,"1,234.50"', 'bad,2026-06-01,"1,5"', "worse,2026-06-01,1.234.5")
    assert (outcome.rows_quarantined, trueup.total()) == (2, Decimal("1234.5"))
    assert [row[:3] for row in trueup.quarantined()] == [("bill.csv", 3, "BilledCost"), ("bill.csv", 4, "BilledCost")]


def test_cents_become_dollars_and_signs_turn_without_a_float(load: Load, trueup: Trueup) -> None:
    load(mapping("{column: amount, shift: -2, negate: true}"), "a,2026-06-01,-12345", "b,2026-06-01,1")
    assert trueup.costs("service_name")["USD"] == {"a": Decimal("123.45"), "b": Decimal("-0.01")}


def test_a_date_that_does_not_fit_its_format_is_set_aside(load: Load, trueup: Trueup) -> None:
    day = '{column: day, format: ["%d/%m/%Y", "%d.%m.%y"]}'
    outcome = load(mapping(day=day), "a,03/06/2026,1", "b,04.06.26,2", "c,06/25/2026,4")
    assert outcome.rows_quarantined == 1
    assert trueup.costs(axis=Axis.CHARGE, granularity=Granularity.DAY)["USD"] == {"2026-06-03": 1, "2026-06-04": 2}
    assert trueup.quarantined() == [("bill.csv", 4, "day", "06/25/2026")]


def test_billing_month_and_end_of_a_charge_follow_from_its_start(tmp_path: Path) -> None:
    file = written(tmp_path, "name,day,amount", "a,2026-05-31,1", "b,2026-06-01T10:30:00Z,2")
    with opened(KIND, tmp_path, file, mapping_text=mapping()) as delivery:
        spans = [tuple(f"{row[name]:%m-%d %H:%M}" for name in SPANS) for row in delivery.focus]
    assert spans == [("05-01 00:00", "06-01 00:00", "06-01 00:00"), ("06-01 00:00", "07-01 00:00", "06-02 00:00")]


def test_a_month_that_the_file_names_is_the_billing_month_and_an_inclusive_end_is_made_exclusive(
    tmp_path: Path,
) -> None:
    more = (
        '  BillingPeriodStart: {column: month, format: "%Y-%m"}\n  ChargePeriodEnd: {column: last, inclusive: true}\n'
    )
    file = written(tmp_path, "name,day,amount,month,last", "a,2026-05-01,1,2026-06,2026-05-31")
    with opened(KIND, tmp_path, file, mapping_text=mapping(more=more)) as delivery:
        (row,) = delivery.focus
    assert [f"{row[name]:%m-%d}" for name in SPANS] == ["06-01", "07-01", "06-01"]


def test_texts_are_renamed_put_together_and_packed_into_tags(load: Load, trueup: Trueup) -> None:
    more = (
        '  SkuId: {template: "{kind}: {size}"}\n  Tags: {columns: {team: team, "cost center": cc}}\n'
        "  ChargeCategory: {column: kind, values: {back: Credit}, otherwise: Usage}\n"
    )
    header = "name,day,amount,kind,size,team,cc"
    rows = ('a,2026-06-01,1,gpu,8x,red,"4""2"', "b,2026-06-01,2,back,,,")
    load(mapping(more=more), *rows, header=header)
    assert trueup.costs("sku_id", "charge_category", "tag:cost center")["USD"] == {
        ("gpu: 8x", "Usage", '4"2'): 1,
        ("back:", "Credit", None): 2,
    }


def test_typed_parquet_needs_no_spelling(trueup: Trueup, tmp_path: Path) -> None:
    day = pa.array([20_605], pa.int32()).cast(pa.date32())  # 2026-06-01
    columns: dict[str, Any] = {
        "name": pa.array(["a"]),
        "day": day,
        "amount": pa.array([Decimal("1.25")], pa.decimal128(38, 18)),
    }
    pq.write_table(pa.table(columns), tmp_path / "bill.parquet")
    trueup.ingest(tmp_path / "bill.parquet", source="vendor", file_format="csv", settings={"mapping_text": mapping()})
    assert trueup.costs(metric=Metric.EFFECTIVE, axis=Axis.CHARGE, granularity=Granularity.DAY) == {
        "USD": {"2026-06-01": Decimal("1.25")}
    }


def test_a_file_of_another_encoding_and_delimiter_is_read_and_its_rows_are_counted_as_in_a_spreadsheet(
    trueup: Trueup, tmp_path: Path
) -> None:
    text = "report\nname\tday\tamount\nMünchen\t2026-06-01\t1\nKöln\t2026-06-01\tviel\n"
    (tmp_path / "bill.csv").write_bytes(text.encode("utf-16"))
    top = "delimiter: tab\nskip_rows: 1\nencoding: utf-16\n"
    settings = {"mapping_text": mapping(top=top)}
    outcome = trueup.ingest(tmp_path / "bill.csv", source="vendor", file_format="csv", settings=settings)
    assert outcome.rows_quarantined == 1
    assert trueup.costs("service_name")["USD"] == {"München": 1}
    assert trueup.quarantined()[0][:2] == ("bill.csv", 4)


def test_a_file_that_lacks_a_column_is_refused_with_the_line_that_names_it(load: Load) -> None:
    with pytest.raises(BadInput, match=r"lacks columns that the mapping names: amount \(line 10\)\. It has name, day"):
        load(mapping(), "a,2026-06-01", header="name,day")


def test_a_row_of_another_length_is_refused_with_its_number(trueup: Trueup, tmp_path: Path) -> None:
    (tmp_path / "bill.csv").write_text("name;day;amount\na;2026-06-01;1\nb;2026-06-02\n")
    settings = {"mapping_text": mapping(top='delimiter: ";"\n')}
    with pytest.raises(BadInput, match="row 2 after the header has 2 cells where the header has 3"):
        trueup.ingest(tmp_path / "bill.csv", source="vendor", file_format="csv", settings=settings)


def test_a_source_without_a_mapping_says_what_it_needs(trueup: Trueup, tmp_path: Path) -> None:
    (tmp_path / "bill.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match="needs a mapping to FOCUS"):
        trueup.ingest(tmp_path / "bill.csv", source="vendor", file_format="csv")


def test_the_settings_keep_the_mapping_itself(tmp_path: Path) -> None:
    file = tmp_path / "vendor.yaml"
    file.write_text(mapping())
    kept = MappedSettings(mapping=file).model_dump(mode="json")
    file.unlink()
    assert MappedSettings.model_validate(kept).mapping_text == mapping()
    file.write_text(mapping("cost"))  # named anew, it is read anew
    assert MappedSettings.model_validate({**kept, "mapping": file}).mapping_text == mapping("cost")
