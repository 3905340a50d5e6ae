"""`make proof`: runs too long for `make test`. Writes their figures into docs/proof.md.

Each run either shows what it claims or fails; a missed aim of the bench is written down as missed.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.__main__ import GIB, ingest_figures, question_figures
from bench.bill import RESOURCES, write_month
from bench.formats import format_figures
from bench.kills import kill_at_random
from bench.large_csv import ingest_large_csv
from bench.laws import laws
from bench.place import ROOT
from bench.questions import MONTH

PAGE = Path(__file__).resolve().parent.parent / "docs" / "proof.md"
KEPT = ROOT / "proof"  # the newest figures of each run, so that one can be run again alone
MEMORY_AIM = 1.5 * GIB
SEEDS = 8
VENDORS_LAWS = tuple(
    f"tests/ingest/{name}.py"
    for name in (
        "anthropic/test_kind",
        "aws/test_cur_laws",
        "azure/test_native",
        "gcp/test_law",
        "litellm/test_kind",
        "openai/test_kind",
    )
)
KILLS = 30


def main() -> None:
    """Runs every proof, or those named, and rewrites the page with the newest figures of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*PROOFS, []], help="which; all when left out")
    KEPT.mkdir(parents=True, exist_ok=True)
    for name in parser.parse_args().names or list(PROOFS):
        began = time.monotonic()
        figures = PROOFS[name]()
        took = f"{time.monotonic() - began:.0f} s"
        print(f"{name} ({took})", *figures, sep="\n  ", flush=True)
        row = {"figures": figures, "took": took, "day": f"{datetime.now(UTC):%Y-%m-%d}"}
        (KEPT / f"{name}.json").write_text(json.dumps(row))
    rows = {name: json.loads(file.read_text()) for name in PROOFS if (file := KEPT / f"{name}.json").exists()}
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


def long_tests() -> list[str]:
    """The cases that `make test` leaves out for their time."""
    return [_pytest("-m", "long", "-n", "logical", "--dist", "loadgroup", "tests")]


def many_seeds() -> list[str]:
    """The conservation laws on bills and policies of many seeds, and those of each vendor's bill on more cases."""
    paths = ("tests/app/chargeback", "tests/app/domain/test_allocation.py", *VENDORS_LAWS)
    closings = [_pytest(*paths, f"--hypothesis-seed={seed}", examples_times=4) for seed in range(SEEDS)]
    return [f"{SEEDS} seeds, each: {closings[0]}"]


def bench() -> list[str]:
    """The figures of `make bench` on 10 million lines."""
    folder = ROOT / "bill-10000000"
    write_month(folder, MONTH, rows=10_000_000, resources=RESOURCES)
    return [*ingest_figures(folder, 5), *question_figures(folder)]


def formats() -> list[str]:
    """The figures of `make bench` on a Cost and Usage Report of 10 million lines, and on a gzipped CSV."""
    return format_figures(10_000_000, 3)


PROOFS: dict[str, Callable[[], list[str]]] = {
    "bench": bench,
    "formats": formats,
    "large-csv": large_csv,
    "random-kills": random_kills,
    "crash-matrix": crash_matrix,
    "long-tests": long_tests,
    "many-seeds": many_seeds,
    "laws": lambda: laws(SEEDS),
}


def _pytest(*arguments: str, examples_times: int = 1) -> str:
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments)
    # `tests.examples` reads the one, `tests/conftest.py` the other.
    environment = os.environ | {"TRUEUP_EXAMPLES_TIMES": str(examples_times), "TRUEUP_EVERY_TEST": "1"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-4000:]}")
    return done.stdout.splitlines()[-1].strip("= ")


def _page(rows: dict[str, dict[str, Any]]) -> str:
    machine = f"{os.cpu_count()} processors ({platform.machine()}), Python {platform.python_version()}"
    lines = [
        "# Proof",
        "",
        "What `make proof` printed the last time each run went through. `bench/proof.py` has the runs, `bench/` the",
        "limit of each ratio. Aims that were missed are marked so.",
        "",
        f"Measured with {machine}.",
        "",
        "| run | figures | took | on |",
        "|---|---|---|---|",
    ]
    for name, row in rows.items():
        figures = "<br>".join(figure.strip() for figure in row["figures"])
        lines.append(f"| {name} | {figures} | {row['took']} | {row['day']} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
