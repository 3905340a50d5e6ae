"""What GPUs cost by the hour, kept while a bill is loaded: every provider's way of billing a machine with GPUs."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from app.actions.sources import add_source
from app.db.queries.gpu_prices import gpu_cost, has_gpu_prices, priced_hours
from app.db.session import read_session, write_session
from app.db.tables.gpu import GpuPrice
from app.domain.charge import Metric
from app.domain.gpu.price import PricedHour
from app.domain.viewer import operator
from tests.ingest.aws.curs import item, plan, pod, reservation
from tests.ingest.aws.curs import write as write_cur
from tests.ingest.azure.cost_rows import cost_row, unused
from tests.ingest.bills import Row, focus_row, write_csv
from tests.ingest.gcp.exports import gcp_row
from tests.ingest.gcp.exports import write_parquet as write_gcp
from tests.trueup import Trueup

MARCH = date(2026, 3, 1)
P5 = {"SkuMeter": "BoxUsage:p5.48xlarge", "ConsumedQuantity": "1", "ConsumedUnit": "Hours"}
P5_CUR: dict[str, Any] = {"line_item_usage_type": "USE1-BoxUsage:p5.48xlarge"}


def gpu_row(cost: str, *, hour: int = 0, **cells: Any) -> Row:
    """An hour of a p5.48xlarge on 2 March 2026, from `hour`."""
    start = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=hour)
    end = start + timedelta(hours=1)
    times = {"ChargePeriodStart": f"{start:%Y-%m-%dT%H:%M:%SZ}", "ChargePeriodEnd": f"{end:%Y-%m-%dT%H:%M:%SZ}"}
    return focus_row(cost, **{**P5, **times, **cells})


def hours(trueup: Trueup, period: date = MARCH) -> list[PricedHour]:
    with read_session(trueup.engine) as session:
        return priced_hours(session, period)


def part_of_the_bill(trueup: Trueup, period: date = MARCH) -> dict[str, Decimal]:
    with read_session(trueup.engine) as session:
        found = {each.billing_currency: each.effective_cost for each in gpu_cost(session, period)}
        assert has_gpu_prices(session, period) == bool(found)
        return found


def told(found: Sequence[PricedHour], *names: str) -> list[Any]:
    return [tuple(getattr(each, name) for name in names) for each in found]


def test_an_hourly_bill_is_kept_by_the_hour_and_a_new_price_counts_from_its_hour(
    trueup: Trueup, tmp_path: Path
) -> None:
    prices = ["98.32", "98.32", "55.04", "55.040000000000000000000001"]
    rows = [gpu_row(price, hour=hour) for hour, price in enumerate(prices, start=22)]
    trueup.ingest(write_csv(tmp_path / "bill.csv", [*rows, focus_row("7", ResourceId="i-2")]))
    found = hours(trueup)
    day = datetime(2026, 3, 2, tzinfo=UTC)
    assert told(found, "hour", "effective_cost") == [
        (day + timedelta(hours=22 + number), Decimal(price)) for number, price in enumerate(prices)
    ]
    assert {each.charge_day for each in found} == {date(2026, 3, 2), date(2026, 3, 3)}
    assert {(e.resource_id, e.is_daily, e.node_hours, e.boards, e.accelerator, e.purchase_option) for e in found} == {
        ("i-1", False, Decimal(1), 8, "H100-SXM5-80GB", "on_demand")
    }
    assert part_of_the_bill(trueup) == {"USD": Decimal("306.720000000000000000000001")}


def test_a_daily_bill_is_kept_by_the_day_with_the_hours_that_ran(trueup: Trueup, tmp_path: Path) -> None:
    cells: dict[str, Any] = {"ChargePeriodEnd": "2026-03-03T00:00:00Z", "ConsumedQuantity": "13.5"}
    trueup.ingest(write_csv(tmp_path / "bill.csv", [gpu_row("743.04", **cells), gpu_row("1", hour=5)]))
    names = ("hour", "is_daily", "effective_cost", "node_hours")
    # The hour is not told apart from the rest of its day any more: the day's line holds it too, as far as anyone knows.
    assert told(hours(trueup), *names) == [(datetime(2026, 3, 2, tzinfo=UTC), True, Decimal("744.04"), Decimal("14.5"))]


def test_a_day_on_which_clocks_change_has_its_hours_of_utc(trueup: Trueup, tmp_path: Path) -> None:
    rows = [gpu_row("1", hour=26 * 24 + hour) for hour in range(48)]  # 28 and 29 March: Europe goes to summer time
    trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    found = told(hours(trueup), "hour", "effective_cost")
    assert len(found) == len(set(found)) == 48
    assert found[-1][0] - found[0][0] == timedelta(hours=47)


def test_a_bill_without_gpus_has_no_prices(trueup: Trueup, tmp_path: Path) -> None:
    rows = [focus_row("7"), focus_row("3", ChargeCategory="Tax", SkuMeter="BoxUsage:p5.48xlarge")]
    trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    assert part_of_the_bill(trueup) == {}
    assert not trueup.all(GpuPrice)


def test_a_restated_bill_takes_the_place_of_its_prices_and_the_old_ones_stay_on_record(
    trueup: Trueup, tmp_path: Path
) -> None:
    trueup.ingest(write_csv(tmp_path / "1.csv", [gpu_row("98.32"), gpu_row("98.32", hour=1)]))
    trueup.ingest(write_csv(tmp_path / "2.csv", [gpu_row("55.04")]))
    assert part_of_the_bill(trueup) == {"USD": Decimal("55.04")}
    assert told(hours(trueup), "effective_cost") == [(Decimal("55.04"),)]
    assert len(trueup.all(GpuPrice)) == 3


@pytest.mark.parametrize("daily", [False, True])
def test_a_delivery_that_adds_has_the_earlier_prices_too(trueup: Trueup, tmp_path: Path, daily: bool) -> None:
    with write_session(trueup.engine) as session:
        config = {"delivery_handling": "Append", "correction_handling": "Delta"}
        add_source(session, operator(), kind="focus", name="aws", config=config)
    trueup.ingest(write_csv(tmp_path / "1.csv", [gpu_row("10", hour=0), gpu_row("10", hour=1)]))
    cells: dict[str, Any] = {"ChargePeriodEnd": "2026-03-03T00:00:00Z"} if daily else {}
    trueup.ingest(write_csv(tmp_path / "2.csv", [gpu_row("-2.5", **cells), gpu_row("4", hour=30)]))
    found = [(each.hour.hour, each.is_daily, each.effective_cost) for each in hours(trueup)]
    next_day = (6, False, 4)
    if daily:
        assert found == [(0, True, Decimal("17.5")), next_day]
    else:
        assert found == [(0, False, Decimal("7.5")), (1, False, 10), next_day]
    assert part_of_the_bill(trueup) == {"USD": Decimal("21.5")}


def test_an_hour_of_aws_bought_in_two_ways_with_a_reservation_left_over(trueup: Trueup, tmp_path: Path) -> None:
    effective: dict[str, Any] = {"savings_plan_savings_plan_effective_cost": "20.25", "line_item_usage_amount": "0.6"}
    fee: dict[str, Any] = {
        "reservation_unused_amortized_upfront_fee_for_billing_period": "3",
        "reservation_unused_recurring_fee": "1.5",
        "line_item_usage_type": "USE1-HeavyUsage:p4d.24xlarge",
        "line_item_usage_end_date": datetime(2026, 4, 1),  # noqa: DTZ001  (as CUR has it)
    }
    items = [
        plan("SavingsPlanCoveredUsage", "33", **P5_CUR, **effective),
        plan("SavingsPlanNegation", "-33", **P5_CUR),
        item("Usage", "22.016", **P5_CUR, line_item_usage_amount="0.4"),
        item("Usage", "5", line_item_usage_type="USE1-SpotUsage:g5.xlarge", line_item_resource_id="i-spot"),
        item("Usage", "9", line_item_usage_type="USE1-DataTransfer-Out-Bytes", pricing_unit="GB"),
        item("Usage", "1", line_item_usage_type="USE1-EBSOptimized:p5.48xlarge", pricing_unit="Hrs"),
        reservation("RIFee", "100", **fee),
    ]
    trueup.ingest(write_cur(tmp_path / "cur.parquet", items), source="aws", file_format="aws-cur")
    found = sorted(
        told(
            hours(trueup),
            "purchase_option",
            "effective_cost",
            "node_hours",
            "boards",
            "is_daily",
            "is_unused_commitment",
        )
    )
    assert found == [
        ("committed", Decimal("4.5"), None, 8, True, True),
        ("committed", Decimal("20.25"), Decimal("0.6"), 8, False, False),
        ("on_demand", Decimal("23.016"), Decimal("0.4"), 8, False, False),
        ("spot", Decimal(5), Decimal(1), 1, False, False),
    ]


def test_pods_that_an_instance_is_split_among_are_parts_of_its_price(trueup: Trueup, tmp_path: Path) -> None:
    items = [item("Usage", "55.04", **P5_CUR), pod("i-1", "20", "2", line_item_usage_amount="0")]
    trueup.ingest(write_cur(tmp_path / "cur.csv", items), source="aws", file_format="aws-cur")
    found = told(hours(trueup), "resource_id", "effective_cost", "node_hours", "boards")
    assert found == [("i-1", Decimal("55.04"), Decimal(1), 8)]


def test_gcp_bills_gpus_cores_and_memory_apart_and_a_machine_costs_their_sum(trueup: Trueup, tmp_path: Path) -> None:
    gpus: dict[str, Any] = {
        "sku__id": "GPU",
        "sku__description": "Nvidia H100 80GB GPU running in Americas",
        "usage__amount": 28800.0,
        "usage__amount_in_pricing_units": 8.0,
    }
    memory: dict[str, Any] = {
        "sku__id": "RAM",
        "sku__description": "A3 Instance Ram running",
        "usage__pricing_unit": "gibibyte hour",
    }
    memory |= {"usage__unit": "byte-seconds", "usage__amount": 1e12}
    egress: dict[str, Any] = {
        "sku__id": "NET",
        "sku__description": "Network Egress",
        "usage__pricing_unit": "gibibyte",
        "usage__unit": "bytes",
    }
    rows = [
        gcp_row(70.0, ("SUSTAINED_USAGE_DISCOUNT", -10.0), ("PROMOTION", -2.5), **gpus),
        gcp_row(9.5),
        gcp_row(3.25, **memory),
        gcp_row(6.0, **egress),
        gcp_row(5.0, resource__name="other", resource__global_name="//compute.googleapis.com/other"),
    ]
    trueup.ingest(write_gcp(tmp_path / "gcp.parquet", rows), source="gcp", file_format="gcp-billing")
    found = hours(trueup, date(2026, 6, 1))
    assert told(found, "effective_cost", "node_hours", "boards", "accelerator", "purchase_option") == [
        (Decimal("70.25"), Decimal(1), 8, "H100-SXM5-80GB", "on_demand")
    ]


def test_a_scale_set_of_azure_has_the_hours_of_all_its_machines(trueup: Trueup, tmp_path: Path) -> None:
    scale_set = "/subscriptions/S/resourceGroups/RG/providers/Microsoft.Compute/virtualMachineScaleSets/GPUs"
    size = {"MeterName": "NC24ads A100 v4", "ResourceId": scale_set, "ResourceName": "GPUs", "Quantity": "36"}
    rows = [
        cost_row("132.228", **size),
        cost_row("20", **{**size, "MeterName": "NC24ads A100 v4 Spot", "PricingModel": "Spot", "Quantity": "12"}),
        cost_row("3"),
    ]
    actual, amortized = tmp_path / "actual.csv", tmp_path / "amortized.csv"
    write_csv(actual, [{**row, "Cost": row["Cost"]} for row in rows])
    left = unused("8", MeterName="NC24ads A100 v4", Quantity="4")
    write_csv(amortized, [*rows, left])
    trueup.ingest(actual, amortized, source="azure", file_format="azure-native")
    found = sorted(told(hours(trueup), "purchase_option", "effective_cost", "node_hours", "boards", "is_daily"))
    assert found == [
        ("committed", Decimal(8), None, 1, True),
        ("on_demand", Decimal("132.228"), Decimal(36), 1, True),
        ("spot", Decimal(20), Decimal(12), 1, True),
    ]


def test_machines_of_ones_own_cost_what_their_rate_card_says(trueup: Trueup, tmp_path: Path) -> None:
    card = tmp_path / "card.yaml"
    card.write_text(
        """
