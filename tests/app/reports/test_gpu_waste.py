"""Paid board-minutes by state and anything else, and whether they add up to the bill."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.db.tables.charges import ChargeKey
from app.db.tables.gpu import GpuWaste
from app.domain.charge import Axis
from app.domain.gpu.states import STATES, WasteState
from app.domain.viewer import Scope, Viewer, operator
from app.errors import BadInput
from app.reports.gpu_query import WasteQuestion, gpu_filters
from app.reports.gpu_waste import WasteBlock, gpu_waste
from tests.app.books import Books, a_team
from tests.app.gpu_books import GpuBooks

DAY = date(2026, 3, 5)
MARCH = (date(2026, 3, 1), date(2026, 4, 1))
LIMITED = Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset({"search"}))
NOTEBOOK = {"namespace": "search", "pod": "notebook-0"}


@pytest.fixture
def gpus(session: Session, books: Books) -> GpuBooks:
    """One board for two days: 3 dollars, of which speech holds 1 idle and search works for the rest."""
    books.policy(a_team("search"), a_team("speech"))
    gpus = GpuBooks(session)
    gpus.waste(DAY, WasteState.PRODUCTIVE, "60", "1.5", team="search", owner=NOTEBOOK)
    gpus.waste(DAY, WasteState.IDLE_HELD, "40", "1", team="speech", capacity="0.75", confidence="high")
    gpus.waste(date(2026, 3, 6), WasteState.UNALLOCATED_NODE, "20", "0.5", capacity="0.5", bill="0.5", confidence="low")
    return gpus


def asked(session: Session, *group_by: str, filters: tuple[str, ...] = (), viewer: Viewer | None = None) -> WasteBlock:
    question = WasteQuestion(*MARCH, group_by=group_by or ("state",), filters=gpu_filters(filters))
    (block,) = gpu_waste(session, viewer or operator(), question).blocks
    return block


def amounts(block: WasteBlock) -> dict[tuple[str | None, ...], str]:
    return {row.keys: str(row.amount) for row in block.rows}


def test_states_come_in_their_own_order_with_hours_and_cost(session: Session, gpus: GpuBooks) -> None:
    block = asked(session)
    assert [row.keys for row in block.rows] == [("unallocated_node",), ("idle_held",), ("productive",)]
    assert [str(row.gpu_hours) for row in block.rows] == ["0.333333", "0.666667", "1.000000"]
    assert (str(block.total), str(block.waste), str(block.gpu_hours)) == ("3.0", "1.5", "2.000000")


def test_what_is_recoverable_has_two_columns_and_the_least_confidence(session: Session, gpus: GpuBooks) -> None:
    block = asked(session)
    assert (block.recoverable_capacity, block.recoverable_bill) == (Decimal("1.25"), Decimal("0.5"))
    assert block.confidence == "low"
    assert [row.confidence for row in block.rows] == ["low", "high", None]


@pytest.mark.parametrize(
    ("dimension", "expected"),
    [
        ("team", {"search": "1.5", "speech": "1", None: "0.5"}),
        ("day", {"2026-03-05": "2.5", "2026-03-06": "0.5"}),
        ("node", {"node-a": "3.0"}),
        ("model", {"H100": "3.0"}),
        ("purchase_option", {"on_demand": "3.0"}),
        ("owner", {"search/notebook-0": "1.5", None: "1.5"}),
        ("board", {"GPU-1": "3.0"}),
        ("billing_period", {"2026-03": "3.0"}),
    ],
)
def test_every_dimension_divides_the_same_total(
    session: Session, gpus: GpuBooks, dimension: str, expected: dict[str | None, str]
) -> None:
    found = {key: Decimal(amount) for (key,), amount in amounts(asked(session, dimension)).items()}
    assert found == {key: Decimal(amount) for key, amount in expected.items()}


def test_filters_keep_and_exclude_and_ask_for_what_has_none(session: Session, gpus: GpuBooks) -> None:
    assert amounts(asked(session, filters=("team:speech|search",))) == {("idle_held",): "1", ("productive",): "1.5"}
    assert amounts(asked(session, filters=("team:",))) == {("unallocated_node",): "0.5"}
    assert amounts(asked(session, "team", filters=("!state:productive",))) == {("speech",): "1", (None,): "0.5"}
    with pytest.raises(BadInput, match="'colour'"):
        asked(session, "colour")


def test_who_is_limited_to_a_team_sees_its_rows_alone_and_no_bill(session: Session, gpus: GpuBooks) -> None:
    block = asked(session, "team", viewer=LIMITED)
    assert amounts(block) == {("search",): "1.5"}
    assert block.reconciliation is None


def a_price(session: Session, books: Books, gpus: GpuBooks, cost: str) -> None:
    books.charge(DAY, cost, resource_id="i-1")
    key = session.scalars(select(ChargeKey.id).order_by(ChargeKey.id.desc())).first()
    assert key
    gpus.price(books._load(MARCH[0]), key, datetime(2026, 3, 5, 7, tzinfo=UTC), cost)


@pytest.mark.parametrize("axis", list(Axis))
def test_the_states_are_compared_with_the_gpu_part_of_the_bill(
    session: Session, books: Books, gpus: GpuBooks, axis: Axis
) -> None:
    a_price(session, books, gpus, "2.9")
    gpus.waste(DAY, WasteState.PRODUCTIVE, "60", "7", board="GPU-2", option="catalogue")
    (block,) = gpu_waste(session, operator(), WasteQuestion(*MARCH, axis=axis)).blocks
    found = block.reconciliation
    assert found is not None
    assert (found.states, found.bill, found.difference) == (Decimal(3), Decimal("2.9"), Decimal("0.1"))
    assert found.catalogue == Decimal(7)
    assert not found.ties


def test_a_bill_without_any_state_is_a_difference_of_all_of_it(session: Session, books: Books) -> None:
    books.policy()
    a_price(session, books, GpuBooks(session), "4")
    (block,) = gpu_waste(session, operator(), WasteQuestion(*MARCH)).blocks
    assert block.rows == ()
    assert block.reconciliation is not None
    assert block.reconciliation.difference == Decimal(-4)


def test_a_superseded_load_is_no_bill(session: Session, books: Books, gpus: GpuBooks) -> None:
    a_price(session, books, gpus, "3")
    assert asked(session).reconciliation is not None
    books.supersede(MARCH[0])
    found = asked(session).reconciliation
    assert found is not None
    assert found.bill == 0


cells = st.lists(
    st.tuples(
        st.sampled_from(STATES),
        st.integers(0, 10**9),
        st.decimals("-1000", "1000", places=12, allow_nan=False),
        st.sampled_from(["search", "speech", None]),
        st.sampled_from(["USD", "EUR"]),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=cells)
def test_every_grouping_adds_up_to_the_same_total(session: Session, cells: list) -> None:  # type: ignore[type-arg]
    session.execute(delete(GpuWaste))
    gpus = GpuBooks(session)
    for state, minutes, cost, team, currency in cells:
        gpus.waste(DAY, state, str(minutes), str(cost), team=team, currency=currency)
    truth = {
        currency: sum((cost for *_, cost, _, each in cells if each == currency), Decimal(0))
        for currency in {cell[-1] for cell in cells}
    }
    for group_by in ((), ("state",), ("team", "state"), ("board", "day")):
        report = gpu_waste(session, operator(), WasteQuestion(*MARCH, group_by=group_by))
        assert {block.currency: block.total for block in report.blocks} == truth
        assert all(sum(row.amount for row in block.rows) == block.total for block in report.blocks)
