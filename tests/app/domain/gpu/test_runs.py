from hypothesis import given
from hypothesis import strategies as st

from app.domain.gpu.minutes import MINUTES, WHOLE_HOUR, mask, span
from app.domain.gpu.runs import Held, Run, held, runs, spans

hours = st.dictionaries(
    st.integers(1000, 1006), st.one_of(st.just(WHOLE_HOUR), st.just(0), st.integers(0, WHOLE_HOUR))
).map(lambda by_hour: sorted(by_hour.items()))


def minutes_of(by_hour: list[tuple[int, int]]) -> list[int]:
    return [hour * MINUTES + minute for hour, minutes in by_hour for minute in range(MINUTES) if minutes >> minute & 1]


def naive(by_hour: list[tuple[int, int]]) -> list[Run]:
    """Minute by minute."""
    found: list[Run] = []
    for minute in minutes_of(by_hour):
        if found and found[-1].end == minute:
            found[-1] = Run(found[-1].start, minute + 1)
        else:
            found.append(Run(minute, minute + 1))
    return found


def test_a_run_crosses_hours_and_a_missing_minute_ends_it() -> None:
    idle = [(10, span(40, 60)), (11, WHOLE_HOUR), (12, span(0, 5) | span(6, 8))]
    assert list(runs(idle)) == [Run(640, 725), Run(726, 728)]


def test_an_hour_that_nobody_saw_ends_a_run() -> None:
    assert list(runs([(10, span(50, 60)), (12, span(0, 10))])) == [Run(650, 660), Run(720, 730)]


def test_a_run_of_the_threshold_is_held_and_what_comes_after_it_is_beyond() -> None:
    idle = [(10, span(45, 60)), (11, span(0, 20) | span(30, 59))]
    assert held(runs(idle), lambda _: 30) == {
        10: Held(span(45, 60), 0),
        11: Held(span(0, 20), span(15, 20)),
    }


@given(hours)
def test_runs_are_those_of_a_loop_over_minutes(by_hour: list[tuple[int, int]]) -> None:
    assert list(runs(by_hour)) == naive(by_hour)


@given(st.integers(0, WHOLE_HOUR))
def test_spans_are_the_minutes(minutes: int) -> None:
    assert mask(minute for first, last in spans(minutes) for minute in range(first, last)) == minutes


@given(hours, st.integers(1, 200))
def test_held_minutes_are_those_of_long_runs(by_hour: list[tuple[int, int]], threshold: int) -> None:
    long = [run for run in naive(by_hour) if run.end - run.start >= threshold]
    found = held(runs(by_hour), lambda _: threshold)
    told = sorted((hour, each.minutes) for hour, each in found.items())
    assert minutes_of(told) == [minute for run in long for minute in range(*run)]
    beyond = sorted((hour, each.beyond) for hour, each in found.items())
    assert minutes_of(beyond) == [minute for run in long for minute in range(run.start + threshold, run.end)]
