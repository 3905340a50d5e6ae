"""What an hour of samples comes to."""

from pathlib import Path
from typing import Any

import pytest

from app.domain.gpu.minutes import WHOLE_HOUR, mask, span
from tests.ingest.telemetry.sample_rows import a_sample, at, facts_of, samples

BUSY: dict[str, Any] = {"sm_active_ratio": 0.8}
IDLE: dict[str, Any] = {"sm_active_ratio": 0.0}


def test_minutes_are_bits(tmp_path: Path) -> None:
    rows = samples(range(30), **BUSY) + samples(range(40, 50), **IDLE)
    (fact,) = facts_of(tmp_path, rows)
    assert fact["observed"] == span(0, 30) | span(40, 50)
    assert fact["active"] == span(0, 30)
    assert (fact["hour"], fact["sample_count"], fact["activity_source"]) == (at(0), 40, "sm_active")
    assert fact["activity_avg"] == pytest.approx(0.6)
    assert fact["activity_max"] == pytest.approx(0.8)


def test_a_whole_hour_fits(tmp_path: Path) -> None:
    (fact,) = facts_of(tmp_path, samples(range(60), **BUSY))
    assert fact["observed"] == fact["active"] == WHOLE_HOUR


@pytest.mark.parametrize(
    ("cells", "source", "average"),
    [
        ({"sm_active_ratio": 0.2, "gr_engine_active_ratio": 0.4, "gpu_util_percent": 90.0}, "sm_active", 0.2),
        ({"gr_engine_active_ratio": 0.4, "gpu_util_percent": 90.0}, "gr_engine_active", 0.4),
        ({"gpu_util_percent": 90.0}, "gpu_util", 0.9),
        ({"fb_used_mib": 5.0}, None, None),
    ],
)
def test_the_best_metric_there_is_says_whether_it_was_active(
    tmp_path: Path, cells: dict[str, Any], source: str | None, average: float | None
) -> None:
    (fact,) = facts_of(tmp_path, samples(range(5), **cells))
    assert fact["activity_source"] == source
    assert fact["activity_avg"] == (None if average is None else pytest.approx(average))


def test_a_metric_that_every_sample_has_does_not_hide_a_better_one(tmp_path: Path) -> None:
    rows = samples(range(30), gr_engine_active_ratio=0.0, **BUSY) + samples(
        range(30), "GPU-2", gr_engine_active_ratio=0.5
    )
    facts = facts_of(tmp_path, rows)
    assert [(fact["activity_source"], fact["active"]) for fact in facts] == [
        ("sm_active", span(0, 30)),
        ("gr_engine_active", span(0, 30)),
    ]


def test_a_minute_without_the_metric_of_its_hour_is_not_observed(tmp_path: Path) -> None:
    """PROF stopped at minute 10: that GPU_UTIL goes on is no reason to take the rest for idle."""
    both: dict[str, Any] = {"gpu_util_percent": 90.0}
    (fact,) = facts_of(tmp_path, samples(range(10), **BUSY, **both) + samples(range(10, 60), **both))
    assert fact["observed"] == span(0, 10)
    assert fact["sample_count"] == 60


def test_what_says_nothing_of_activity_is_not_observed(tmp_path: Path) -> None:
    (fact,) = facts_of(tmp_path, samples(range(60), power_watts=70.0))
    assert (fact["observed"], fact["power_watts_avg"]) == (0, 70)


def test_a_mig_instance_has_no_gpu_util(tmp_path: Path) -> None:
    rows = samples(range(60), gpu_instance_id=3, gpu_util_percent=0.0, gr_engine_active_ratio=0.5)
    (fact,) = facts_of(tmp_path, rows)
    assert (fact["activity_source"], fact["gpu_util_avg"]) == ("gr_engine_active", None)
    (blind,) = facts_of(tmp_path / "blind", samples(range(60), gpu_instance_id=3, gpu_util_percent=0.0))
    assert (blind["activity_source"], blind["observed"]) == (None, 0)


