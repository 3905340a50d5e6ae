"""A day of a small cluster, as samples: sixteen boards, each with something of its own."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.ingest.telemetry.prometheus.server import Metric

START = 1_740_873_600  # 2025-03-02 00:00 UTC
DAY = 86_400
RESTART = START + 3 * 3600 + 15 * 60 + 20  # the trainer begins again, as another series
GAP = (START + 10 * 3600 + 20 * 60, START + 12 * 3600)  # nothing is known of a board
RESET = START + 7 * 3600 + 1800  # a driver is loaded again
BROKEN_FROM = START + 20 * 3600
MODEL = "NVIDIA H100 80GB HBM3"

UTIL, ENGINE = "DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_PROF_GR_ENGINE_ACTIVE"
MEMORY, POWER = "DCGM_FI_DEV_FB_USED", "DCGM_FI_DEV_POWER_USAGE"
ENERGY, XID = "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION_total", "DCGM_FI_DEV_XID_ERRORS"
NOBODY, TRAINER, TWICE, GAPPED, MIG, STUCK, BROKEN, RELOADED = range(8)


@dataclass(frozen=True)
class Sample:
    """What a board said at a moment, beside the metrics that say it: pandas reads these."""

    gpu_uuid: str
    gpu_instance_id: int
    pod: str | None
    at: float
    values: dict[str, float]


def uuid(board: int) -> str:
    return f"GPU-{board:04}"


def labels(board: int, **more: str) -> dict[str, str]:
    """Of a board's series, as Prometheus keeps them: the exporter's own pod beside what it exported."""
    return {
        "UUID": uuid(board),
        "gpu": str(board % 8),
        "modelName": MODEL,
        "Hostname": f"dcgm-exporter-{board // 8}",
        "instance": f"10.0.0.{board // 8}:9400",
        "namespace": "gpu-operator",
        "pod": f"dcgm-exporter-{board // 8}",
        "container": "exporter",
        **more,
    }


def workload(board: int) -> dict[str, str]:
    if board == NOBODY:
        return {}
    name = f"serve-6f7d9c5b4-x{board:03}" if board % 2 else f"train-{board}"
    return {"exported_namespace": "nlp", "exported_pod": name, "exported_container": "main"}


class Cluster:
    """Its metrics, and the samples that went into them."""

    def __init__(self) -> None:
        self.metrics = {name: Metric(name) for name in (UTIL, ENGINE, MEMORY, POWER, XID)}
        self.metrics[ENERGY] = Metric(ENERGY, "counter")
        self.samples: list[Sample] = []
        self.energy: dict[tuple[str, int], float] = {}  # by board and hour: what the counter grew by
        draw = random.Random(20260302)
        for board in range(16):
            self._board(board, draw)
        self._kubernetes()

    def _board(self, board: int, draw: random.Random) -> None:
        counter = 1e9
        before = START + board * 3.25 - 60
        for at in _moments(board):
            busy = draw.random() < 0.6 and board != NOBODY and not (board == BROKEN and at >= BROKEN_FROM)
            power = 650.0 if board == STUCK or busy else 72.0
            if board == RELOADED and before < RESET <= at:
                counter = 0.0
            counter += power * (at - before) * 1000
            before = at
            self._sample(board, at, draw, busy=busy, power=power, counter=counter)

    def _sample(self, board: int, at: float, draw: random.Random, *, busy: bool, power: float, counter: float) -> None:
        engine = round(draw.uniform(0.05, 1), 3) if busy and board != STUCK else 0.0
        values = {
            UTIL: 99.0 if board == STUCK else float(engine > 0) * 90,
            ENGINE: engine,
            MEMORY: float(draw.randrange(30_000, 40_000)),
            POWER: power,
            ENERGY: counter,
        }
        if board == BROKEN:
            values[XID] = 79.0 if at >= BROKEN_FROM else 0.0
        for instance in (1, 2) if board == MIG else (-1,):
            told = {**values, ENGINE: round(engine / instance, 4) if instance > 0 else engine}
            if instance > 0:
                del told[UTIL]
            self.samples.append(Sample(uuid(board), instance, workload(board).get("exported_pod"), at, told))
            for extra in _series(board, at, instance):
                for name, value in told.items():
                    self.metrics[name].add(labels(board, **workload(board), **extra), at, value)

    def _kubernetes(self) -> None:
        pods, owners, info = (Metric(f"kube_pod_{what}") for what in ("labels", "owner", "info"))
        for at in range(START, START + DAY, 300):
            for board in range(16):
                told = workload(board)
                if not told:
                    continue
                pod = {"namespace": told["exported_namespace"], "pod": told["exported_pod"]}
                if board not in {GAPPED, TRAINER}:  # of these two Kubernetes said no label
                    pods.add({**pod, "label_team": "serving" if board % 2 else "training"}, at, 1)
                kind, name = ("ReplicaSet", "serve-6f7d9c5b4") if board % 2 else ("Job", f"train-{board}")
                owners.add({**pod, "owner_kind": kind, "owner_name": name}, at, 1)
            for node in range(2):
                info.add({"namespace": "gpu-operator", "pod": f"dcgm-exporter-{node}", "node": f"node-{node}"}, at, 1)
        self.metrics |= {metric.name: metric for metric in (pods, owners, info)}


def _moments(board: int) -> Iterator[float]:
    """Once a minute, and the trainer twice before it began again; board 0 at the very start of every minute."""
    at = START + board * 3.25
    while at < START + DAY:
        if not (board == GAPPED and GAP[0] <= at < GAP[1]):
            yield at
        at += 30 if board == TRAINER and at < RESTART else 60


def _series(board: int, at: float, instance: int) -> Iterator[dict[str, str]]:
    """What tells the series that a sample is in from others of the board."""
    if board == TWICE:
        yield {"prometheus_replica": "a"}
        yield {"prometheus_replica": "b"}
    elif instance > 0:
        yield {"GPU_I_ID": str(instance), "GPU_I_PROFILE": "3g.40gb"}
    elif board == TRAINER:
        yield {"pod_uid": "first" if at < RESTART else "second"}
    else:
        yield {}
