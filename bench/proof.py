"""`make proof`: runs too long for `make test`. Writes their figures into docs/proof.md.

Each run either shows what it claims or fails; a missed aim of the bench is written down as missed.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench.__main__ import GIB, ingest_figures, question_figures
from bench.bill import RESOURCES, write_month
from bench.kills import kill_at_random
from bench.large_csv import ingest_large_csv
from bench.place import ROOT
from bench.questions import MONTH

PAGE = Path(__file__).resolve().parent.parent / "docs" / "proof.md"
MEMORY_AIM = 1.5 * GIB
SEEDS = 8
KILLS = 30


def main() -> None:
    """Runs every proof, or those named, and rewrites the page when all of them ran."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*PROOFS, []], help="which; all, and the page, when left out")
    names = parser.parse_args().names or list(PROOFS)
    rows = []
    for name in names:
        began = time.monotonic()
        figures = PROOFS[name]()
        took = time.monotonic() - began
        print(f"{name} ({took:.0f} s)", *figures, sep="\n  ", flush=True)
        rows.append((name, figures, took))
    if len(names) == len(PROOFS):
        PAGE.write_text(_page(rows))
        print(f"Wrote {PAGE}.")


def large_csv() -> list[str]:
    """A CSV of 2 GB stays within the memory it may use."""
    figures = ingest_large_csv()
    peak = figures["peak_bytes"]
    met = "met" if peak <= MEMORY_AIM else "MISSED"
    size, seconds = figures["bytes"] / 1e9, figures["seconds"]
    memory = f"peak memory {peak / GIB:.2f} GiB (aim {MEMORY_AIM / GIB:g} GiB: {met})"
    return [f"{size:.2f} GB of CSV ingested in {seconds:.0f} s, {memory}"]


def random_kills() -> list[str]:
    """Killed at any moment, an ingest leaves the old figures or the new ones, never anything else."""
    kills = kill_at_random(KILLS)
    seen = f"figures old {kills.old} times, new {kills.new} times, anything else 0 times"
    return [f"{KILLS} ingests, {kills.killed} killed in time: {seen}; run again, {kills.completed} of {KILLS} complete"]


def crash_matrix() -> list[str]:
    """A kill at each stage of an ingest."""
    return [_pytest("tests/ingest/test_crash.py")]


def many_seeds() -> list[str]:
    """The conservation laws on bills and policies of many seeds."""
    paths = ("tests/app/chargeback", "tests/app/domain/test_allocation.py")
    closings = [_pytest(*paths, f"--hypothesis-seed={seed}") for seed in range(SEEDS)]
    return [f"{SEEDS} seeds, each: {closings[0]}"]


def bench() -> list[str]:
    """The figures of `make bench` on 10 million lines."""
    folder = ROOT / "bill-10000000"
    write_month(folder, MONTH, rows=10_000_000, resources=RESOURCES)
    return [*ingest_figures(folder, 5), *question_figures(folder)]


PROOFS: dict[str, Callable[[], list[str]]] = {
    "bench": bench,
    "large-csv": large_csv,
    "random-kills": random_kills,
    "crash-matrix": crash_matrix,
    "many-seeds": many_seeds,
}


def _pytest(*arguments: str) -> str:
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments)
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-4000:]}")
    return done.stdout.splitlines()[-1].strip("= ")


def _page(rows: list[tuple[str, list[str], float]]) -> str:
    machine = f"{os.cpu_count()} processors ({platform.machine()}), Python {platform.python_version()}"
    lines = [
        "# Proof",
        "",
        "What `make proof` printed the last time it ran through. `bench/proof.py` has the runs, `bench/` the limit of",
        "each ratio. Aims that were missed are marked so.",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {machine}.",
        "",
        "| run | figures | took |",
        "|---|---|---|",
    ]
    lines += [f"| {name} | {'<br>'.join(figures)} | {took:.0f} s |" for name, figures, took in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