def test_samples_of_an_ha_pair_count_once(tmp_path: Path) -> None:
    rows = samples(range(60), **BUSY)
    (fact,) = facts_of(tmp_path, rows, rows)
    assert fact["sample_count"] == 60


def test_several_samples_a_minute_are_all_weighed(tmp_path: Path) -> None:
    rows = [
        a_sample(second / 60, sm_active_ratio=ratio) for second, ratio in ((0, 0.0), (15, 0.0), (30, 0.9), (75, 0.1))
    ]
    (fact,) = facts_of(tmp_path, rows, rows[:2])
    assert fact["sample_count"] == 4
    assert fact["activity_avg"] == pytest.approx(0.25)
    assert fact["active"] == mask([0, 1])


def test_a_restart_weighs_by_samples_and_not_by_series(tmp_path: Path) -> None:
    rows = samples(range(50), gpu_util_percent=10.0, **BUSY) + samples(range(50, 60), gpu_util_percent=70.0, **BUSY)
    (fact,) = facts_of(tmp_path, rows[:50], rows[50:])
    assert fact["gpu_util_avg"] == pytest.approx(20)


def test_owners_share_an_hour(tmp_path: Path) -> None:
    first, second = facts_of(tmp_path, samples(range(20), pod="a", **BUSY) + samples(range(20, 60), pod="b", **IDLE))
    assert (first["pod"], first["observed"], second["pod"], second["observed"]) == ("a", span(0, 20), "b", span(20, 60))


def test_beside_owners_a_row_without_one_is_the_device(tmp_path: Path) -> None:
    rows = samples(range(60), power_watts=300.0, **BUSY)
    rows += samples(range(40), pod="a", gpu_util_percent=60.0) + samples(range(40), pod="b", gpu_util_percent=0.0)
    device, a, b = facts_of(tmp_path, rows)
    assert device["observed"] == span(40, 60)  # then nobody has it
    assert device["power_watts_avg"] == 300
    assert (a["activity_source"], a["active"], b["active"]) == ("gpu_util", span(0, 40), 0)


def test_an_owner_whose_rows_are_silent_is_as_active_as_the_device(tmp_path: Path) -> None:
    rows = (
        samples(range(30), **BUSY) + samples(range(30, 60), **IDLE) + samples(range(10, 60), pod="a", fb_used_mib=9.0)
    )
    _, owner = facts_of(tmp_path, rows)
    assert (owner["observed"], owner["active"]) == (span(10, 60), span(10, 30))
    assert (owner["activity_source"], owner["activity_avg"]) == ("sm_active", pytest.approx(0.4))


def test_beside_mig_instances_the_board_is_no_unallocated_minute(tmp_path: Path) -> None:
    rows = samples(range(60), **IDLE) + samples(range(60), gpu_instance_id=1, pod="a", **BUSY)
    board, instance = facts_of(tmp_path, rows)
    assert (board["observed"], instance["observed"]) == (0, WHOLE_HOUR)


def test_profiling_at_zero_on_a_busy_board_is_suspect(tmp_path: Path) -> None:
    stuck: dict[str, Any] = {"sm_active_ratio": 0.0, "tensor_active_ratio": 0.0, "dram_active_ratio": 0.0}
    rows = samples(range(10), gpu_util_percent=99.0, **stuck)
    rows += samples(range(10, 20), gpu_util_percent=0.0, power_watts=250.0, **stuck)
    rows += samples(range(20, 30), gpu_util_percent=0.0, power_watts=70.0, **stuck)
    (fact,) = facts_of(tmp_path, rows)
    assert (fact["suspect"], fact["active"], fact["observed"]) == (span(0, 20), 0, span(0, 30))


def test_power_is_judged_by_the_model(tmp_path: Path) -> None:
    """A T4 idles below 20 W: at 60 W it works. 190 W is no more than an unknown board may idle at."""
    told: dict[str, Any] = {"sm_active_ratio": 0.0}
    t4, other = facts_of(
        tmp_path,
        samples(range(9), "GPU-1", model="Tesla T4", power_watts=60.0, **told)
        + samples(range(9), "GPU-2", model="Mystery 9", power_watts=190.0, **told),
    )
    assert (t4["suspect"], other["suspect"]) == (span(0, 9), 0)


