"""Tokens that a cloud's bill meters are kept as drivers beside its charges, and corrected with them."""

from decimal import Decimal
from pathlib import Path

from app.db.tables.charges import Driver
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup


def bedrock(quantity: str, meter: str = "USE1-Claude4.5Sonnet-output-tokens", **cells: str) -> dict[str, str]:
    return focus_row(
        "3", ServiceName="Amazon Bedrock", SkuMeter=meter, ConsumedQuantity=quantity, ConsumedUnit="1K tokens", **cells
    )


def tokens(trueup: Trueup) -> list[tuple[str, str | None, str | None, Decimal]]:
    return [
        (str(each.day), each.dimensions.get("model"), each.dimensions.get("token_class"), each.quantity)
        for each in trueup.all(Driver)
    ]


def test_the_tokens_of_a_cloud_bill_are_drivers_of_its_load(trueup: Trueup, tmp_path: Path) -> None:
    rows = [bedrock("1.5"), bedrock("2"), bedrock("4", "USE1-Claude4.5Sonnet-input-tokens"), focus_row("1")]
    (load,) = trueup.ingest(write_csv(tmp_path / "bill.csv", rows)).loads
    assert load.drivers == 2
    assert sorted(tokens(trueup)) == [
        ("2026-03-02", "Claude4.5Sonnet", "input", Decimal(4000)),
        ("2026-03-02", "Claude4.5Sonnet", "output", Decimal(3500)),
    ]


def test_tokens_corrected_in_a_later_month_go_with_that_months_load(trueup: Trueup, tmp_path: Path) -> None:
    april = {"BillingPeriodStart": "2026-04-01", "BillingPeriodEnd": "2026-05-01"}
    trueup.ingest(write_csv(tmp_path / "bill.csv", [bedrock("1"), bedrock("-0.25", **april)]))
    by_load = {each.load_id: each.quantity for each in trueup.all(Driver)}
    assert list(by_load.values()) == [Decimal(1000), Decimal(-250)]
