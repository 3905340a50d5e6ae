"""How many cases a law is tried with: a few whenever the tests run, many in `make proof`."""

import os

# Set by `bench.proof` for its run of many seeds.
TIMES = int(os.environ.get("TRUEUP_EXAMPLES_TIMES", "1"))


def examples(quick: int) -> int:
    """`quick` cases, or so many times as many where there is time."""
    return quick * TIMES
