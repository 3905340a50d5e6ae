"""How long a sample stands, against a loop over minutes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ibis.backends.duckdb import Backend

from app.domain.gpu.minutes import mask
from ingest.telemetry.hours import empty_hours
from ingest.telemetry.standing import MOST_MINUTES, stand

START = datetime(2026, 3, 29, tzinfo=UTC)
Minutes = dict[int, bool]  # minute since START -> whether anything was active


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    opened = ibis.duckdb.connect()
    yield opened
    opened.disconnect()


def stood(backend: Backend, samples: Minutes, pod: str = "a") -> Minutes:
    """The minutes that are known, and whether they were active, when the facts of `samples` have been let stand."""
    empty_hours(backend)
    for hour in sorted({minute // 60 for minute in samples}):
        seen = mask(minute % 60 for minute in samples if minute // 60 == hour)
        on = mask(minute % 60 for minute, active in samples.items() if minute // 60 == hour and active)
        backend.raw_sql(
            "INSERT INTO gpu_hours (hour, gpu_uuid, gpu_instance_id, pod, observed, active, suspect, unavailable)"
            f" VALUES ('{START + timedelta(hours=hour)}', 'GPU-1', -1, '{pod}', {seen}, {on}, 0, 0)"
        )
    stand(backend)
    found: Minutes = {}
    for at, seen, on in backend.raw_sql("SELECT hour, observed, active FROM gpu_hours").fetchall():
        first = int((at - START).total_seconds()) // 60
        found |= {first + bit: bool(on >> bit & 1) for bit in range(60) if seen >> bit & 1}
    return found


def interval(hour: list[int]) -> int:
    """The least number of minutes at which at least half of an hour's samples have a later one."""
    if len(hour) < 3:
        return 1
    fits = (step for step in range(1, MOST_MINUTES + 1) if 2 * sum(m + step in hour for m in hour) >= len(hour) - 1)
    return next(fits, 1)


def plainly(samples: Minutes) -> Minutes:
    """What the docstrings say, sample by sample."""
    hours = {minute // 60: [each for each in samples if each // 60 == minute // 60] for minute in samples}
    found = dict(samples)
    for minute in sorted(samples):
        for step in range(1, MOST_MINUTES):
            hour = (minute + step) // 60
            if hour in hours and step < interval(hours[hour]) and minute + step not in samples:
                found[minute + step] = samples[minute]
    known = sorted(found)
    for before, after in pairwise(known):
        if after - before == 2 and after in samples and before // 60 == after // 60:
            found[before + 1] = found[before]
    return found


@pytest.mark.parametrize("every", range(1, MOST_MINUTES + 1))
def test_a_board_is_known_in_every_minute_at_any_interval(backend: Backend, every: int) -> None:
    samples = {minute: minute % (2 * every) == 0 for minute in range(0, 180, every)}
    found = stood(backend, samples)
    assert sorted(found) == list(range(180))
    assert found == {minute: samples[minute // every * every] for minute in range(180)}


def test_a_gap_stays_a_gap(backend: Backend) -> None:
    samples = dict.fromkeys([*range(20), *range(30, 60)], False)
    assert stood(backend, samples) == samples
    coarse = dict.fromkeys([*range(0, 20, 5), *range(40, 60, 5)], False)
    assert sorted(stood(backend, coarse)) == [*range(20), *range(40, 60)]


def test_a_minute_that_a_scrape_drifted_past_is_bridged(backend: Backend) -> None:
    samples = {minute: minute > 30 for minute in range(60) if minute not in {10, 40}}
    assert stood(backend, samples) == {minute: minute > 30 for minute in range(60)}


def test_few_samples_speak_for_themselves(backend: Backend) -> None:
    assert stood(backend, {3: True, 8: False}) == {3: True, 8: False}


@settings(max_examples=60, deadline=None)
@given(
    samples=st.dictionaries(st.integers(0, 150), st.booleans(), min_size=1, max_size=60)
    | st.builds(
        lambda every, gone: {m: m % 7 > 3 for m in range(0, 150, every) if m not in gone},
        st.integers(1, 7),
        st.sets(st.integers(0, 150), max_size=20),
    ).filter(bool)
)
def test_minutes_are_those_of_a_plain_loop(backend: Backend, samples: Minutes) -> None:
    found = stood(backend, samples)
    assert found == plainly(samples)
    assert found.items() >= samples.items()
