"""An ingest killed at random moments: the figures are the old ones or the new ones, and the next run completes."""

import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from decimal import Decimal

from app.db.session import read_session
from app.domain.period import next_month
from app.domain.viewer import operator
from app.reports.cost_query import CostQuery, Granularity
from app.reports.costs import costs
from bench.__main__ import restated
from bench.bill import write_month
from bench.place import ROOT, Place
from bench.questions import MONTH

LINES = 200_000


@dataclass(frozen=True)
class Kills:
    """How the kills ended."""

    killed: int
    old: int
    new: int
    completed: int


def kill_at_random(count: int, *, seed: int = 1) -> Kills:
    """Ingests a restated month `count` times, killing each at a random moment, then lets it complete.

    Raises AssertionError if figures are ever neither the old nor the new ones.
    """
    dice = random.Random(seed)  # noqa: S311  (moments to kill at, not secrets)
    folder = ROOT / f"bill-{LINES}"
    write_month(folder, MONTH, rows=LINES, resources=2_000)
    bills = (folder, restated(folder))
    place = Place("bench_kills").make()
    expected = [_ingest(place, bill) for bill in bills]
    takes = _time(place, bills[0])
    killed = old = new = completed = 0
    for turn in range(count):
        bill, before, after = bills[(turn + 1) % 2], expected[turn % 2], expected[(turn + 1) % 2]
        _ingest(place, bills[turn % 2])
        killed += _killed(place, bill, dice.uniform(0.2, takes * 1.05))
        found = _total(place)
        assert found in {before, after}, f"kill {turn}: {found} is neither {before} nor {after}"
        old, new = old + (found == before), new + (found == after)
        completed += _ingest(place, bill) == after
    return Kills(killed, old, new, completed)


def _command(place: Place, bill: object) -> tuple[str, ...]:
    return (sys.executable, "-m", "bench.ours", str(bill), place.database, "again")


def _time(place: Place, bill: object) -> float:
    began = time.perf_counter()
    subprocess.run(_command(place, bill), check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _killed(place: Place, bill: object, after: float) -> bool:
    with subprocess.Popen(_command(place, bill), stdout=subprocess.DEVNULL) as process:
        time.sleep(after)
        process.kill()
    return process.returncode == -signal.SIGKILL


def _ingest(place: Place, bill: object) -> Decimal:
    subprocess.run(_command(place, bill), check=True, stdout=subprocess.DEVNULL)
    return _total(place)


def _total(place: Place) -> Decimal:
    question = CostQuery(MONTH, next_month(MONTH), granularity=Granularity.TOTAL)
    with read_session(place.engine) as session:
        (block,) = costs(session, operator("bench"), question).blocks
    return block.total
