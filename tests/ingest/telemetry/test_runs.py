"""Runs of minutes by numpy are those of the plain definition."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.gpu.minutes import WHOLE_HOUR
from app.domain.gpu.runs import runs
from ingest.telemetry import runs as module
from ingest.telemetry.runs import run_lengths

hours = st.dictionaries(
    st.tuples(st.integers(1, 3), st.integers(0, 6)),
    st.integers(0, WHOLE_HOUR) | st.sampled_from([0, WHOLE_HOUR, 1, 1 << 59]),
    max_size=20,
)


@given(told=hours, at_once=st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_runs_are_those_of_the_domain(told: dict[tuple[int, int], int], at_once: int) -> None:
    rows = sorted((holder, hour, minutes) for (holder, hour), minutes in told.items())
    columns = [np.array([row[place] for row in rows], dtype=np.int64) for place in range(3)]
    kept, module._AT_ONCE = module._AT_ONCE, at_once
    try:
        found = run_lengths(*columns)
    finally:
        module._AT_ONCE = kept
    expected = [
        (holder, run.end - run.start)
        for holder in sorted({row[0] for row in rows})
        for run in runs((hour, minutes) for each, hour, minutes in rows if each == holder)
    ]
    assert list(zip(found.holders.tolist(), found.minutes.tolist(), strict=True)) == expected
