"""What NVML says of the GPUs of this machine now, as samples.

`pynvml` (the package nvidia-ml-py) is handed in, so that what is not there can be said before, and tests can stand in.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from importlib import import_module
from typing import Any

from app.domain.gpu.sample import WHOLE_BOARD
from app.errors import Unavailable

MIB = 1024 * 1024
Sample = dict[str, Any]
Who = Callable[[int], dict[str, str]]  # the owner that a process id belongs to, in columns of samples

# Metrics of GPM, which Hopper and later boards have; each is percent of the time, or of the peak bandwidth.
_GPM = {
    "sm_active_ratio": "NVML_GPM_METRIC_SM_UTIL",
    "gr_engine_active_ratio": "NVML_GPM_METRIC_GRAPHICS_UTIL",
    "tensor_active_ratio": "NVML_GPM_METRIC_ANY_TENSOR_UTIL",
    "dram_active_ratio": "NVML_GPM_METRIC_DRAM_BW_UTIL",
}


def open_nvml() -> Any:
    """The module `pynvml`, ready. Raises Unavailable, saying what to do, where there is none or no driver."""
    try:
        nvml = import_module("pynvml")
    except ImportError:
        raise Unavailable(
            "NVML cannot be asked: the Python package nvidia-ml-py is not here. Install it beside Trueup on the machine"
            " with the GPUs (`pip install nvidia-ml-py`)."
        ) from None
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        raise Unavailable(
            f"NVML does not answer ({error}). It comes with NVIDIA's driver: run the agent on a machine with a GPU"
            " where `nvidia-smi` works, and in a container with `--gpus all`."
        ) from None
    return nvml


@dataclass
class Boards:
    """The boards of this machine. GPM tells of the time since the last reading, so that is kept."""

    nvml: Any
    hostname: str
    who: Who
    _gpm: dict[tuple[str, int], Any] = field(default_factory=dict)  # the last GPM reading of each board

    def samples(self, now: datetime) -> list[Sample]:
        """A sample for each board and each owner of processes on it; one without owner where nothing runs.

        A board that does not answer, such as one that fell off the bus, has no sample: its minutes are unknown.
        """
        found: list[Sample] = []
        for index in range(self.nvml.nvmlDeviceGetCount()):
            with suppress(self.nvml.NVMLError):
                found += self._of_board(self.nvml.nvmlDeviceGetHandleByIndex(index), now)
        return found

    def _of_board(self, handle: Any, now: datetime) -> Iterator[Sample]:
        board = {"timestamp": now, "hostname": self.hostname, **self._measured(handle)}
        uuid, instances = board["gpu_uuid"], list(self._instances(handle))
        for instance, part in instances:
            take = partial(self.nvml.nvmlGpmMigSampleGet, handle, instance)
            told = {**self._memory(part), **self._profiled((uuid, instance), handle, take)}
            yield from self._by_owner({**board, "gpu_instance_id": instance, "gpu_util_percent": None, **told}, part)
        if not instances:
            take = partial(self.nvml.nvmlGpmSampleGet, handle)
            told = self._profiled((uuid, WHOLE_BOARD), handle, take)
            yield from self._by_owner({**board, "gpu_instance_id": WHOLE_BOARD, **told}, handle)

    def _by_owner(self, board: Sample, handle: Any) -> Iterator[Sample]:
        owners: dict[tuple[tuple[str, str], ...], float] = {}
        for process in self._told(self.nvml.nvmlDeviceGetComputeRunningProcesses, handle) or ():
            owner = tuple(sorted(self.who(process.pid).items()))
            owners[owner] = owners.get(owner, 0) + (process.usedGpuMemory or 0) / MIB
        for owner, used in owners.items():
            # Where several share it, each has used what its processes hold.
            own = {"fb_used_mib": used} if len(owners) > 1 and used else {}
            yield _without_none({**board, **own, **dict(owner)})
        if not owners:
            yield _without_none(board)

    def _measured(self, handle: Any) -> Sample:
        nvml = self.nvml
        utilisation = self._told(nvml.nvmlDeviceGetUtilizationRates, handle)
        power = self._told(nvml.nvmlDeviceGetPowerUsage, handle)  # mW
        return {
            "gpu_uuid": nvml.nvmlDeviceGetUUID(handle),
            "model": self._told(nvml.nvmlDeviceGetName, handle),
            "gpu_util_percent": float(utilisation.gpu) if utilisation else None,
            "power_watts": power / 1000 if power is not None else None,
            "energy_mj": self._told(nvml.nvmlDeviceGetTotalEnergyConsumption, handle),
            **self._memory(handle),
        }

    def _memory(self, handle: Any) -> Sample:
        memory = self._told(self.nvml.nvmlDeviceGetMemoryInfo, handle)
        return {"fb_used_mib": memory.used / MIB, "fb_total_mib": memory.total / MIB} if memory else {}

    def _profiled(self, key: tuple[str, int], handle: Any, take: Callable[[Any], Any]) -> Sample:
        """Activity since the last reading, of boards that have GPM; nothing the first time."""
        with suppress(self.nvml.NVMLError):
            if not self.nvml.nvmlGpmQueryDeviceSupport(handle).isSupportedDevice:
                return {}
            reading = self.nvml.nvmlGpmSampleAlloc()
            take(reading)
            before, self._gpm[key] = self._gpm.get(key), reading
            if before is not None:
                try:
                    return self._between(before, reading)
                finally:
                    self.nvml.nvmlGpmSampleFree(before)
        return {}

    def _between(self, before: Any, after: Any) -> Sample:
        asked = self.nvml.c_nvmlGpmMetricsGet_t()
        asked.version = self.nvml.NVML_GPM_METRICS_GET_VERSION
        asked.sample1, asked.sample2, asked.numMetrics = before, after, len(_GPM)
        for place, metric in enumerate(_GPM.values()):
            asked.metrics[place].metricId = getattr(self.nvml, metric)
        answer = self.nvml.nvmlGpmMetricsGet(asked)
        told = zip(_GPM, answer.metrics, strict=False)
        return {name: min(max(each.value / 100, 0.0), 1.0) for name, each in told if each.nvmlReturn == 0}

    def _instances(self, handle: Any) -> Iterator[tuple[int, Any]]:
        """The MIG instances of a board, each with its number."""
        for place in range(self._told(self.nvml.nvmlDeviceGetMaxMigDeviceCount, handle) or 0):
            with suppress(self.nvml.NVMLError):
                part = self.nvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, place)
                yield self.nvml.nvmlDeviceGetGpuInstanceId(part), part

    def _told(self, ask: Callable[[Any], Any], handle: Any) -> Any:
        """What NVML answers; None for what this board, or its driver, does not tell."""
        try:
            return ask(handle)
        except self.nvml.NVMLError:
            return None


def _without_none(sample: Sample) -> Sample:
    return {name: value for name, value in sample.items() if value is not None}


@contextmanager
def boards(hostname: str, who: Who) -> Iterator[Boards]:
    """The boards of this machine, as long as they are asked. Raises Unavailable where NVML does not answer."""
    nvml = open_nvml()
    try:
        yield Boards(nvml, hostname, who)
    finally:
        nvml.nvmlShutdown()
