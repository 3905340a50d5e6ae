"""Readers while a month is ingested again: how much longer they wait."""

import subprocess
import sys
import threading
import time
from pathlib import Path
from statistics import quantiles

from app.db.session import read_session
from app.domain.viewer import operator
from app.reports.costs import costs
from bench.place import Place
from bench.questions import QUESTIONS

QUESTION = "team x service, one month"
PAUSE = 1 / 70  # seconds between two questions of the reader


def reader_p95(place: Place, stop: threading.Event) -> float:
    """Milliseconds that 95 of 100 answers stayed below, until `stop`."""
    taken = []
    while not stop.is_set():
        began = time.perf_counter()
        with read_session(place.engine) as session:
            costs(session, operator("bench"), QUESTIONS[QUESTION])
        taken.append((time.perf_counter() - began) * 1000)
        time.sleep(PAUSE)
    return quantiles(taken, n=20)[-1]


def idle_p95(place: Place, seconds: float) -> float:
    """The p95 with nothing else going on."""
    stop = threading.Event()
    threading.Timer(seconds, stop.set).start()
    return reader_p95(place, stop)


def p95_during_ingest(place: Place, folder: Path) -> float:
    """The p95 while `folder` is ingested in another process, at the low priority that the scheduler gives it."""
    stop = threading.Event()
    command = (sys.executable, "-m", "bench.ours", str(folder), place.database, "again")
    with subprocess.Popen(("nice", "-n", "10", *command), stdout=subprocess.DEVNULL) as ingest:

        def tell() -> None:
            ingest.wait()
            stop.set()

        threading.Thread(target=tell, daemon=True).start()
        p95 = reader_p95(place, stop)
    if ingest.returncode:
        raise RuntimeError("the ingest beside the readers failed")
    return p95
