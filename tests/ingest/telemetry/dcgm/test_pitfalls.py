"""A small page for each pitfall of dcgm-exporter: what it says, and what must not be read into it."""

import gzip
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.errors import BadInput
from ingest.telemetry.dcgm.kind import KIND
from tests.ingest.telemetry.reading import NINE, Read, read

BOARD = 'gpu="0",UUID="GPU-1",modelName="NVIDIA H100 80GB HBM3"'


def page(folder: Path, *lines: str, name: str = "page.prom") -> Path:
    found = folder / name
    found.write_text("\n".join(lines))
    return found


def read_lines(folder: Path, *lines: str, **settings: Any) -> Read:
    return read(KIND, folder, page(folder, *lines), **settings)


def line(metric: str, value: object, labels: str = "", board: str = BOARD) -> str:
    return f"{metric}{{{board}{',' if labels else ''}{labels}}} {value}"


def test_gpu_util_is_a_percentage_and_profiling_a_ratio_under_every_name(tmp_path: Path) -> None:
    (old,) = read_lines(tmp_path, line("DCGM_FI_DEV_GPU_UTIL", 40), line("DCGM_FI_PROF_SM_ACTIVE", 0.4)).samples
    assert (old["gpu_util_percent"], old["sm_active_ratio"]) == (40, 0.4)


@pytest.mark.parametrize(
    ("labels", "written", "percent"),
    [
        ("", "40", 40),  # DCGM 4.6: the integer field under its new name
        ("", "1", 1),
        ('DCGM_FI_DRIVER_VERSION="580.1"', "1", 1),
        ('DCGM_FI_SYSTEM_DRIVER_VERSION="590.1"', "0.400000", 40),  # DCGM 4.7: a double from 0 to 1
        ('DCGM_FI_SYSTEM_DRIVER_VERSION="590.1"', "1", 100),
        ("", "0.400000", 40),  # the exporter writes doubles with decimals, and integers without
        ("", "1.000000", 100),
        ("", "0", 0),
    ],
)
def test_the_new_name_of_gpu_util_is_read_by_the_version_that_wrote_it(
    tmp_path: Path, labels: str, written: str, percent: float
) -> None:
    (sample,) = read_lines(tmp_path, line("DCGM_FI_DEV_GPU_UTIL_RATIO", written, labels)).samples
    assert sample["gpu_util_percent"] == pytest.approx(percent)


def test_bytes_and_joules_of_dcgm_4_7_become_mebibytes_and_millijoules(tmp_path: Path) -> None:
    (sample,) = read_lines(
        tmp_path,
        line("DCGM_FI_DEV_FB_USED_BYTES", 30 * 2**30),
        line("DCGM_FI_DEV_FB_CAPACITY_BYTES", 80 * 2**30),
        line("DCGM_FI_DEV_GPU_ENERGY_JOULES_TOTAL", 611200),
        line("DCGM_FI_DEV_BOARD_POWER_WATTS", 611.2),
        line("DCGM_FI_DEV_XID_ERROR", 0),
    ).samples
    assert (sample["fb_used_mib"], sample["fb_total_mib"]) == (30 * 1024, 80 * 1024)
    assert (sample["energy_mj"], sample["power_watts"], sample["xid"]) == (611_200_000, 611.2, 0)


@pytest.mark.parametrize(
    "blank",
    ["9223372036854775792", "9223372036854775795", "9.223372036854776e+18", "2147483632", "2147483635",
     "140737488355328", "140737488355331", "140737488355328.000000", "NaN", "+Inf"],
)  # fmt: skip
def test_a_blank_is_no_value_and_no_error(tmp_path: Path, blank: str) -> None:
    found = read_lines(tmp_path, line("DCGM_FI_DEV_POWER_USAGE", blank), line("DCGM_FI_DEV_GPU_UTIL", 5))
    assert [(each["power_watts"], each["gpu_util_percent"]) for each in found.samples] == [(None, 5)]
    assert found.refusals.count == 0


def test_what_a_metric_cannot_be_is_refused_by_its_line(tmp_path: Path) -> None:
    found = read_lines(tmp_path, line("DCGM_FI_DEV_GPU_UTIL", 250), line("DCGM_FI_PROF_SM_ACTIVE", 0.5))
    assert [(each["gpu_util_percent"], each["sm_active_ratio"]) for each in found.samples] == [(None, 0.5)]
    assert found.reasons == ["page.prom, row 1: 250 is outside of what gpu_util_percent can be"]


