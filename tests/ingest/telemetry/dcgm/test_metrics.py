"""The table of names and units: complete, without a name twice, and what the papers recommend to export."""

import re
from collections import Counter
from pathlib import Path

import pytest

from app.domain.gpu.sample import SAMPLE_COLUMNS
from ingest.telemetry.dcgm.metrics import METRICS, is_blank, metric_of, within

PAPER = Path(__file__).resolve().parents[4] / "docs" / "telemetry.md"


def test_no_name_says_two_measures_and_each_measure_is_of_samples() -> None:
    names = Counter(name for metric in METRICS for name in metric.names)
    assert set(names.values()) == {1}
    ours = {column.name for column in SAMPLE_COLUMNS}
    assert {metric.column for metric in METRICS} - ours == {"fb_free_mib", "fb_reserved_mib"}  # parts of fb_total_mib


def test_the_paper_recommends_what_is_used_and_knows_every_name() -> None:
    paper = PAPER.read_text(encoding="utf-8")
    recommended = re.findall(r"^(DCGM_\w+), (?:gauge|counter),", paper, re.MULTILINE)
    found = [metric_of(name) for name in recommended]
    assert all(found)
    covered = {each[0].column for each in found if each}
    assert covered == {metric.column for metric in METRICS} - {"fb_total_mib"}
    assert {
        name for metric in METRICS for name in metric.names if "FREE" not in name and "RESERVED" not in name
    } <= set(re.findall(r"`(DCGM_\w+)`", paper))


def test_openmetrics_puts_total_after_a_counter() -> None:
    assert metric_of("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION_total") == metric_of("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION")
    assert metric_of("DCGM_FI_DEV_SM_CLOCK") is None


@pytest.mark.parametrize("value", [0, 1, 0.5, 2147483631, 2147483636, 140737488355332, 9e15])
def test_a_value_is_no_blank(value: float) -> None:
    assert not is_blank(value)


def test_a_measure_is_within_the_limits_of_its_column() -> None:
    util = next(metric for metric in METRICS if metric.column == "gpu_util_percent")
    assert [within(util, value) for value in (-1, 0, 100, 100.5, 102)] == [None, 0, 100, 100, None]
