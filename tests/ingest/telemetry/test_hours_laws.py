"""The hourly facts against two independent passes: a loop over minutes, and pandas."""

import random
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ingest.telemetry.sample_rows import Sample, a_sample, at, facts_of

ratios = st.none() | st.sampled_from([0.0, 0.25, 1.0])
moments = st.builds(
    a_sample,
    st.integers(0, 179).map(lambda half_minute: half_minute / 2),  # an hour and a half, twice a minute
    st.sampled_from(["GPU-1", "GPU-2"]),
    gpu_instance_id=st.sampled_from([-1, 1]),
    pod=st.sampled_from([None, "a", "b"]),
    sm_active_ratio=ratios,
    gr_engine_active_ratio=ratios,
    gpu_util_percent=st.none() | st.sampled_from([0.0, 9.0, 100.0]),
    power_watts=st.none() | st.sampled_from([70.0, 300.0]),
    xid=st.sampled_from([None, 0, 13, 79]),
)


@given(rows=st.lists(moments, max_size=40), cut=st.integers(0, 40))
@settings(max_examples=40, deadline=None)
def test_minutes_are_those_of_a_plain_loop(rows: list[Sample], cut: int) -> None:
    told = {(row["timestamp"], row["gpu_uuid"], row["gpu_instance_id"], row["pod"]): row for row in rows}
    once = list(told.values())
    with TemporaryDirectory() as folder:
        facts = facts_of(Path(folder), once[:cut], once)  # some are told twice
    found = {
        (fact["hour"], fact["gpu_uuid"], fact["gpu_instance_id"], fact["pod"]): tuple(
            fact[name] for name in ("observed", "active", "suspect", "unavailable")
        )
        for fact in facts
    }
    assert found == _plainly(once)


def _plainly(rows: list[Sample]) -> dict[Any, tuple[int, int, int, int]]:
    """What the docstrings say, minute by minute, board by board."""
    groups: defaultdict[Any, list[Sample]] = defaultdict(list)
    for row in rows:
        hour = row["timestamp"].replace(minute=0, second=0)
        groups[hour, row["gpu_uuid"], row["gpu_instance_id"], row["pod"]].append(row)
    names = {key: _metric(key, group) for key, group in groups.items()}
    found = {}
    for key, group in groups.items():
        hour, board, instance, pod = key
        on_board = {other: each for other, each in groups.items() if other[:2] == (hour, board)}
        device = (hour, board, instance, None)
        borrows = names[key] is None and pod is not None and device in groups
        teller, metric = (device, names[device]) if borrows else (key, names[key])
        xids = {_minute(row) for each in on_board.values() for row in each if row["xid"] == 79}
        works = {_minute(row) for other, each in on_board.items() for row in each if _is_on(row, names[other])}
        profiled = {_minute(r) for each in on_board.values() for r in each if max(_profiled(r), default=0) > 0}
        minutes = {_minute(row) for row in group}
        seen = {_minute(row) for row in groups[teller] if metric and row[metric] is not None}
        active = {_minute(row) for row in groups[teller] if _is_on(row, metric)}
        observed = (seen | xids) & minutes
        if pod is None:
            for (_, _, other_instance, other_pod), others in on_board.items():
                same = other_instance == instance and other_pod is not None
                if same or (instance == -1 and other_instance != -1):
                    observed -= {_minute(row) for row in others}
        strange = {_minute(row) for row in group if _is_strange(row)} - profiled
        down = observed & xids if not xids & works else set()
        found[key] = tuple(_bits(each) for each in (observed, observed & active, observed & strange, down))
    return found  # type: ignore[return-value]


def _metric(key: Any, group: list[Sample]) -> str | None:
    metrics = ["sm_active_ratio", "gr_engine_active_ratio"] + (["gpu_util_percent"] if key[2] == -1 else [])
    return next((name for name in metrics if any(row[name] is not None for row in group)), None)


def _is_on(row: Sample, metric: str | None) -> bool:
    return metric is not None and (row[metric] or 0) > 0


def _profiled(row: Sample) -> list[float]:
    return [row[name] for name in ("sm_active_ratio", "gr_engine_active_ratio") if row[name] is not None]


def _is_strange(row: Sample) -> bool:
    util = row["gpu_util_percent"] or 0 if row["gpu_instance_id"] == -1 else 0
    return bool(_profiled(row)) and max(_profiled(row)) == 0 and (util >= 10 or (row["power_watts"] or 0) > 200)


def _minute(row: Sample) -> int:
    minute: int = row["timestamp"].minute
    return minute


def _bits(minutes: set[int]) -> int:
    return sum(1 << minute for minute in minutes)


def test_measures_are_those_of_pandas(tmp_path: Path) -> None:
    dice = random.Random(5)
    rows = [
        a_sample(
            minute,
            f"GPU-{board}",
            pod=dice.choice(["a", "b"]),
            team="search",
            sm_active_ratio=dice.random() * dice.choice([0, 1]),
            dram_active_ratio=dice.choice([None, dice.random()]),
            fb_used_mib=dice.random() * 8e4,
            power_watts=dice.random() * 700,
        )
        for board in range(3)
        for minute in range(400)
    ]
    dice.shuffle(rows)
    facts = pd.DataFrame(facts_of(tmp_path, rows[:500], rows[400:]))
    frame = pd.DataFrame(rows)
    frame["hour"] = frame["timestamp"].dt.floor("h")
    keys = ["hour", "gpu_uuid", "pod"]
    expected = frame.groupby(keys).agg(
        activity_avg=("sm_active_ratio", "mean"),
        activity_max=("sm_active_ratio", "max"),
        dram_active_avg=("dram_active_ratio", "mean"),
        fb_used_mib_avg=("fb_used_mib", "mean"),
        fb_used_mib_max=("fb_used_mib", "max"),
        power_watts_avg=("power_watts", "mean"),
        sample_count=("power_watts", "size"),
    )
    found = facts.set_index(keys).sort_index()[expected.columns]
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, check_index_type=False)
    assert facts["hour"].min() == at(0)


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_rows_does_not_matter(tmp_path: Path, order: int) -> None:
    rows = [a_sample(m, energy_mj=float(m % 40), sm_active_ratio=m % 3 / 2, model="NVIDIA A100") for m in range(60)]
    (fact,) = facts_of(tmp_path, rows[::order])
    assert (fact["energy_mj"], fact["active"].bit_count()) == (39 + 0 + 19, 40)