def test_a_ratio_that_overshoots_by_rounding_is_one(tmp_path: Path) -> None:
    (sample,) = read_lines(tmp_path, line("DCGM_FI_PROF_GR_ENGINE_ACTIVE", 1.0004)).samples
    assert sample["gr_engine_active_ratio"] == 1


def test_pods_that_prometheus_renamed_come_before_the_exporters_own(tmp_path: Path) -> None:
    own = 'pod="gpu-metrics-x7",namespace="monitoring",container="main"'
    other = 'gpu="1",UUID="GPU-2"'
    busy, idle = read_lines(
        tmp_path,
        line("DCGM_FI_DEV_GPU_UTIL", 97, f'exported_pod="trainer-0",exported_namespace="nlp",{own}'),
        line("DCGM_FI_DEV_GPU_UTIL", 0, own, board=other),
    ).samples
    assert (busy["namespace"], busy["pod"], busy["container"]) == ("nlp", "trainer-0", None)
    # The idle board has no exported_pod. That its pod is the exporter's is told by the other board.
    assert (idle["namespace"], idle["pod"]) == (None, None)


@pytest.mark.parametrize(
    "own",
    ['pod="nvidia-dcgm-exporter-km55s",namespace="gpu-operator"', 'pod="x",namespace="m",container="exporter"',
     'pod="x",namespace="m",container="nvidia-dcgm-exporter"', 'pod="dcgm-exporter",namespace="m"'],
)  # fmt: skip
def test_the_exporter_never_owns_a_board(tmp_path: Path, own: str) -> None:
    (sample,) = read_lines(tmp_path, line("DCGM_FI_DEV_GPU_UTIL", 0, own)).samples
    assert (sample["namespace"], sample["pod"], sample["container"]) == (None, None, None)


@pytest.mark.parametrize("pod", ["my-dcgm-exporters-client", "exporter-bench"])
def test_a_workload_whose_name_is_like_an_exporters_owns_its_board(tmp_path: Path, pod: str) -> None:
    (sample,) = read_lines(tmp_path, line("DCGM_FI_DEV_GPU_UTIL", 0, f'pod="{pod}",namespace="a"')).samples
    assert sample["pod"] == pod


def test_labels_that_are_empty_are_absent_and_old_ones_are_known(tmp_path: Path) -> None:
    old = 'container_name="c",pod_name="p",pod_namespace="n"'
    (nobody,) = read_lines(tmp_path, line("DCGM_FI_DEV_GPU_UTIL", 0, 'pod="",namespace="",container=""')).samples
    assert nobody["pod"] is None
    other = tmp_path / "old"
    other.mkdir()
    (sample,) = read_lines(other, line("DCGM_FI_DEV_GPU_UTIL", 0, old)).samples
    assert (sample["namespace"], sample["pod"], sample["container"]) == ("n", "p", "c")


@pytest.mark.parametrize(
    ("labels", "settings", "hostname"),
    [
        ('Hostname="gpu-1"', {}, "gpu-1"),
        ('hostname="gpu-1"', {}, "gpu-1"),
        ('Hostname="nvidia-dcgm-exporter-km55s",node="gpu-1"', {}, "gpu-1"),
        ('Hostname="gpu-1.internal",kubernetes_node="gpu-1"', {}, "gpu-1"),
        ('Hostname="nvidia-dcgm-exporter-km55s",instance="10.0.0.7:9400"', {}, "10.0.0.7"),
        ('Hostname="gpu-1",instance="10.0.0.7:9400"', {}, "gpu-1"),
        ('Hostname="nvidia-dcgm-exporter-km55s"', {}, "nvidia-dcgm-exporter-km55s"),
        ('Hostname="nvidia-dcgm-exporter-km55s"', {"hostname": "gpu-1"}, "gpu-1"),
        ('Hostname="gpu-2",machine="gpu-1"', {"node_label": "machine"}, "gpu-1"),
        ("", {}, None),
    ],
)
def test_the_node_is_not_the_exporters_pod(
    tmp_path: Path, labels: str, settings: dict[str, Any], hostname: str | None
) -> None:
    (sample,) = read_lines(tmp_path, line("DCGM_FI_DEV_GPU_UTIL", 0, labels), **settings).samples
    assert sample["hostname"] == hostname


def test_rows_of_nvlink_name_the_board_in_another_way(tmp_path: Path) -> None:
    (sample,) = read_lines(
        tmp_path, line("DCGM_FI_DEV_XID_ERRORS", 79, 'nvlink="0"', board='gpu_uuid="GPU-1",model_name="NVIDIA L4"')
    ).samples
    assert (sample["gpu_uuid"], sample["model"], sample["xid"]) == ("GPU-1", "NVIDIA L4", 79)


