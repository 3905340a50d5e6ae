"""A real Prometheus on this machine, filled by promtool with what a test says."""

import math
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest


@dataclass
class Metric:
    """What a metric says: a value for each set of labels and moment."""

    name: str
    kind: str = "gauge"
    samples: list[tuple[Mapping[str, str], float, float]] = field(default_factory=list)  # labels, seconds, value

    def add(self, labels: Mapping[str, str], at: float, value: float) -> None:
        self.samples.append((labels, at, value))


def program() -> str:
    """Where Prometheus is; its promtool lies beside it."""
    found = os.environ.get("TRUEUP_PROMETHEUS") or shutil.which("prometheus")
    if not found or not Path(found).with_name("promtool").exists():
        pytest.skip("no Prometheus: set TRUEUP_PROMETHEUS, or apt install prometheus")
    return found


def backfill(metrics: Iterable[Metric], folder: Path) -> Path:
    """A database with these samples."""
    text, data = folder / "in.om", folder / "data"
    with text.open("w") as out:
        for metric in metrics:
            out.write(f"# TYPE {metric.name.removesuffix('_total')} {metric.kind}\n")
            written = sorted(metric.samples, key=lambda sample: sorted(sample[0].items()))
            for labels, at, value in written:
                told = ",".join(f'{name}="{text}"' for name, text in labels.items())
                number = "NaN" if math.isnan(value) else repr(value)
                out.write(f"{metric.name}{{{told}}} {number} {at:.3f}\n")
        out.write("# EOF\n")
    promtool = str(Path(program()).with_name("promtool"))
    subprocess.run(
        [promtool, "tsdb", "create-blocks-from", "--max-block-duration=192h", "openmetrics", str(text), str(data)],
        check=True,
        capture_output=True,
    )
    return data


@contextmanager
def serving(data: Path, folder: Path, *options: str) -> Iterator[str]:
    """The address of a Prometheus that answers from `data` until the block ends."""
    config = folder / "prometheus.yml"
    config.write_text("global: {}\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    arguments = [
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
        *options,
    ]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([program(), *arguments], stdout=log, stderr=log)
    try:
        _wait_for(url, server, folder)
        yield url
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(url: str, server: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert server.poll() is None, (folder / "log").read_text()
        try:
            if httpx.get(f"{url}/-/ready").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    pytest.fail("Prometheus does not start")
