"""Telemetry by board, node and workload; heat maps; lists of boards."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from app.domain.gpu.minutes import span
from app.domain.gpu.states import WasteState
from app.domain.viewer import Scope, Viewer, operator
from app.errors import BadInput
from app.reports.gpu_boards import gpu_boards
from app.reports.gpu_heat import HeatMap, gpu_heat
from app.reports.gpu_query import (
    FactGranularity,
    HeatMeasure,
    HeatQuestion,
    UtilizationQuestion,
    WasteQuestion,
    gpu_filters,
    instant,
)
from app.reports.gpu_utilization import UtilizationRow, gpu_utilization
from tests.app.books import Books, a_team
from tests.app.gpu_books import GpuBooks

DAY = date(2026, 3, 5)
SPAN = (DAY, date(2026, 3, 7))
MIDNIGHT = datetime(2026, 3, 5, tzinfo=UTC)
LIMITED = Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset({"search"}))
TRAINER = {"namespace": "search", "pod": "trainer-0"}


@pytest.fixture
def gpus(session: Session, books: Books) -> GpuBooks:
    """Search trains on GPU-1 for an hour and a half; GPU-2 is seen, and nobody has it."""
    books.policy(a_team("search"), a_team("speech"))
    gpus = GpuBooks(session)
    gpus.hour("2026-03-05T08", "GPU-1", owner=TRAINER, active=span(0, 60), activity_avg=0.9, fb_used_mib_max=40960)
    gpus.hour(
        "2026-03-05T10", "GPU-1", owner=TRAINER, observed=span(0, 30), active=span(0, 15), activity_avg=0.3,
        activity_source="gpu_util", energy_mj=7.2e9,
    )  # fmt: skip
    gpus.hour("2026-03-05T08", "GPU-2", node="node-b", activity_avg=0.0)
    gpus.waste(DAY, WasteState.PRODUCTIVE, "75", "2", team="search", owner=TRAINER)
    gpus.waste(DAY, WasteState.UNKNOWN, "75", "2", team="search", board="GPU-1", owner=None)
    gpus.waste(DAY, WasteState.UNALLOCATED_NODE, "60", "1", team="speech", board="GPU-2", node="node-b")
    return gpus


def asked(
    session: Session,
    *group_by: str,
    granularity: FactGranularity = FactGranularity.TOTAL,
    viewer: Viewer | None = None,
    filters: tuple[str, ...] = (),
) -> list[UtilizationRow]:
    question = UtilizationQuestion(*SPAN, granularity, group_by, gpu_filters(filters))
    return list(gpu_utilization(session, viewer or operator(), question).rows)


def test_averages_weigh_observed_minutes_and_a_gap_lowers_coverage(session: Session, gpus: GpuBooks) -> None:
    first, second = asked(session, "board")
    assert (first.keys, first.boards, first.observed_hours) == (("GPU-1",), 1, 1.5)
    assert first.activity_avg == pytest.approx((60 * 0.9 + 30 * 0.3) / 90)
    assert first.active_ratio == pytest.approx(75 / 90, abs=1e-6)
    assert first.coverage_ratio == 0.5  # three hours from its first to its last, of which one and a half were seen
    assert first.memory_used_ratio == 0.5
    assert first.energy_kwh == 2
    assert first.activity_source == "gpu_util"  # the poorest
    assert (second.keys, second.activity_avg, second.memory_used_ratio) == (("GPU-2",), 0, None)


def test_shared_boards_are_observed_once(session: Session, gpus: GpuBooks) -> None:
    for pod, instance in (("a", 1), ("b", 2)):
        gpus.hour("2026-03-06T00", "GPU-3", owner={"namespace": "x", "pod": pod}, instance=instance, active=span(0, 6))
    (found,) = asked(session, filters=("board:GPU-3",))
    assert (found.boards, found.observed_hours, found.active_ratio) == (1, 1, 0.1)


def test_buckets_are_hours_days_or_all_and_their_minutes_add_up(session: Session, gpus: GpuBooks) -> None:
    gpus.hour("2026-03-06T23", "GPU-1")
    hours = {
        each: [(row.period_start, row.observed_hours) for row in asked(session, granularity=each)]
        for each in FactGranularity
    }
    assert hours[FactGranularity.TOTAL] == [(None, 3.5)]
    assert hours[FactGranularity.DAY] == [(MIDNIGHT, 2.5), (datetime(2026, 3, 6, tzinfo=UTC), 1)]
    assert [observed for _, observed in hours[FactGranularity.HOUR]] == [2, 0.5, 1]


def test_teams_are_those_that_posting_found(session: Session, gpus: GpuBooks) -> None:
    assert {row.keys[0]: row.observed_hours for row in asked(session, "team")} == {"search": 1.5, "speech": 1}
    assert [row.keys for row in asked(session, "board", viewer=LIMITED)] == [("GPU-1",)]
    assert asked(session, "board", viewer=LIMITED, filters=("team:speech",)) == []


def heat(session: Session, start: str, end: str, *, viewer: Viewer | None = None, **options: object) -> HeatMap:
    question = HeatQuestion(instant(start), instant(end), **options)  # type: ignore[arg-type]
    return gpu_heat(session, viewer or operator(), question)


def test_a_heat_map_shows_boards_by_hours_and_nothing_where_nothing_was_seen(session: Session, gpus: GpuBooks) -> None:
    found = heat(session, "2026-03-05T08:00", "2026-03-05T11:00Z")
    assert [row.label for row in found.rows] == ["node-a · GPU-1", "node-b · GPU-2"]
    assert [at.hour for at in found.columns] == [8, 9, 10]
    assert found.values == ((0.9, None, 0.3), (0.0, None, None))
    assert found.coverage == ((1.0, 0.0, 0.5), (1.0, 0.0, 0.0))


def test_a_zoom_into_part_of_an_hour_shows_the_hour(session: Session, gpus: GpuBooks) -> None:
    found = heat(session, "2026-03-05 08:20:11.5", "2026-03-05 08:40:00")
    assert found.columns == (datetime(2026, 3, 5, 8, tzinfo=UTC),)
    assert found.values == ((0.9,), (0.0,))


def test_a_heat_map_keeps_to_its_cells(session: Session, gpus: GpuBooks) -> None:
    for number in range(80):
        gpus.hour("2026-03-05T09", f"GPU-n{number:02}", node=f"node-{number // 8}", activity_avg=0.5)
    found = heat(session, "2026-03-01", "2026-03-31", cells=60)
    assert [row.boards for row in found.rows] == [8] * 10 + [1, 1]
    assert [row.label for row in found.rows][-2:] == ["node-a", "node-b"]
    assert found.hours_per_column == 144
    assert len(found.rows) * len(found.columns) <= 60
    assert found.boards == 82
    seen = sum(value is not None for line in found.values for value in line)
    assert seen == 12


def test_a_heat_map_keeps_to_what_its_viewer_may_see(session: Session, gpus: GpuBooks) -> None:
    found = heat(session, "2026-03-05", "2026-03-06", viewer=LIMITED, measure=HeatMeasure.FB_USED_MIB)
    assert [row.label for row in found.rows] == ["node-a · GPU-1"]
    assert heat(session, "2027-03-05", "2027-03-06").rows == ()


def test_boards_tell_their_hours_their_cost_and_who_had_them_last(session: Session, gpus: GpuBooks) -> None:
    gpus.hour("2026-03-05T11", "GPU-1")
    gpus.hour("2026-03-05T12", "GPU-9", node=None)
    first, second, third = gpu_boards(session, operator(), WasteQuestion(*SPAN))
    assert (first.gpu_uuid, first.node, first.model, first.currency) == ("GPU-1", "node-a", "H100", "USD")
    assert (first.gpu_hours, first.amount) == (Decimal("2.5"), Decimal(4))
    assert first.hours_in(WasteState.PRODUCTIVE) == Decimal("1.25")
    assert [each.state for each in first.states] == [WasteState.UNKNOWN, WasteState.PRODUCTIVE]
    assert (first.last_seen_at, first.last_owner) == (datetime(2026, 3, 5, 11, tzinfo=UTC), "search/trainer-0")
    assert first.last_owned_at == datetime(2026, 3, 5, 10, tzinfo=UTC)
    assert (second.gpu_uuid, second.waste, second.last_owner) == ("GPU-2", Decimal(1), None)
    assert (third.gpu_uuid, third.currency, third.amount, third.node) == ("GPU-9", None, Decimal(0), None)
    assert [board.gpu_uuid for board in gpu_boards(session, LIMITED, WasteQuestion(*SPAN))] == ["GPU-1"]
    only = WasteQuestion(*SPAN, filters=gpu_filters(["node:node-b"]))
    assert [board.gpu_uuid for board in gpu_boards(session, operator(), only)] == ["GPU-2"]


def test_wrong_questions_say_what_is_wrong() -> None:
    with pytest.raises(BadInput, match="not before"):
        UtilizationQuestion(DAY, DAY)
    with pytest.raises(BadInput, match="'state'"):
        UtilizationQuestion(*SPAN, group_by=("state",))
    with pytest.raises(BadInput, match="cells"):
        HeatQuestion(MIDNIGHT, datetime(2026, 3, 6, tzinfo=UTC), cells=0)
    with pytest.raises(BadInput, match="moment"):
        instant("yesterday")