def test_rows_of_cpus_and_of_other_exporters_are_of_no_use_and_no_error(tmp_path: Path) -> None:
    found = read_lines(
        tmp_path,
        'DCGM_FI_DEV_CPU_POWER_CURRENT{cpu="0",Hostname="gpu-1"} 90',
        "node_load1 0.5",
        "go_goroutines 12",
        line("DCGM_FI_DEV_GPU_UTIL", 5),
    )
    assert (len(found.samples), found.refusals.count) == (1, 0)


def test_a_metric_of_a_board_that_is_not_named_is_refused(tmp_path: Path) -> None:
    found = read_lines(tmp_path, line("DCGM_FI_DEV_GPU_UTIL", 5), 'DCGM_FI_DEV_GPU_UTIL{gpu="1"} 5')
    assert found.reasons == ["page.prom, row 2: no label names the board (UUID)"]


def test_gpu_util_of_a_mig_instance_says_nothing(tmp_path: Path) -> None:
    instance = 'GPU_I_PROFILE="1g.10gb",GPU_I_ID="9",pod="p",namespace="n"'
    (sample,) = read_lines(
        tmp_path, line("DCGM_FI_DEV_GPU_UTIL", 0, instance), line("DCGM_FI_PROF_GR_ENGINE_ACTIVE", 0.9, instance)
    ).samples
    assert (sample["gpu_util_percent"], sample["gr_engine_active_ratio"]) == (None, 0.9)


def test_the_whole_board_beside_its_instances_is_no_unallocated_board(tmp_path: Path) -> None:
    instance = 'GPU_I_PROFILE="7g.80gb",GPU_I_ID="0",pod="p",namespace="n"'
    (sample,) = read_lines(
        tmp_path,
        line("DCGM_FI_PROF_GR_ENGINE_ACTIVE", 0.9, instance),
        line("DCGM_FI_DEV_POWER_USAGE", 302.5),
        line("DCGM_FI_DEV_GPU_UTIL", 0),
    ).samples
    assert (sample["gpu_instance_id"], sample["pod"], sample["power_watts"]) == (0, "p", 302.5)


def test_before_pods_had_their_own_values_time_sliced_rows_are_copies_for_each(tmp_path: Path) -> None:
    one, two = 'pod="a",namespace="n",vgpu="0"', 'pod="b",namespace="n",vgpu="1"'
    metrics = {"DCGM_FI_DEV_GPU_UTIL": 60, "DCGM_FI_PROF_SM_ACTIVE": 0.4, "DCGM_FI_DEV_POWER_USAGE": 61}
    found = read_lines(tmp_path, *(line(name, value, of) for name, value in metrics.items() for of in (one, two)))
    assert [(each["pod"], each["sm_active_ratio"], each["power_watts"]) for each in found.samples] == [
        ("a", 0.4, 61),
        ("b", 0.4, 61),
    ]


def test_a_pods_own_memory_alone_leaves_it_the_devices_activity(tmp_path: Path) -> None:
    pod = 'pod="a",namespace="n"'
    device, own = read_lines(
        tmp_path,
        line("DCGM_FI_DEV_FB_USED", 15000),
        line("DCGM_FI_DEV_FB_USED", 9000, pod),
        line("DCGM_FI_PROF_SM_ACTIVE", 0.4, pod),
    ).samples
    assert (device["fb_used_mib"], own["fb_used_mib"]) == (15000, 9000)
    assert (device["sm_active_ratio"], own["sm_active_ratio"]) == (0.4, 0.4)


def test_a_metric_that_lacks_the_pod_belongs_to_the_pod_of_the_others(tmp_path: Path) -> None:
    pod = 'pod="a",namespace="n"'
    (sample,) = read_lines(
        tmp_path, line("DCGM_FI_DEV_XID_ERRORS", 79), line("DCGM_FI_PROF_SM_ACTIVE", 0.4, pod)
    ).samples
    assert (sample["pod"], sample["xid"], sample["sm_active_ratio"]) == ("a", 79, 0.4)


def test_a_claim_owns_a_board_where_the_exporter_sees_no_pod(tmp_path: Path) -> None:
    claim = 'dra_claim_name="gpu-claim-1",dra_claim_namespace="team-ads",dra_mig_profile="1g.10gb"'
    (sample,) = read_lines(tmp_path, line("DCGM_FI_DEV_FB_USED", 8000, claim)).samples
    assert (sample["namespace"], sample["pod"], sample["mig_profile"]) == ("team-ads", "gpu-claim-1", "1g.10gb")


