from app.domain.gpu.board_hour import BoardHour
from app.domain.gpu.minutes import WHOLE_HOUR, span
from app.domain.gpu.starts import starting


def seen(hour: int, owner: int | None, observed: int, active: int = 0) -> BoardHour:
    return BoardHour(hour, 1, 1, observed, active, owner_id=owner)


def found(*facts: BoardHour, limit: int = 15) -> dict[tuple[int, int], int]:
    by_hour: dict[int, list[BoardHour]] = {}
    for fact in facts:
        by_hour.setdefault(fact.hour, []).append(fact)
    return starting(by_hour.values(), lambda owner, hour: limit)


def test_a_workload_starts_where_the_board_was_free_before_and_until_it_is_active() -> None:
    free, pod = seen(10, None, span(0, 20)), seen(10, 7, span(20, 60), active=span(28, 60))
    assert found(seen(9, None, WHOLE_HOUR), free, pod) == {(10, 7): span(20, 28)}


def test_without_activity_it_starts_no_longer_than_the_limit() -> None:
    assert found(seen(9, None, WHOLE_HOUR), seen(10, 7, WHOLE_HOUR)) == {(10, 7): span(0, 15)}


def test_a_start_crosses_the_hour() -> None:
    free, pod = seen(10, None, span(0, 55)), seen(10, 7, span(55, 60))
    assert found(free, pod, seen(11, 7, WHOLE_HOUR, active=span(30, 60))) == {
        (10, 7): span(55, 60),
        (11, 7): span(0, 10),
    }


def test_what_is_there_when_telemetry_begins_may_have_been_there_before() -> None:
    assert found(seen(10, 7, WHOLE_HOUR)) == {}


def test_a_gap_in_telemetry_is_no_start() -> None:
    assert found(seen(10, 7, span(0, 30)), seen(12, 7, WHOLE_HOUR)) == {}


def test_a_workload_that_takes_over_a_board_starts() -> None:
    before = seen(10, 3, span(0, 30), active=span(0, 30))
    assert found(before, seen(10, 7, span(30, 60), active=span(32, 60))) == {(10, 7): span(30, 32)}


def test_a_workload_that_comes_back_starts_again() -> None:
    away = seen(11, None, span(0, 30))
    assert found(seen(10, 7, WHOLE_HOUR, WHOLE_HOUR), away, seen(11, 7, span(30, 60))) == {(11, 7): span(30, 45)}
