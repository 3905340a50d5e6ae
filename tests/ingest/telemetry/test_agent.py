"""The agent: what NVML says becomes samples, and they wait until the server has them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from app.errors import BadInput, NotPermitted, Unavailable
from ingest.telemetry import nvml
from ingest.telemetry.nvml import Boards, open_nvml
from ingest.telemetry.processes import owner_of
from ingest.telemetry.spool import MOST_SAMPLES, Server, Spool

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MIB = 1024 * 1024


class NVMLError(Exception):
    pass


class FakeNvml:
    """`pynvml` on a machine with boards that are told."""

    NVMLError = NVMLError
    NVML_GPM_METRICS_GET_VERSION = 1
    NVML_GPM_METRIC_SM_UTIL, NVML_GPM_METRIC_GRAPHICS_UTIL = 2, 1
    NVML_GPM_METRIC_ANY_TENSOR_UTIL, NVML_GPM_METRIC_DRAM_BW_UTIL = 5, 10

    def __init__(self, *boards: dict[str, Any]) -> None:
        self.boards, self.freed = boards, 0

    def c_nvmlGpmMetricsGet_t(self) -> Any:  # noqa: N802  (its name in pynvml)
        return SimpleNamespace(metrics=[SimpleNamespace(metricId=0, value=0.0, nvmlReturn=0) for _ in range(9)])

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return len(self.boards)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> dict[str, Any]:  # noqa: N802
        if "lost" in self.boards[index]:
            raise NVMLError("GPU is lost")
        return self.boards[index]

    def nvmlDeviceGetMigDeviceHandleByIndex(self, handle: dict[str, Any], index: int) -> Any:  # noqa: N802
        return handle["instances"][index]

    def nvmlGpmSampleAlloc(self) -> dict[str, Any]:  # noqa: N802
        return {}

    def nvmlGpmSampleGet(self, handle: dict[str, Any], reading: dict[str, Any]) -> None:  # noqa: N802
        reading.update(handle["gpm"])

    def nvmlGpmMigSampleGet(self, handle: dict[str, Any], instance: int, reading: dict[str, Any]) -> None:  # noqa: N802
        reading.update(handle["gpm_of"][instance])

    def nvmlGpmSampleFree(self, _reading: object) -> None:  # noqa: N802
        self.freed += 1

    def nvmlGpmQueryDeviceSupport(self, handle: dict[str, Any]) -> Any:  # noqa: N802
        return SimpleNamespace(isSupportedDevice="gpm" in handle or "gpm_of" in handle)

    def nvmlGpmMetricsGet(self, asked: Any) -> Any:  # noqa: N802
        for metric in asked.metrics[: asked.numMetrics]:
            metric.value = asked.sample2[metric.metricId]
        return asked

    def __getattr__(self, name: str) -> Callable[[dict[str, Any]], Any]:
        def ask(handle: dict[str, Any]) -> Any:
            if name not in handle:
                raise NVMLError("Not Supported")
            return handle[name]

        return ask


def a_board(uuid: str = "GPU-1", **told: Any) -> dict[str, Any]:
    return {
        "nvmlDeviceGetUUID": uuid,
        "nvmlDeviceGetName": "NVIDIA H100 80GB HBM3",
        "nvmlDeviceGetUtilizationRates": SimpleNamespace(gpu=97),
        "nvmlDeviceGetPowerUsage": 651_500,
        "nvmlDeviceGetTotalEnergyConsumption": 123_456,
        "nvmlDeviceGetMemoryInfo": SimpleNamespace(used=60 * MIB, total=80 * MIB),
        "nvmlDeviceGetComputeRunningProcesses": [],
        **told,
    }


def a_process(pid: int, mib: int) -> SimpleNamespace:
    return SimpleNamespace(pid=pid, usedGpuMemory=mib * MIB)


def who(pid: int) -> dict[str, str]:
    return {1: {"user_name": "ann", "job_id": "7"}, 2: {"user_name": "ann", "job_id": "7"}}.get(
        pid, {"user_name": "bo"}
    )


def test_a_board_becomes_a_sample() -> None:
    (sample,) = Boards(FakeNvml(a_board()), "node-1", who).samples(NOON)
    assert sample == {
        "timestamp": NOON, "hostname": "node-1", "gpu_uuid": "GPU-1", "gpu_instance_id": -1,
        "model": "NVIDIA H100 80GB HBM3", "gpu_util_percent": 97.0, "power_watts": 651.5, "energy_mj": 123_456,
        "fb_used_mib": 60.0, "fb_total_mib": 80.0,
    }  # fmt: skip


def test_what_a_board_does_not_tell_is_left_out() -> None:
    bare = {"nvmlDeviceGetUUID": "GPU-1", "nvmlDeviceGetName": "Tesla T4"}
    (sample,) = Boards(FakeNvml(bare), "n", who).samples(NOON)
    assert sample.keys() == {"timestamp", "hostname", "gpu_uuid", "gpu_instance_id", "model"}


def test_a_board_that_is_lost_does_not_hide_the_others() -> None:
    samples = Boards(FakeNvml({"lost": True}, a_board("GPU-2")), "n", who).samples(NOON)
    assert [sample["gpu_uuid"] for sample in samples] == ["GPU-2"]


def test_processes_say_who_has_the_board() -> None:
    running = [a_process(1, 10), a_process(2, 20), a_process(3, 5)]
    samples = Boards(FakeNvml(a_board(nvmlDeviceGetComputeRunningProcesses=running)), "n", who).samples(NOON)
    assert [(each.get("job_id"), each["user_name"], each["fb_used_mib"]) for each in samples] == [
        ("7", "ann", 30.0),
        (None, "bo", 5.0),
    ]


def test_activity_is_of_the_time_between_two_readings() -> None:
    fake = FakeNvml(a_board(gpm={2: 41.0, 1: 90.0, 5: 12.5, 10: 100.4}))
    boards = Boards(fake, "n", who)
    assert "sm_active_ratio" not in boards.samples(NOON)[0]
    (sample,) = boards.samples(NOON)
    told = [sample[f"{name}_ratio"] for name in ("sm_active", "gr_engine_active", "tensor_active", "dram_active")]
    assert (told, fake.freed) == ([0.41, 0.9, 0.125, 1.0], 1)


def test_mig_instances_are_told_apart() -> None:
    parts = [
        {"nvmlDeviceGetGpuInstanceId": number, "nvmlDeviceGetMemoryInfo": SimpleNamespace(used=MIB, total=10 * MIB)}
        for number in (3, 5)
    ]
    activity = {3: {2: 80.0, 1: 80.0, 5: 0.0, 10: 1.0}, 5: {2: 0.0, 1: 0.0, 5: 0.0, 10: 0.0}}
    board = a_board(nvmlDeviceGetMaxMigDeviceCount=2, instances=parts, gpm_of=activity)
    boards = Boards(FakeNvml(board), "n", who)
    boards.samples(NOON)
    samples = boards.samples(NOON)
    assert [(each["gpu_instance_id"], each["sm_active_ratio"], each["fb_total_mib"]) for each in samples] == [
        (3, 0.8, 10.0),
        (5, 0.0, 10.0),
    ]
    assert all("gpu_util_percent" not in each for each in samples)


def test_without_nvml_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(nvml, "import_module", missing)
    with pytest.raises(Unavailable, match="pip install nvidia-ml-py"):
        open_nvml()

    def no_driver() -> None:
        raise NVMLError("NVML Shared Library Not Found")

    monkeypatch.setattr(nvml, "import_module", lambda _: SimpleNamespace(nvmlInit=no_driver, NVMLError=NVMLError))
    with pytest.raises(Unavailable, match=r"Shared Library Not Found.*nvidia-smi"):
        open_nvml()


def test_a_process_belongs_to_its_job(tmp_path: Path) -> None:
    (tmp_path / "42").mkdir()
    (tmp_path / "42" / "environ").write_bytes(b"PATH=/bin\0SLURM_JOB_ID=77\0SLURM_JOB_ACCOUNT=nlp\0=odd\0POD_NAME=\0")
    found = owner_of(42, tmp_path)
    assert (found["job_id"], found["account"], "pod" in found) == ("77", "nlp", False)
    assert owner_of(43, tmp_path) == {}


def a_server(answer: Callable[[httpx.Request], httpx.Response]) -> Server:
    return Server(httpx.Client(base_url="http://trueup", transport=httpx.MockTransport(answer)), "agents")


def test_samples_wait_until_the_server_has_them(tmp_path: Path) -> None:
    spool, posts, away = Spool(tmp_path), [], True

    def answer(request: httpx.Request) -> httpx.Response:
        if away:
            raise httpx.ConnectError("refused")
        posts.append((request.url.params["source"], request.headers["idempotency-key"], request.content))
        return httpx.Response(200)

    spool.add([{"timestamp": NOON, "gpu_uuid": "GPU-1"}], NOON)
    spool.add([{"timestamp": NOON, "gpu_uuid": "GPU-2"}], NOON + timedelta(minutes=5))
    with pytest.raises(Unavailable, match="wait on disk"):
        a_server(answer).send(spool)
    away = False
    assert a_server(answer).send(spool) == 2
    assert [content for _, _, content in posts] == [
        b'[{"timestamp": "2026-03-02T12:00:00+00:00", "gpu_uuid": "GPU-1"}]',
        b'[{"timestamp": "2026-03-02T12:00:00+00:00", "gpu_uuid": "GPU-2"}]',
    ]
    assert len({key for _, key, _ in posts}) == 2
    assert list(spool.batches()) == []


def test_batches_are_no_larger_than_the_server_takes(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add([{"gpu_uuid": str(number)} for number in range(MOST_SAMPLES + 1)], NOON)
    assert len(list(spool.batches())) == 2


def test_what_the_server_cannot_use_is_put_aside_and_told(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add([{"gpu_uuid": "bad"}], NOON)
    spool.add([{"gpu_uuid": "good"}], NOON + timedelta(minutes=1))
    kept = a_server(
        lambda request: (
            httpx.Response(422, json={"detail": "No."}) if b"bad" in request.content else httpx.Response(200)
        )
    )
    with pytest.raises(BadInput, match="No"):
        kept.send(spool)
    assert list(spool.batches()) == []
    assert len(list(tmp_path.glob("*.refused"))) == 1


@pytest.mark.parametrize(("status", "error"), [(403, NotPermitted), (409, Unavailable), (503, Unavailable)])
def test_a_server_that_says_no_for_now_keeps_batches_waiting(
    tmp_path: Path, status: int, error: type[Exception]
) -> None:
    spool = Spool(tmp_path)
    spool.add([{"gpu_uuid": "GPU-1"}], NOON)
    with pytest.raises(error):
        a_server(lambda _: httpx.Response(status, json={"detail": "Not now."})).send(spool)
    assert len(list(spool.batches())) == 1
