"""The laws of chargeback on many random bills and policies: `tests/app/chargeback` has them, with a few examples each.

python -m bench.laws [--seeds 20]
"""

import argparse
import os
import subprocess
import sys

EXAMPLES = 200  # of each law and seed
LAWS = ("tests/app/chargeback/test_laws.py", "tests/app/chargeback/test_laws_over_time.py")


def main() -> None:
    """Prints what each law went through."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    print(*laws(parser.parse_args().seeds), sep="\n", flush=True)


def laws(seeds: int) -> list[str]:
    """Every law on `EXAMPLES` random cases of each of so many seeds. Ends the program where one does not hold."""
    for seed in range(seeds):
        _try_laws(seed)
    return [f"{seeds} seeds of {EXAMPLES} random bills and policies for each law of chargeback: all hold"]


def _try_laws(seed: int) -> None:
    pytest = f"{sys.executable} -m pytest -q -n 0 -p no:cacheprovider -o faulthandler_timeout=0".split(" ")
    done = subprocess.run(
        (*pytest, f"--hypothesis-seed={seed}", *LAWS),
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"TRUEUP_LAWS_EXAMPLES": str(EXAMPLES)},
    )
    if done.returncode:
        sys.exit(f"A law does not hold (seed {seed}):\n{done.stdout[-6000:]}")


if __name__ == "__main__":
    main()
