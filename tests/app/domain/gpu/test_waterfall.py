from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.gpu.board_hour import BoardHour, Workload
from app.domain.gpu.minutes import MINUTES, WHOLE_HOUR, span
from app.domain.gpu.settings import WasteThresholds
from app.domain.gpu.states import STATES, WasteState
from app.domain.gpu.waterfall import Cell, Mix, NodeHour, NodeWindow, minutes_of, node_mix
from tests.app.domain.gpu.boards import HOUR, NODE, by_minute, node_hours, workloads

UNOBSERVED = {WasteState.UNAVAILABLE, WasteState.UNKNOWN}


def board(number: int, observed: int = WHOLE_HOUR, active: int = 0, owner: int | None = None, **more: Any) -> Workload:
    names = set(BoardHour._fields)
    fact = BoardHour(
        HOUR, NODE, number, observed, active, owner_id=owner, **{key: more[key] for key in names & more.keys()}
    )
    return Workload(fact, team_id="search" if owner else None, **{key: more[key] for key in more.keys() - names})


def mix(*works: Workload, boards: int = 1, paid: int | None = None, most: int = MINUTES, down: int = 0) -> Mix:
    by_board: dict[int, list[Workload]] = defaultdict(list)
    for work in works:
        by_board[work.fact.board_id].append(work)
    window = NodeWindow(NODE, boards, boards * most if paid is None else paid, most, [NodeHour(down, by_board)])
    return node_mix(window, {})


def minutes(found: Mix) -> dict[str, int | Fraction]:
    """Board-minutes by state."""
    sums: dict[str, int | Fraction] = defaultdict(int)
    for cell, weight in found.items():
        sums[cell.state.value] += weight.minutes
    return dict(sums)


def test_each_state_is_where_it_belongs() -> None:
    busy = board(1, active=span(20, 60), owner=1, starting=span(0, 5), held=span(0, 12))
    assert minutes(mix(busy)) == {"starting": 5, "idle_held": 7, "idle_gap": 8, "productive": 40}


def test_a_board_without_owner_is_a_part_while_another_of_the_node_has_one() -> None:
    free, used = board(1), board(2, observed=span(0, 30), active=span(0, 30), owner=1)
    assert minutes(mix(free, used, boards=2)) == {
        "unallocated_part": 30,
        "unallocated_node": 30,
        "productive": 30,
        "unknown": 30,
    }


def test_what_is_active_without_an_owner_is_in_use_and_not_unallocated() -> None:
    found = mix(board(1, active=span(0, 10)))
    assert minutes(found) == {"productive": 10, "unallocated_node": 50}
    assert Cell(WasteState.PRODUCTIVE, None, NODE, 1, None) in found


def test_profiling_counters_stuck_at_zero_are_unknown_and_never_idle() -> None:
    honest = board(1, active=WHOLE_HOUR, owner=1)
    stuck = board(1, active=0, owner=1, suspect=WHOLE_HOUR, held=0)
    assert minutes(mix(honest)) == {"productive": 60}
    assert minutes(mix(stuck)) == {"unknown": 60}


def test_too_little_of_an_hour_says_nothing_of_it() -> None:
    assert minutes(mix(board(1, observed=span(0, 29), owner=1))) == {"unknown": 60}
    assert minutes(mix(board(1, observed=span(0, 30), owner=1))) == {"idle_gap": 30, "unknown": 30}


def test_minutes_that_were_not_paid_for_are_not_missed() -> None:
    assert minutes(mix(board(1, observed=span(0, 10), owner=1), most=12)) == {"idle_gap": 10, "unknown": 2}
    assert minutes(mix(board(1, observed=span(0, 20), owner=1), most=12)) == {"idle_gap": 20}


def test_a_board_that_took_anothers_place_within_the_hour_was_paid_for_once() -> None:
    found = mix(board(1, observed=span(0, 30), owner=1), board(2, observed=span(30, 60), owner=1))
    assert minutes(found) == {"idle_gap": 60}


def test_a_node_that_is_known_to_be_down_is_unavailable_also_where_nothing_was_seen() -> None:
    assert minutes(mix(down=span(0, 45), boards=8)) == {"unavailable": 8 * 45, "unknown": 8 * 15}
    drained = board(1, observed=span(0, 50), active=span(0, 30), owner=1)
    assert minutes(mix(drained, down=WHOLE_HOUR)) == {"productive": 30, "unavailable": 30}


def test_a_fatal_xid_without_activity_is_unavailable() -> None:
    assert minutes(mix(board(1, unavailable=span(0, 60)))) == {"unavailable": 60}