def test_titles_blanks_and_comments_break_nothing_and_are_counted(tmp_path: Path) -> None:
    found = read_lines(
        tmp_path,
        "GPU node a, taken on Monday",
        "",
        "#stray comment",
        "  ",
        line("DCGM_FI_DEV_GPU_UTIL", 5),
        line("DCGM_FI_DEV_POWER_USAGE", "many"),
        'DCGM_FI_DEV_GPU_UTIL{gpu="0",UUID="GPU-1" 5',
        'DCGM_FI_DEV_GPU_UTIL{gpu=0,UUID="GPU-1"} 5',
    )
    assert [each["gpu_util_percent"] for each in found.samples] == [5]
    assert [each.row for each in found.refusals.first] == [1, 6, 7, 8]


def test_bytes_that_are_no_text_are_refused_by_their_line(tmp_path: Path) -> None:
    broken = tmp_path / "page.prom"
    broken.write_bytes(b"\xff\xfe\x00garbage\n" + line("DCGM_FI_DEV_GPU_UTIL", 5).encode())
    found = read(KIND, tmp_path, broken)
    assert ([each["gpu_util_percent"] for each in found.samples], found.refusals.count) == ([5], 1)


def test_a_page_without_any_metric_of_a_board_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"page\.prom has no metric of a GPU board"):
        read_lines(tmp_path, "node_load1 0.5")


def test_times_are_milliseconds_on_a_page_and_seconds_in_openmetrics(tmp_path: Path) -> None:
    found = read_lines(
        tmp_path,
        line("DCGM_FI_DEV_GPU_UTIL", "1 1772442000000"),
        line("DCGM_FI_DEV_GPU_UTIL", "2 1772442030.5"),
        line("DCGM_FI_DEV_GPU_UTIL", '3 1772442060 # {trace="a b"} 1'),
        "# EOF",
    )
    assert [(each["gpu_util_percent"], each["timestamp"]) for each in found.samples] == [
        (1, NINE),
        (2, datetime(2026, 3, 2, 9, 0, 30, 500_000, UTC)),
        (3, datetime(2026, 3, 2, 9, 1, tzinfo=UTC)),
    ]


def test_a_comment_tells_when_the_lines_after_it_were_seen(tmp_path: Path) -> None:
    found = read_lines(
        tmp_path,
        line("DCGM_FI_DEV_GPU_UTIL", 1),
        "# observed_at 2026-03-02T10:00:30.250Z",
        line("DCGM_FI_DEV_GPU_UTIL", 2),
        "# observed_at: 2026-03-02T12:01:00+01:00",
        line("DCGM_FI_DEV_GPU_UTIL", 3),
        "# observed_at noon",
    )
    assert [(each["gpu_util_percent"], each["timestamp"]) for each in found.samples] == [
        (1, NINE),
        (2, datetime(2026, 3, 2, 10, 0, 30, 250_000, UTC)),
        (3, datetime(2026, 3, 2, 11, 1, tzinfo=UTC)),
    ]
    assert found.reasons == ["page.prom, row 6: observed_at 'noon' is no moment such as 2026-03-02T10:00:00Z"]


def test_a_page_that_says_no_time_is_as_old_as_its_file(tmp_path: Path) -> None:
    written = page(tmp_path, line("DCGM_FI_DEV_GPU_UTIL", 1))
    os.utime(written, (NINE.timestamp(), NINE.timestamp()))
    assert [each["timestamp"] for each in read(KIND, tmp_path, written, observed_at=None).samples] == [NINE]


def test_a_pod_that_takes_a_board_over_is_another_owner(tmp_path: Path) -> None:
    found = read_lines(
        tmp_path,
        line("DCGM_FI_DEV_GPU_UTIL", "1 1772442000", 'pod="a-1",namespace="n"'),
        line("DCGM_FI_DEV_GPU_UTIL", "2 1772442030", 'pod="a-2",namespace="n"'),
    )
    assert [(each["pod"], each["gpu_util_percent"]) for each in found.samples] == [("a-1", 1), ("a-2", 2)]


def test_a_zipped_page_is_read_and_a_broken_one_refused(tmp_path: Path) -> None:
    packed = tmp_path / "page.prom.gz"
    packed.write_bytes(gzip.compress(line("DCGM_FI_DEV_GPU_UTIL", 5).encode()))
    assert len(read(KIND, tmp_path, packed).samples) == 1
    packed.write_bytes(packed.read_bytes()[:-9])
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(BadInput, match="damaged gzip"):
        read(KIND, other, packed)