format: 1
owner: {id: acme, name: Acme}
currency: EUR
from: 2026-03
through: 2026-03
machines:
  - id: dgx-1
    model: NVIDIA A100-SXM4-80GB
    gpus: 8
    purchase_price: 100000
    bought_on: 2026-02-01
    depreciation_months: 48
    colocation: {per_month: 620}
"""
    )
    trueup.ingest(card, source="dc", file_format="rate-card")
    found = hours(trueup)
    assert {(each.resource_id, each.purchase_option, each.boards, each.node_hours) for each in found} == {
        ("dgx-1", "owned", 8, Decimal(24))
    }
    (billed,) = trueup.costs(metric=Metric.EFFECTIVE)["EUR"].values()
    assert part_of_the_bill(trueup) == {"EUR": billed}


def test_the_owner_of_a_price_is_that_of_the_policy_in_force_on_its_day(trueup: Trueup, tmp_path: Path) -> None:
    trueup.policy(
        """
name: p
teams:
  - {id: search, name: Search}
  - {id: speech, name: Speech}
pools:
  - {id: platform, name: Platform, split: even}
rules:
  - {name: early, when: {tag: team, equals: x}, team: search, valid_to: 2026-03-03}
  - {name: late, when: {tag: team, equals: x}, pool: platform, valid_from: 2026-03-03}
