"""Measuring side by side: the limit and ours in turn, so that what disturbs one disturbs the other."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Pair:
    """One run of the limit and one of ours, in seconds."""

    limit: float
    ours: float


@dataclass(frozen=True)
class Ratio:
    """How many times the limit ours takes."""

    name: str
    pairs: tuple[Pair, ...]
    aim: float

    @property
    def gate(self) -> float:
        """The least disturbed run of ours against that of the limit."""
        return min(pair.ours for pair in self.pairs) / min(pair.limit for pair in self.pairs)

    @property
    def met(self) -> bool:
        """Whether the aim is reached."""
        return self.gate <= self.aim

    def __str__(self) -> str:
        ratios = sorted(pair.ours / pair.limit for pair in self.pairs)
        return (
            f"{self.name}: {self.gate:.2f}x the limit (aim {self.aim:g}x: {'met' if self.met else 'MISSED'});"
            f" pairs {median(ratios):.2f} [{ratios[0]:.2f}-{ratios[-1]:.2f}],"
            f" limit {min(p.limit for p in self.pairs):.2f} s, ours {min(p.ours for p in self.pairs):.2f} s"
        )


def in_turn(name: str, aim: float, limit: Callable[[], float], ours: Callable[[], float], *, times: int) -> Ratio:
    """Runs both alternately, `times` times."""
    return Ratio(name, tuple(Pair(limit(), ours()) for _ in range(times)), aim)


def in_process(module: str, *arguments: str) -> dict[str, float]:
    """Runs `python -m module` in a process of its own and reads the figures it prints as JSON."""
    done = subprocess.run((sys.executable, "-m", module, *arguments), check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def peak_memory_bytes() -> int:
    """The most memory this process has held so far (VmHWM)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise OSError("no VmHWM in /proc/self/status")


class ForeignLoad:
    """How busy others keep the processors while we measure: a figure taken then is worth less."""

    def __init__(self) -> None:
        self._began, self._busy, self._own = time.monotonic(), _busy_seconds(), _own_seconds()

    def __str__(self) -> str:
        elapsed = (time.monotonic() - self._began) * (os.cpu_count() or 1)
        foreign = (_busy_seconds() - self._busy) - (_own_seconds() - self._own)
        return f"others, Postgres among them, kept the processors busy for {max(foreign, 0) / elapsed:.0%} of the time"


def _busy_seconds() -> float:
    user, nice, system, _idle, _wait, irq, soft, *_ = map(
        int, Path("/proc/stat").read_text().split("\n")[0].split()[1:]
    )
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    return sum(os.times()[:4])
