"""The three sample pages with every trap in them, and real pages, read as the field guide reads them."""

import json
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ingest.telemetry.dcgm.kind import KIND
from ingest.telemetry.dcgm.metrics import METRICS
from tests.ingest.telemetry.reading import Read, read

SAMPLES = ("a_k8s_mig", "b_timeslice_dra", "c_slurm_hpcjob")
_NAME = re.compile(r"^\w+")


def board(letter: str, number: int) -> str:
    return f"GPU-0000000{letter}-1111-4222-8333-{number:012}"


@pytest.fixture(scope="module")
def pages(shared_data: Path) -> list[Path]:
    return [shared_data / "gpu" / f"dcgm_sample_node_{name}.prom" for name in SAMPLES]


@pytest.fixture(scope="module")
def whole(pages: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Read:
    return read(KIND, tmp_path_factory.mktemp("whole"), *pages)


def owners(samples: list[dict[str, Any]]) -> list[tuple[str | None, str | None, str | None]]:
    return [(each["namespace"], each["pod"], each["job_id"]) for each in samples]


def test_the_pages_have_the_boards_that_are_expected_and_no_line_is_refused(whole: Read, shared_data: Path) -> None:
    expected = json.loads((shared_data / "gpu" / "dcgm_sample_EXPECTED.json").read_text())["physical_gpus"]
    boards = {(each["hostname"], each["gpu_uuid"]) for each in whole.samples}
    assert Counter(host for host, _ in boards) == expected
    assert len(boards) == 12
    assert whole.refusals.count == 0


def test_a_pod_owns_the_board_that_it_is_labelled_on(whole: Read) -> None:
    (sample,) = whole.of(board("a", 0))
    assert (sample["namespace"], sample["pod"], sample["container"]) == ("team-nlp", "trainer-0", "main")
    assert (sample["sm_active_ratio"], sample["gpu_util_percent"]) == (0.81, 97.0)
    assert sample["fb_total_mib"] == 70100 + 10909 + 550


def test_an_idle_notebook_holds_its_memory(whole: Read) -> None:
    (sample,) = whole.of(board("a", 1))
    assert owners([sample]) == [("team-vision", "notebook-ana-0", None)]
    assert (sample["sm_active_ratio"], sample["gpu_util_percent"], sample["fb_used_mib"]) == (0, 0, 40960)


def test_a_board_without_labels_of_a_pod_is_nobodys(whole: Read) -> None:
    assert owners(whole.of(board("a", 2))) == [(None, None, None)]


def test_mig_instances_are_told_apart_and_share_one_power(whole: Read) -> None:
    samples = whole.of(board("a", 3))
    assert [(each["gpu_instance_id"], each["mig_profile"], each["pod"]) for each in samples] == [
        (1, "3g.40gb", "serve-a-6d9f"),
        (7, "1g.10gb", None),
        (9, "1g.10gb", "serve-b-77cc"),
    ]
    assert {each["power_watts"] for each in samples} == {302.5}
    assert {each["gpu_util_percent"] for each in samples} == {None}
    assert [each["sm_active_ratio"] for each in samples] == [0.6, 0, 0]
    assert [each["fb_total_mib"] for each in samples] == [40448, 9984, 9984]


def test_profiling_that_is_stuck_at_zero_comes_with_what_contradicts_it(whole: Read) -> None:
    (sample,) = whole.of(board("a", 5))
    profiled = [sample[f"{name}_active_ratio"] for name in ("sm", "gr_engine", "tensor", "dram")]
    assert (profiled, sample["gpu_util_percent"], sample["power_watts"]) == ([0, 0, 0, 0], 99, 655)


def test_time_sliced_pods_have_their_own_activity_and_memory_and_the_device_all_else(whole: Read) -> None:
    device, score, rank = whole.of(board("b", 0))
    assert owners([device, score, rank]) == [
        (None, None, None),
        ("team-ads", "score-0", None),
        ("team-search", "rank-0", None),
    ]
    assert [each["gpu_util_percent"] for each in (device, score, rank)] == [63, 0, 60]
    assert [each["fb_used_mib"] for each in (device, score, rank)] == [15000, 5600, 9000]
    assert [each["sm_active_ratio"] for each in (device, score, rank)] == [0.4, None, None]
    assert [each["power_watts"] for each in (device, score, rank)] == [61, None, None]
    assert {each["fb_total_mib"] for each in (device, score, rank)} == {15000 + 7484 + 550}


def test_a_claim_of_dynamic_resource_allocation_allocates_a_board(whole: Read) -> None:
    assert owners(whole.of(board("b", 2))) == [("team-ads", "dra-job-0", None)]


def test_jobs_own_boards_and_two_share_one(whole: Read) -> None:
    assert owners(whole.of(board("c", 0))) == [(None, None, "4711")]
    first, second = whole.of(board("c", 1))
    assert owners([first, second]) == [(None, None, "4712"), (None, None, "4713")]
    assert first["energy_mj"] == second["energy_mj"] == 160_000_000
    (fallen,) = whole.of(board("c", 2))
    assert (fallen["xid"], fallen["job_id"]) == (79, None)


def test_the_true_power_is_the_sum_of_one_value_a_board(whole: Read) -> None:
    """Naive sums over rows count a board's power once for each MIG instance, pod and job."""
    by_board: dict[str, float] = {}
    for each in whole.samples:
        by_board[each["gpu_uuid"]] = max(by_board.get(each["gpu_uuid"], 0), each["power_watts"] or 0)
    assert sum(by_board.values()) == pytest.approx(
        611.2 + 118.4 + 71.9 + 302.5 + 182 + 655 + 61 + 16.1 + 50 + 372 + 160 + 52
    )


@pytest.mark.parametrize("seed", range(5))
def test_order_repetition_and_the_age_of_names_change_nothing(
    whole: Read, pages: list[Path], tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    lines = [line for page in pages for line in page.read_text().splitlines()]
    lines += chance.sample(lines, len(lines) // 2)
    chance.shuffle(lines)
    mixed = tmp_path / "mixed.prom"
    mixed.write_text("\n".join(_other_name(line, chance) for line in lines))
    found = read(KIND, tmp_path, mixed)
    assert found.samples == whole.samples
    assert found.refusals.count == 0


def _other_name(line: str, chance: random.Random) -> str:
    """The line under another name of its metric, of those with the same unit."""
    name = _NAME.match(line)
    metric = next((each for each in METRICS if name and name.group() in each.names), None)
    if metric is None or name is None:
        return line
    alike = [other for other, factor in metric.names.items() if factor == metric.names[name.group()]]
    return chance.choice(alike) + line[name.end() :]


def test_real_pages_are_read_without_an_error(shared_data: Path, tmp_path: Path) -> None:
    found = read(KIND, tmp_path, *sorted((shared_data / "gpu" / "dcgm_real").glob("*.prom")))
    assert found.refusals.count == 0
    by_instance = {(each["gpu_instance_id"], each["power_watts"], each["pod"] is None) for each in found.samples}
    assert (9, 115.294, True) in by_instance  # an instance, with labels that are empty
    assert (-1, 28.722, False) in by_instance


def test_a_real_page_with_four_instances_has_one_power(shared_data: Path, tmp_path: Path) -> None:
    """Each row of an instance was read at another moment, so that their powers differ: 106 to 112 W, one board."""
    page = (shared_data / "gpu" / "dcgm_real" / "runai_2.9_mig_Active_1g.5gb.prom").read_text()
    four = tmp_path / "four.prom"
    powers = {"9": "106.2", "10": "112.1", "11": "108.0", "12": "109.9"}
    copies = []
    for instance, watts in powers.items():
        copy = page.replace('GPU_I_ID="9"', f'GPU_I_ID="{instance}"')
        copies.append(re.sub(r"(?m)^(DCGM_FI_DEV_POWER_USAGE\{.*\}) .*$", rf"\g<1> {watts}", copy))
    four.write_text("".join(copies))
    found = read(KIND, tmp_path, four)
    assert [each["gpu_instance_id"] for each in found.samples] == [10, 11, 12, 9]
    assert {each["power_watts"] for each in found.samples} == {112.1}