def test_tensor_cores_that_rest_make_nothing_suspect(tmp_path: Path) -> None:
    (fact,) = facts_of(tmp_path, samples(range(9), gpu_util_percent=99.0, tensor_active_ratio=0.0))
    assert (fact["suspect"], fact["active"]) == (0, span(0, 9))


def test_the_power_of_a_sibling_makes_no_instance_suspect(tmp_path: Path) -> None:
    rows = samples(range(60), gpu_instance_id=1, power_watts=300.0, gr_engine_active_ratio=0.9)
    rows += samples(range(60), gpu_instance_id=2, power_watts=300.0, gr_engine_active_ratio=0.0)
    assert [fact["suspect"] for fact in facts_of(tmp_path, rows)] == [0, 0]
    alone = [row for row in rows if row["gpu_instance_id"] == 2]
    assert [fact["suspect"] for fact in facts_of(tmp_path / "alone", alone)] == [WHOLE_HOUR]


def test_a_fatal_xid_with_no_activity_is_unavailable(tmp_path: Path) -> None:
    rows = samples(range(20), **BUSY) + samples(range(20, 60), xid=79)
    (fact,) = facts_of(tmp_path, rows)
    assert (fact["observed"], fact["unavailable"]) == (WHOLE_HOUR, span(20, 60))


def test_an_xid_that_its_board_outlived_is_an_old_one(tmp_path: Path) -> None:
    rows = samples(range(20), xid=79, **BUSY) + samples(range(20, 60), xid=79, **IDLE)
    assert [fact["unavailable"] for fact in facts_of(tmp_path, rows)] == [0]
    harmless = samples(range(60), xid=13, **IDLE)
    assert [fact["unavailable"] for fact in facts_of(tmp_path / "13", harmless)] == [0]


def test_energy_is_what_the_counter_grew_by_once_for_a_board(tmp_path: Path) -> None:
    rows = [
        a_sample(minute, gpu_instance_id=instance, energy_mj=1000.0 + 10 * minute, gr_engine_active_ratio=0.5)
        for minute in range(60)
        for instance in (1, 2)
    ]
    first, second = facts_of(tmp_path, rows)
    assert (first["energy_mj"], second["energy_mj"]) == (590, None)


def test_energy_is_counted_over_a_reset(tmp_path: Path) -> None:
    counter = [100.0, 160.0, 5.0, 25.0, 300.0]
    rows = [a_sample(minute, energy_mj=value, **BUSY) for minute, value in enumerate(counter)]
    twice = [a_sample(minute, "GPU-2", energy_mj=value, **BUSY) for minute, value in enumerate([9.0, 5.0, 2.0, 3.0])]
    facts = facts_of(tmp_path, rows + twice, rows)
    assert [fact["energy_mj"] for fact in facts] == [60 + 5 + 20 + 275, 5 + 2 + 1]


def test_energy_belongs_to_the_board_when_its_owner_changes(tmp_path: Path) -> None:
    rows = [a_sample(m, pod="a" if m < 30 else "b", energy_mj=m * 1.0, **BUSY) for m in range(60)]
    assert [fact["energy_mj"] for fact in facts_of(tmp_path, rows)] == [59, None]


def test_what_is_no_number_is_no_value(tmp_path: Path) -> None:
    rows = samples(range(30), **BUSY) + samples(range(30, 60), sm_active_ratio=float("nan"))
    (fact,) = facts_of(tmp_path, rows)
    assert (fact["activity_avg"], fact["active"], fact["observed"]) == (pytest.approx(0.8), span(0, 30), span(0, 30))


def test_files_that_split_an_hour_make_one_fact(tmp_path: Path) -> None:
    rows = samples(range(60), **BUSY)
    (fact,) = facts_of(tmp_path, rows[:25], rows[25:], samples(range(60), "GPU-2", hour=5, **IDLE))[:1]
    assert fact["observed"] == WHOLE_HOUR


def test_no_samples_make_no_facts(tmp_path: Path) -> None:
    assert facts_of(tmp_path, []) == []
