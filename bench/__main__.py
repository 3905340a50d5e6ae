"""`make bench`: speed and memory on a generated month of 10 million lines, each as a ratio to a named limit.

Prints figures; it fails only if something breaks, because machines are noisy. `--lines` makes a smaller bill,
`--pairs` says how often limit and ours are run in turn.
"""

import argparse
import shutil
from pathlib import Path

from bench.allocation import allocation_figures
from bench.bill import RESOURCES, write_month
from bench.formats import format_figures
from bench.gpu import gpu_figures
from bench.gpu_waste import waste_figures
from bench.measure import ForeignLoad, Ratio, in_process, in_turn
from bench.pack import pack_figures
from bench.place import ROOT
from bench.questions import MONTH, QUESTIONS, facts_only, timing, twelve_months
from bench.readers import idle_p95, p95_during_ingest

GIB = 1024**3
MEMORY_AIM = 1.5 * GIB
ROLL_UP_AIM = 50


def main() -> None:
    """Measures (a) an ingest, (b) questions, (c) readers during an ingest, (d) to (g) other formats and line items."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--small", action="store_true", help="GPU telemetry of a sixteenth of the boards")
    options = parser.parse_args()
    folder = ROOT / f"bill-{options.lines}"
    resources = min(RESOURCES, options.lines // 100)
    print(f"A month of {options.lines:,} lines, {resources:,} resources, in {folder} …", flush=True)
    write_month(folder, MONTH, rows=options.lines, resources=resources)
    print(*ingest_figures(folder, options.pairs), sep="\n", flush=True)
    print(*question_figures(folder), sep="\n", flush=True)
    print(*format_figures(options.lines, options.pairs), sep="\n", flush=True)
    print(*allocation_figures(options.pairs), sep="\n", flush=True)
    print(*pack_figures(teams=200, services=90), sep="\n", flush=True)
    print(*gpu_figures(boards=128 if options.small else 2048, pairs=options.pairs), sep="\n", flush=True)
    print(*waste_figures(nodes=256), sep="\n", flush=True)


def ingest_figures(folder: Path, pairs: int) -> list[str]:
    """(a) file to live and allocated, against DuckDB's bare group-by of the same files."""
    runs: list[dict[str, float]] = []

    def ours() -> float:
        runs.append(in_process("bench.ours", str(folder), "bench_ingest", "fresh"))
        return runs[-1]["seconds"]

    load = ForeignLoad()
    ratio: Ratio = in_turn(
        "(a) file -> live and allocated",
        2.0,
        lambda: in_process("bench.limit", str(folder))["seconds"],
        ours,
        times=pairs,
    )
    best = min(runs, key=lambda run: run["seconds"])
    peak = max(run["peak_bytes"] for run in runs)
    stages = ", ".join(f"{stage} {best[stage]:.1f}" for stage in ("hash", "read", "keys", "copy", "post"))
    met = "met" if peak <= MEMORY_AIM else "MISSED"
    return [
        str(ratio),
        f"    seconds after the start at which the last of each stage was done: {stages}",
        f"    peak memory {peak / GIB:.2f} GiB (aim {MEMORY_AIM / GIB:g} GiB: {met}); {load}",
    ]


def question_figures(folder: Path) -> list[str]:
    """(b) the dashboard's questions on roll-ups and on the facts, (c) readers while the month is ingested again."""
    place = twelve_months(folder)
    lines = []
    for name, question in QUESTIONS.items():
        rolled = timing(place, question, times=40)
        with facts_only():
            bare = timing(place, question, times=5)
        factor = bare.p50 / rolled.p50
        daily = question.granularity == "day"
        verdict = "" if daily else f" (aim {ROLL_UP_AIM}x: {'met' if factor >= ROLL_UP_AIM else 'MISSED'})"
        lines.append(
            f"(b) {name}: p50 {rolled.p50:.1f} ms, p95 {rolled.p95:.1f} ms; on the facts {bare.p50:.0f} ms,"
            f" {factor:.0f}x{verdict}"
        )
    idle = idle_p95(place, 10)
    busy = p95_during_ingest(place, restated(folder))
    met = "met" if busy <= 2 * idle else "MISSED"
    lines.append(
        f"(c) readers' p95 idle {idle:.1f} ms, while the month is ingested again {busy:.1f} ms:"
        f" {busy / idle:.2f}x (aim 2x: {met})"
    )
    return lines


def restated(folder: Path) -> Path:
    """The same bill with a few lines more, so that ingesting it is a restatement and not a repetition."""
    target = folder.with_name(f"{folder.name}-restated")
    if not target.exists():
        extra = folder.with_name(f"{folder.name}-extra")
        write_month(extra, MONTH, rows=1_000, resources=100)
        partial = target.with_suffix(".partial")
        shutil.copytree(folder, partial, ignore=shutil.ignore_patterns(".*"))
        shutil.copyfile(extra / "part-00.parquet", partial / "part-99.parquet")
        partial.rename(target)
    return target


if __name__ == "__main__":
    main()