"""
    )
    tagged = {"Tags": json.dumps({"team": "x"})}
    rows = [gpu_row("1", hour=23, **tagged), gpu_row("2", hour=24, **tagged), gpu_row("4", ResourceId="i-9")]
    trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    assert sorted(told(hours(trueup), "effective_cost", "team_id", "pool_id")) == [
        (1, "search", None),
        (2, None, "platform"),
        (4, None, None),
    ]


def test_prices_are_the_sums_of_their_lines_whatever_the_bill(trueup: Trueup, tmp_path: Path) -> None:
    draw = Random(5)
    rows, expected = [], dict[tuple[str, datetime], Decimal]()
    for _ in range(400):
        machine, start = f"i-{draw.randrange(6)}", draw.randrange(24 * 5)
        cost = Decimal(draw.randrange(-(10**12), 10**15)).scaleb(-draw.randrange(8, 19))
        names_gpu = draw.random() < 0.8
        named = {} if names_gpu else {"SkuMeter": "LicenseHours", "SkuPriceDetails": None}
        rows.append(gpu_row(str(cost), hour=start, ResourceId=machine, **named))
        place = machine, datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=start)
        expected[place] = expected.get(place, Decimal(0)) + cost
    others = [focus_row("17.123456789", ResourceId=f"web-{number}") for number in range(20)]
    trueup.ingest(write_csv(tmp_path / "bill.csv", [*rows, *others]))
    found = hours(trueup)
    assert {(each.resource_id, each.hour): each.effective_cost for each in found} == expected
    assert part_of_the_bill(trueup) == {"USD": sum(expected.values())}
    on_the_bill = trueup.costs("resource_id", metric=Metric.EFFECTIVE)["USD"]
    by_machine = {machine: Decimal(0) for machine, _ in expected}
    for (machine, _), cost in expected.items():
        by_machine[machine] += cost
    assert {name: on_the_bill[name] for name in by_machine} == by_machine
