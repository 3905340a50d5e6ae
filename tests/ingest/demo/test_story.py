"""The story the demo's bills tell, month by month before the running one (2026-11)."""

from decimal import Decimal
from typing import Any

import pytest

pytestmark = pytest.mark.slow

Charges = list[dict[str, Any]]
ByTeam = dict[str, Charges]


def _owned(rows: Charges, team: str, month: str) -> Charges:
    """A team's tagged usage of one month."""
    return [
        row for row in rows if (row["Tags"] or {}).get("team") == team and row["ChargePeriodStart"].startswith(month)
    ]


def _cost(rows: Charges) -> Decimal:
    return sum((row["EffectiveCost"] for row in rows), Decimal(0))


def _daily_cost(rows: Charges) -> Decimal:
    return _cost(rows) / len({row["ChargePeriodStart"] for row in rows})


def _gpu_hours(rows: Charges) -> Decimal:
    gpus = [(row, int((row["SkuPriceDetails"] or {}).get("GpuCount", 0))) for row in rows if row["ConsumedQuantity"]]
    return sum((row["ConsumedQuantity"] * count for row, count in gpus), Decimal(0))


def test_seven_teams_have_tagged_cost(charges: dict[str, Charges]) -> None:
    teams = {(row["Tags"] or {}).get("team") for rows in charges.values() for row in rows} - {None}

    assert teams == {"pretraining", "finetuning", "inference", "search", "speech", "data", "sandbox"}


def test_pre_training_has_one_big_run_on_h100s(charges: dict[str, Charges]) -> None:
    hours = {
        month: _gpu_hours(_owned(charges["aws"], "pretraining", month)) for month in ("2026-05", "2026-08", "2026-10")
    }

    assert hours["2026-08"] > 4 * hours["2026-05"]
    assert hours["2026-08"] > 4 * hours["2026-10"]


def test_the_plan_bought_for_the_run_goes_unused_after_it(charges: dict[str, Charges]) -> None:
    unused = {
        month: _cost(
            [
                row
                for row in charges["aws"]
                if row["CommitmentDiscountStatus"] == "Unused"
                and row["CommitmentDiscountName"] == "sp-pretraining-h100"
                and row["ChargePeriodStart"].startswith(month)
            ]
        )
        for month in ("2026-08", "2026-10")
    }

    assert unused["2026-08"] == 0
    assert unused["2026-10"] > 200_000


def test_lora_takes_three_fifths_of_fine_tunings_gpu_hours(charges: dict[str, Charges]) -> None:
    before = _gpu_hours(_owned(charges["aws"], "finetuning", "2026-05"))
    after = _gpu_hours(_owned(charges["aws"], "finetuning", "2026-07"))

    assert Decimal("0.37") < after / before < Decimal("0.43")


def test_serving_grows_six_percent_a_month_until_quantized_weights_flatten_it(charges: dict[str, Charges]) -> None:
    cost = {
        month: _daily_cost(_owned(charges["aws"], "inference", month))
        for month in ("2025-11", "2026-05", "2026-07", "2026-09", "2026-10")
    }

    assert Decimal("1.25") < cost["2026-05"] / cost["2025-11"] < Decimal("1.5")
    assert cost["2026-09"] < cost["2026-07"] * Decimal("0.88")
    assert abs(cost["2026-10"] / cost["2026-09"] - 1) < Decimal("0.05")


def test_speech_pays_for_its_a100s_at_weekends_too(charges: dict[str, Charges]) -> None:
    fleet = [row for row in _owned(charges["gcp"], "speech", "2026-10") if "a100" in (row["ResourceName"] or "")]
    by_day: dict[str, Decimal] = {}
    for row in fleet:
        by_day[row["ChargePeriodStart"]] = by_day.get(row["ChargePeriodStart"], Decimal(0)) + row["EffectiveCost"]

    assert len(by_day) == 31
    assert len(set(by_day.values())) == 1


def test_the_forgotten_v100s_carry_no_tag(charges: dict[str, Charges]) -> None:
    forgotten = [row for row in charges["aws"] if row["SubAccountName"] == "acme-legacy" and "p3." in row["SkuId"]]

    assert {row["SkuPriceDetails"]["x_GpuModel"] for row in forgotten} == {"V100"}
    assert all(row["Tags"] is None for row in forgotten)


def test_searchs_openai_bill_leaps_and_falls_once_routed(charges: dict[str, Charges]) -> None:
    def daily(start: str, end: str) -> Decimal:
        rows = [row for row in charges["openai"] if row["SubAccountId"] == "proj_search"]
        return _daily_cost([row for row in rows if start <= row["ChargePeriodStart"] < end])

    normal, launched, routed = (
        daily("2026-09-01", "2026-10-01"),
        daily("2026-10-01", "2026-10-22"),
        daily("2026-10-22", "2026-11-24"),
    )
    assert launched > Decimal("2.5") * normal
    assert routed < normal