def test_time_slices_share_a_board_alike_and_the_device_row_is_no_share() -> None:
    device, one, two = board(1), board(1, active=WHOLE_HOUR, owner=1), board(1, owner=2, held=WHOLE_HOUR)
    found = mix(device, one, two)
    assert minutes(found) == {"productive": 30, "idle_held": 30}


def test_what_a_node_cost_a_job_is_not_the_jobs_to_pay() -> None:
    lost = board(1, active=WHOLE_HOUR, owner=1, failed=span(0, 40), failed_with_node=span(0, 10))
    found = mix(lost)
    assert found[Cell(WasteState.FAILED, None, NODE, 1, 1)].minutes == 10
    assert found[Cell(WasteState.FAILED, "search", NODE, 1, 1)].minutes == 30
    assert minutes(found) == {"failed": 40, "productive": 20}


def test_only_a_node_that_is_free_as_a_whole_would_shrink_the_bill() -> None:
    held = {"owner": 1, "held": WHOLE_HOUR, "beyond": span(30, 60)}
    both = mix(board(1, **held), board(2), boards=2)
    assert sum(weight.on_free_node for weight in both.values()) == 30 + 30
    assert sum(weight.on_used_node for weight in both.values()) == 30
    used = mix(board(1, **held), board(2, active=WHOLE_HOUR, owner=2), boards=2)
    assert sum(weight.on_free_node for weight in used.values()) == 0
    assert sum(weight.on_used_node for weight in used.values()) == 30
    unseen = mix(board(1, **held), boards=2)
    assert sum(weight.on_free_node for weight in unseen.values()) == 0


def test_memory_bound_work_is_not_inefficient() -> None:
    limits = WasteThresholds()
    low = BoardHour(HOUR, NODE, 1, WHOLE_HOUR, WHOLE_HOUR, activity_avg=0.1)
    assert low.is_inefficient(limits)
    assert low._replace(activity_avg=0.9, tensor_active_avg=0.01).is_inefficient(limits)
    assert not low._replace(dram_active_avg=0.4).is_inefficient(limits)
    assert not low._replace(activity_avg=None).is_inefficient(limits)


@settings(max_examples=25)
@given(node_hours(), st.integers(0, 60), st.integers(0, 4))
def test_every_paid_minute_is_in_exactly_one_state(hour: NodeHour, most: int, boards: int) -> None:
    paid = most * boards
    found = node_mix(NodeWindow(NODE, boards, paid, most, [hour]), {})
    observed = sum(_union(works).bit_count() for works in hour.boards.values())
    assert minutes_of(found) == max(paid, observed)
    assert all(part >= 0 for weight in found.values() for part in weight)
    assert {cell.state for cell in found} <= set(STATES)


@settings(max_examples=25)
@given(node_hours())
def test_the_states_are_those_of_a_loop_over_minutes(hour: NodeHour) -> None:
    """Nothing but what was observed is paid for here, so no minute is unseen."""
    found = node_mix(NodeWindow(NODE, len(hour.boards), 0, 0, [hour]), {})
    assert {cell: Fraction(weight.minutes) for cell, weight in found.items()} == by_minute(hour, {})


@settings(max_examples=25)
@given(node_hours())
def test_only_idle_and_unallocated_boards_are_recoverable(hour: NodeHour) -> None:
    found = node_mix(NodeWindow(NODE, len(hour.boards), 0, 0, [hour]), {})
    allowed = {WasteState.UNALLOCATED_NODE, WasteState.UNALLOCATED_PART, WasteState.IDLE_HELD}
    for cell, weight in found.items():
        assert cell.state in allowed or not (weight.on_free_node or weight.on_used_node)


@settings(max_examples=25)
@given(workloads(1))
def test_a_stuck_exporter_never_raises_what_is_idle(works: list[Workload]) -> None:
    """PROF metrics at 0 on a busy board: what was active is suspect, whatever else was seen."""
    before = mix(*works)
    stuck = [
        work._replace(fact=work.fact._replace(active=0, suspect=work.fact.suspect | work.fact.active)) for work in works
    ]
    after = mix(*stuck)
    idle = {WasteState.IDLE_HELD, WasteState.IDLE_GAP, WasteState.STARTING}
    for state in idle:
        assert _sum(after, state) <= _sum(before, state)
    assert minutes_of(after) == minutes_of(before)


def _union(works: Sequence[Workload]) -> int:
    found = 0
    for work in works:
        found |= work.fact.observed
    return found


def _sum(found: Mix, state: WasteState) -> Fraction:
    return sum((Fraction(weight.minutes) for cell, weight in found.items() if cell.state is state), Fraction(0))
