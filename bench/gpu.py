"""GPU telemetry: samples to hourly facts in Postgres, as a ratio to DuckDB's group-by of the same files.

python -m bench.gpu [--small] [--pairs 3]

2,048 boards for 30 days at a sample a minute are 88 million samples. Memory is measured for one month and for two, of
fewer boards.
"""

import argparse
from datetime import date
from pathlib import Path

from bench.gpu_samples import write_samples
from bench.measure import ForeignLoad, in_process, in_turn
from bench.place import ROOT

START = date(2026, 10, 1)
AIM = 2.0
MONTH_DAYS = 30
MIB = 1024**2


def main() -> None:
    """Prints the ratio and the memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a sixteenth of the boards")
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    print(*gpu_figures(boards=128 if options.small else 2048, pairs=options.pairs), sep="\n", flush=True)


def gpu_figures(*, boards: int, pairs: int) -> list[str]:
    """How long the facts of a month take, and how memory grows with months."""
    folder = _month(boards, months=1)
    runs: list[dict[str, float]] = []

    def ours() -> float:
        runs.append(in_process("bench.gpu_ours", str(folder), "bench_telemetry"))
        return runs[-1]["seconds"]

    load = ForeignLoad()
    ratio = in_turn(
        f"(h) {boards:,} GPUs x {MONTH_DAYS} days of samples -> hourly facts, idle runs",
        AIM,
        lambda: in_process("bench.gpu_limit", str(folder))["seconds"],
        ours,
        times=pairs,
    )
    best = min(runs, key=lambda run: run["seconds"])
    stages = ", ".join(f"{stage} {best[stage]:.1f}" for stage in ("hash", "read", "copy"))
    few = max(boards // 8, 16)
    peaks = [in_process("bench.gpu_ours", str(_month(few, months=months)), "bench_telemetry") for months in (1, 2)]
    one, two = (peak["peak_bytes"] / MIB for peak in peaks)
    told = f"{best['samples']:,.0f} samples, {best['facts']:,.0f} facts, {best['idle_hours']:,.0f} idle board-hours"
    return [
        str(ratio),
        f"    {told}; peak memory {max(run['peak_bytes'] for run in runs) / MIB:,.0f} MiB; {load}",
        f"    seconds after the start at which the last of each stage was done: {stages}",
        f"    {few:,} GPUs: peak memory {one:,.0f} MiB for one month, {two:,.0f} MiB for two",
    ]


def _month(boards: int, *, months: int) -> Path:
    days = MONTH_DAYS * months
    folder = ROOT / f"gpu-{boards}-{days}"
    write_samples(folder, START, boards=boards, days=days)
    return folder


if __name__ == "__main__":
    main()
