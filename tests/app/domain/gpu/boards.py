"""Boards as telemetry may see them, drawn at random, and a waterfall that goes minute by minute."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction

from hypothesis import strategies as st

from app.domain.gpu.board_hour import BoardHour, Workload
from app.domain.gpu.mig import instance_shares
from app.domain.gpu.minutes import MINUTES, WHOLE_HOUR
from app.domain.gpu.sample import WHOLE_BOARD
from app.domain.gpu.settings import WasteThresholds
from app.domain.gpu.states import WasteState
from app.domain.gpu.waterfall import USUAL_SLICES, Cell, NodeHour

HOUR = 500_000
NODE = 1

sets = st.one_of(st.just(WHOLE_HOUR), st.just(0), st.integers(0, WHOLE_HOUR))
# None, all or some of the minutes, nine times: drawn as two numbers, because that is quick.
nine_sets = st.builds(
    lambda kinds, bits: tuple((0, WHOLE_HOUR, bits >> MINUTES * n & WHOLE_HOUR)[kinds // 3**n % 3] for n in range(9)),
    st.integers(0, 3**9 - 1),
    st.integers(0, (1 << 9 * MINUTES) - 1),
)
LAYOUTS = (
    ((WHOLE_BOARD, None),),
    ((1, "4g.40gb"), (2, "3g.40gb")),
    ((1, "3g.40gb"), (2, "2g.20gb"), (7, "1g.10gb"), (8, "1g.10gb")),
    ((1, "3g.40gb"), (3, "1g.10gb")),
    ((WHOLE_BOARD, None), (1, "2g.20gb")),
)


@st.composite
def workloads(draw: st.DrawFn, board: int) -> list[Workload]:
    """What was seen of a board in an hour: it as a whole or its instances, each with up to three owners or none."""
    works = []
    for place, profile in draw(st.sampled_from(LAYOUTS)):
        for owner in draw(st.lists(st.sampled_from([None, 1, 2, 3]), min_size=1, max_size=2, unique=True)):
            observed, active, suspect, dead, starting, held, beyond, failed, with_node = draw(nine_sets)
            fact = BoardHour(
                HOUR, NODE, board, observed, active & observed, place, profile, owner, 0,
                suspect & observed, dead & observed & ~active, "sm_active",
                draw(st.sampled_from([None, 0.1, 0.9])), draw(st.sampled_from([None, 0.01, 0.5])),
                draw(st.sampled_from([None, 0.1, 0.5])),
            )  # fmt: skip
            team = draw(st.sampled_from([None, "search", "speech"])) if owner else None
            marks = (starting, held, held & beyond, failed, failed & with_node)
            works.append(Workload(fact, WasteThresholds(), team, *marks))
    return works


@st.composite
def node_hours(draw: st.DrawFn) -> NodeHour:
    """A node of up to three boards in an hour."""
    boards = draw(st.lists(st.integers(1, 3), max_size=3, unique=True))
    return NodeHour(draw(sets), {board: draw(workloads(board)) for board in boards})


def by_minute(hour: NodeHour, unseen: dict[int, int]) -> dict[Cell, Fraction]:
    """The observed minutes of a node's hour by state, each by itself; of boards, `unseen` minutes were paid, too."""
    found: defaultdict[Cell, Fraction] = defaultdict(Fraction)
    for minute in range(MINUTES):
        in_use = any(_has(work.in_use, minute) for works in hour.boards.values() for work in works)
        for board, works in hour.boards.items():
            seen = sum(any(_has(work.fact.observed, each) for work in works) for each in range(MINUTES))
            for work, share in _shares([work for work in works if _has(work.fact.observed, minute)]):
                covered = seen >= 0.5 * (seen + unseen.get(board, 0))
                present = [each.fact for each in works if _has(each.fact.observed, minute)]
                is_down = _has(hour.down, minute) or all(_has(fact.unavailable, minute) for fact in present)
                cell = _cell(work, minute, board, is_down=is_down, in_use=in_use, covered=covered)
                found[cell] += share
    return dict(found)


def _shares(here: Sequence[Workload]) -> Iterator[tuple[Workload | None, Fraction]]:
    if not here:
        return
    instances = {w.fact.gpu_instance_id: w.fact.mig_profile for w in here if w.fact.gpu_instance_id != WHOLE_BOARD}
    of_place = instance_shares(instances, USUAL_SLICES) if instances else {WHOLE_BOARD: Fraction(1)}
    for place, share in of_place.items():
        at_place = [work for work in here if work.fact.gpu_instance_id == place]
        owned = [work for work in at_place if work.fact.owner_id]
        for work in owned or at_place[:1]:
            yield work, share / (len(owned) or 1)
    if left := 1 - sum(of_place.values(), Fraction(0)):
        yield None, left  # nobody's; down where all that was seen is


def _cell(work: Workload | None, minute: int, board: int, *, is_down: bool, in_use: bool, covered: bool) -> Cell:
    fact = work.fact if work else None
    active = bool(fact and _has(fact.active, minute))
    state = WasteState.PRODUCTIVE
    if not active and (is_down or (fact and _has(fact.unavailable, minute))):
        state = WasteState.UNAVAILABLE
    elif not covered or (fact and _has(fact.suspect, minute)):
        state = WasteState.UNKNOWN
    elif work is None or fact is None or (fact.owner_id is None and not active):
        state = WasteState.UNALLOCATED_PART if in_use else WasteState.UNALLOCATED_NODE
    elif not active:
        state = WasteState.IDLE_GAP
        state = WasteState.IDLE_HELD if _has(work.held, minute) else state
        state = WasteState.STARTING if _has(work.starting, minute) else state
    elif _has(work.failed, minute):
        team = None if _has(work.failed_with_node, minute) else work.team_id
        return Cell(WasteState.FAILED, team, NODE, board, fact.owner_id)
    elif fact.is_inefficient(work.thresholds):
        state = WasteState.INEFFICIENT
    if work is None or fact is None or not state.has_owner:
        return Cell(state, None, NODE, board, None)
    return Cell(state, work.team_id, NODE, board, fact.owner_id)


def _has(minutes: int, minute: int) -> bool:
    return bool(minutes >> minute & 1)
