"""Logs and captures of nvidia-smi: units, values that are none, local time, and tables of something else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadInput
from ingest.telemetry.nvidia_smi.clock import LocalClock
from ingest.telemetry.nvidia_smi.kind import KIND
from tests.ingest.telemetry.reading import NINE, Read, read

HEADER = "timestamp, uuid, name, utilization.gpu [%], memory.used [MiB], memory.total [MiB], power.draw [W]"
ROW = "2026/03/02 09:00:00.000, GPU-1, NVIDIA H100 80GB HBM3, 97 %, 70100 MiB, 81559 MiB, 611.20 W"


def read_lines(folder: Path, *lines: str, observed_at: datetime | None = NINE, **settings: Any) -> Read:
    log = folder / "gpu.csv"
    log.write_text("\n".join(lines))
    return read(KIND, folder, log, observed_at=observed_at, **settings)


def test_a_row_is_a_sample_of_the_whole_board(tmp_path: Path) -> None:
    (sample,) = read_lines(tmp_path, HEADER, ROW, hostname="gpu-1").samples
    assert {name: value for name, value in sample.items() if value is not None} == {
        "timestamp": NINE,
        "gpu_uuid": "GPU-1",
        "gpu_instance_id": -1,
        "hostname": "gpu-1",
        "model": "NVIDIA H100 80GB HBM3",
        "gpu_util_percent": 97,
        "fb_used_mib": 70100,
        "fb_total_mib": 81559,
        "power_watts": 611.2,
    }


def test_without_units_in_cells_the_header_has_them(tmp_path: Path) -> None:
    (sample,) = read_lines(tmp_path, HEADER, "2026/03/02 09:00:00.000, GPU-1, X, 97, 70100, 81559, 611.20").samples
    assert (sample["gpu_util_percent"], sample["power_watts"]) == (97, 611.2)


@pytest.mark.parametrize("none", ["[N/A]", "N/A", "[Not Supported]", "[Unknown Error]", "ERR!", ""])
def test_a_value_that_there_is_not_is_none(tmp_path: Path, none: str) -> None:
    found = read_lines(tmp_path, HEADER, f"2026/03/02 09:00:00.000, GPU-1, X, {none}, {none}, 81559 MiB, {none}")
    assert [(each["gpu_util_percent"], each["fb_used_mib"], each["power_watts"]) for each in found.samples] == [
        (None, None, None)
    ]
    assert found.refusals.count == 0


@pytest.mark.parametrize(
    ("fields", "cells", "watts"),
    [
        ("power.draw.average [W], power.draw.instant [W]", "600.00 W, 650.00 W", 600),
        ("power.draw.instant [W], power.draw.average [W]", "650.00 W, [N/A]", 650),
        ("power.draw [W]", "611.20 W", 611.2),
    ],
)
def test_power_has_had_several_names(tmp_path: Path, fields: str, cells: str, watts: float) -> None:
    (sample,) = read_lines(tmp_path, f"timestamp, uuid, {fields}", f"2026/03/02 09:00:00.000, GPU-1, {cells}").samples
    assert sample["power_watts"] == watts


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (ROW.replace("70100 MiB", "68 GiB"), "fb_used_mib '68 GiB' is in GiB, not in MiB"),
        (ROW.replace("97 %", "197 %"), "gpu_util_percent '197 %' is outside of 0 to 100"),
        (ROW.replace("97 %", "much"), "gpu_util_percent 'much' is no number"),
        (ROW.replace("GPU-1", "[N/A]"), "uuid is empty"),
        (ROW.replace("2026/03/02 ", ""), "timestamp '09:00:00.000' is no time such as 2026/07/14 09:00:44.742"),
        (ROW.replace("2026/03/02", "2026/02/30"), "is no time such as"),
        ("2026/03/02 09:00:00.000, GPU-1", "2 cells where the header has 7"),
        ("No devices were found", "1 cells where the header has 7"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_and_the_others_are_read(tmp_path: Path, row: str, reason: str) -> None:
    found = read_lines(tmp_path, HEADER, row, ROW)
    assert len(found.samples) == 1
    assert len(found.reasons) == 1
    assert found.reasons[0].startswith("gpu.csv, row 2: ")
    assert reason in found.reasons[0]


def test_a_log_that_was_started_again_has_its_header_twice(tmp_path: Path) -> None:
    found = read_lines(tmp_path, HEADER, ROW, HEADER, ROW.replace("09:00", "09:01"))
    assert (len(found.samples), found.refusals.count) == (2, 0)


def test_local_time_is_of_the_time_zone_that_is_set(tmp_path: Path) -> None:
    (sample,) = read_lines(tmp_path, HEADER, ROW, timezone="Europe/Berlin").samples
    assert sample["timestamp"] == NINE - timedelta(hours=1)


@given(st.integers(0, 24 * 60 * 2), st.lists(st.integers(1, 10), min_size=1, max_size=200))
def test_a_log_through_a_clock_change_runs_on(start: int, steps: list[int]) -> None:
    """From the day before the clocks of Berlin go back by an hour, as nvidia-smi writes it."""
    berlin, clock = ZoneInfo("Europe/Berlin"), LocalClock(ZoneInfo("Europe/Berlin"))
    moment = datetime(2026, 10, 24, tzinfo=UTC) + timedelta(minutes=start)
    if moment.astimezone(berlin).fold:
        return  # a log that begins in the hour that comes again does not say which it is
    for step in steps:
        assert clock.read(moment.astimezone(berlin).strftime("%Y/%m/%d %H:%M:%S.%f"), "GPU-1") == moment
        moment += timedelta(minutes=step)


def test_without_a_timestamp_it_must_be_said_when_it_was(tmp_path: Path) -> None:
    header, row = HEADER.removeprefix("timestamp, "), ROW.partition(", ")[2]
    (sample,) = read_lines(tmp_path, header, row).samples
    assert sample["timestamp"] == NINE
    other = tmp_path / "other"
    other.mkdir()
    assert "there is no timestamp" in read_lines(other, header, row, observed_at=None).reasons[0]


@pytest.mark.parametrize("lines", [(ROW,), ("a,b,c", "1,2,3"), ("",)])
def test_a_file_without_the_header_is_refused_with_the_query_to_use(tmp_path: Path, lines: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match=r"gpu\.csv has no header with the field uuid.*--query-gpu=timestamp,uuid"):
        read_lines(tmp_path, *lines)


def test_real_captures_give_a_sample_idle_and_one_under_load(shared_data: Path, tmp_path: Path) -> None:
    """The tables of processes and of retired pages beside it, which name boards too, are none of boards."""
    captures = sorted((shared_data / "gpu" / "nvidia_smi_real").glob("*.txt"))
    found = read(KIND, tmp_path, *captures)
    assert found.refusals.count == 0
    told = [
        (each["model"], each["timestamp"], each["gpu_util_percent"], each["fb_used_mib"], each["power_watts"])
        for each in found.samples
    ]
    july = datetime(2026, 7, 1, tzinfo=UTC)
    assert told == [
        ("NVIDIA L40S", july.replace(day=3, hour=8, minute=33, second=38, microsecond=737_000), 100, 0, 144.97),
        ("NVIDIA L40S", july.replace(day=3, hour=8, minute=33, second=53, microsecond=415_000), 9, 1235, 110.23),
        ("NVIDIA H100 80GB HBM3", july.replace(day=14, hour=8, minute=12, second=38, microsecond=696_000), 0, 0, 69.85),
        (
            "NVIDIA H100 80GB HBM3",
            july.replace(day=14, hour=8, minute=12, second=53, microsecond=353_000),
            100,
            19818,
            631.95,
        ),
    ]
