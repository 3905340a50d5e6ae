"""GPU waste as it is posted: bills, telemetry, jobs and policy in Postgres → rows that come to the bill."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from app.actions.policy import apply_policy
from app.chargeback.gpu_waste import affected_periods, post_waste
from app.chargeback.posting import lock_posting, post
from app.db.queries.gpu_prices import gpu_cost
from app.db.tables.bills import Delivery, Load, Source
from app.db.tables.charges import ChargeKey
from app.db.tables.gpu import GpuHourFact, GpuJob, GpuNode, GpuNodeSpan, GpuPrice, GpuWaste
from app.domain.gpu.minutes import WHOLE_HOUR, span
from app.domain.gpu.states import WasteState
from app.domain.viewer import operator
from tests.app.gpu_books import GpuBooks

DOCS = Path(__file__).resolve().parents[3] / "docs"
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
POLICY = """
name: house rules
teams: [{id: search}, {id: speech}, {id: platform}]
rules: [{name: Tagged, when: {tag: team, present: true}, team_from_tag: team}]
"""
HELD = {"namespace": "vision", "pod": "notebook-ana-0", "team": "search"}
BUSY = {"namespace": "nlp", "pod": "trainer-0", "team": "speech"}
_digests = count(1)


class Bill:
    """Prices of GPU charges on live loads, as loading keeps them."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._loads: dict[date, int] = {}

    def key(self, resource: str | None, *, team: str | None = "platform", **cells: Any) -> int:
        """A charge key of a p5.48xlarge, which has eight boards, on demand."""
        said = {
            "billing_currency": "USD", "charge_category": "Usage", "service_provider_name": "AWS",
            "pricing_category": "Standard", "consumed_unit": "Hours", "resource_id": resource,
            "sku_meter": "BoxUsage:p5.48xlarge", **cells,
        }  # fmt: skip
        digest = next(_digests).to_bytes(8, "big")
        tags = {"team": team} if team else {}
        values = {"digest": digest, "tags": tags, "extras": {}, **said}
        return self.session.scalars(insert(ChargeKey).values(values).returning(ChargeKey.id)).one()

    def price(
        self, key: int, at: str, cost: str, *, hours: str | None = "1", period: date = MARCH, daily: bool = False
    ) -> None:
        self.session.add(
            GpuPrice(
                load_id=self._load(period), charge_key_id=key, hour=instant(at), is_daily=daily,
                effective_cost=Decimal(cost), node_hours=None if hours is None else Decimal(hours),
            )
        )  # fmt: skip

    def supersede(self, period: date) -> None:
        """Ends the live load of a period, as a restated bill does."""
        self.session.flush()
        self.session.execute(
            text("UPDATE load SET state = 'superseded' WHERE id = :load"), {"load": self._loads[period]}
        )
        del self._loads[period]

    def _load(self, period: date) -> int:
        if period not in self._loads:
            source = self.session.scalar(select(Source.id).where(Source.name == "aws"))
            if source is None:
                source = self.session.scalars(
                    insert(Source).values(name="aws", kind="focus", config={}).returning(Source.id)
                ).one()
            delivery = Delivery(source_id=source, sha256="", format="focus", files=[], state="loaded")
            self.session.add(delivery)
            self.session.flush()
            load = Load(
                source_id=source, delivery_id=delivery.id, billing_period_start=period, rows_loaded=1,
                first_charge_day=period, last_charge_day=period, billing_account_ids=[], totals=[],
            )  # fmt: skip
            self.session.add(load)
            self.session.flush()
            self._loads[period] = load.id
        return self._loads[period]


def instant(at: str) -> datetime:
    return datetime.fromisoformat(at).replace(tzinfo=UTC)


def node(session: Session, name: str, resource: str | None, **fields: Any) -> int:
    made = GpuNode(name=name, resource_id=resource, **fields)
    session.add(made)
    session.flush()
    return made.id


def posted(session: Session, *periods: date) -> None:
    lock_posting(session)
    post(session, periods or [MARCH])


def rows(session: Session, period: date = MARCH) -> Sequence[GpuWaste]:
    session.expire_all()
    return session.scalars(select(GpuWaste).where(GpuWaste.billing_period_start == period).order_by(GpuWaste.id)).all()


def summed(found: Sequence[GpuWaste], *by: str, what: str = "effective_cost") -> dict[Any, Decimal]:
    sums: dict[Any, Decimal] = {}
    for row in found:
        key = tuple(getattr(row, name) for name in by) if len(by) > 1 else getattr(row, by[0])
        sums[key] = sums.get(key, Decimal(0)) + getattr(row, what)
    return sums


def assert_tied(session: Session, period: date = MARCH) -> None:
    """The states of what is billed come to the GPU part of the bill, to the last digit."""
    billed = [row for row in rows(session, period) if row.purchase_option != "catalogue"]
    bill = {each.billing_currency: each.effective_cost for each in gpu_cost(session, period)}
    assert summed(billed, "billing_currency") == bill


@pytest.fixture
def bill(session: Session) -> Bill:
    apply_policy(session, operator(), POLICY)
    return Bill(session)


@pytest.fixture
def books(session: Session) -> GpuBooks:
    return GpuBooks(session)


def worked_example(session: Session, bill: Bill, books: GpuBooks) -> None:
    """The hour of docs/gpu-waste.md: eight boards, of which one is not heard of."""
    node(session, "node-a", "i-1")
    bill.price(bill.key("i-1"), "2026-03-02T10", "55.04")
    for board in range(1, 5):
        books.hour("2026-03-02T10", f"GPU-{board}", owner=BUSY, active=WHOLE_HOUR, activity_avg=0.9)
    books.hour("2026-03-02T10", "GPU-5", owner=HELD, active=span(0, 20), activity_avg=0.3)
    books.hour("2026-03-02T10", "GPU-6", owner=BUSY, active=WHOLE_HOUR, instance=1, mig_profile="3g.40gb")
    books.hour("2026-03-02T10", "GPU-7")


def test_the_worked_example_of_the_guide_is_what_comes_out(session: Session, bill: Bill, books: GpuBooks) -> None:
    worked_example(session, bill, books)
    posted(session)
    guide = (DOCS / "gpu-waste.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", guide, re.MULTILINE)
    found = rows(session)
    minutes, costs, back = (
        summed(found, "state", what=what) for what in ("board_minutes", "effective_cost", "recoverable_capacity_cost")
    )
    assert told
    assert {state: (Decimal(m), Decimal(c), Decimal(r)) for state, m, c, r in told} == {
        state: (minutes[state], round(costs[state], 2), round(back[state], 2)) for state in minutes
    }
    assert sum(costs.values()) == Decimal("55.04")
    assert_tied(session)


def test_whose_the_states_are(session: Session, bill: Bill, books: GpuBooks) -> None:
    worked_example(session, bill, books)
    posted(session)
    teams = {(row.state, row.team_id) for row in rows(session)}
    assert teams == {
        ("productive", "speech"),
        ("productive", "search"),
        ("idle_held", "search"),
        ("unallocated_part", "platform"),
        ("unknown", "platform"),
    }


def test_a_run_is_as_long_as_it_is_though_the_month_ends(session: Session, bill: Bill, books: GpuBooks) -> None:
    """Twenty minutes before midnight and twenty after it, in two bills, are one run of forty."""
    node(session, "node-a", "i-1", boards=1)
    key = bill.key("i-1")
    bill.price(key, "2026-03-31T23", "60")
    bill.price(key, "2026-04-01T00", "60", period=APRIL)
    books.hour("2026-03-31T23", "GPU-1", owner=HELD, active=span(0, 40), activity_avg=0.9)
    books.hour("2026-04-01T00", "GPU-1", owner=HELD, active=span(20, 60), activity_avg=0.9)
    posted(session, MARCH, APRIL)
    for period in (MARCH, APRIL):
        assert summed(rows(session, period), "state") == {"productive": 40, "idle_held": 20}
    assert summed(rows(session, APRIL), "state", what="recoverable_bill_cost")["idle_held"] == 10
    assert affected_periods(session, instant("2026-04-01T00"), instant("2026-04-01T01")) == [MARCH, APRIL]


def test_a_team_may_have_its_own_patience(session: Session, bill: Bill, books: GpuBooks) -> None:
    node(session, "node-a", "i-1", boards=2)
    bill.price(bill.key("i-1"), "2026-03-02T10", "120")
    books.hour("2026-03-02T10", "GPU-1", owner={"namespace": "search-lab"}, active=span(0, 20), activity_avg=0.9)
    books.hour("2026-03-02T10", "GPU-2", owner={"user_name": "bot-7"}, active=span(0, 20), activity_avg=0.9)
    gpu = """
gpu:
  idle_minutes: 40
  teams: {search: {idle_minutes: 41}}
  owners: [{team: search, namespace: 'search-*'}, {team: speech, user: 'bot-*'}]
"""
    apply_policy(session, operator(), POLICY + gpu)
    posted(session)
    assert summed(rows(session), "state", "team_id") == {
        ("productive", "search"): 20,
        ("idle_gap", "search"): 40,
        ("productive", "speech"): 20,
        ("idle_held", "speech"): 40,
    }


def test_work_that_fails_is_lost_since_its_checkpoint_and_a_dead_node_is_the_platforms(
    session: Session, bill: Bill, books: GpuBooks
) -> None:
    node(session, "node-a", "i-1", boards=2)
    bill.price(bill.key("i-1"), "2026-03-02T10", "120")
    source, delivery = books._telemetry()
    for board, job, state, checkpoint in (("GPU-1", "11", "FAILED", 30), ("GPU-2", "12", "NODE_FAIL", None)):
        owner = {"job_id": job, "team": "search"}
        books.hour("2026-03-02T10", board, owner=owner, active=WHOLE_HOUR, activity_avg=0.9)
        session.add(
            GpuJob(
                source_id=source, delivery_id=delivery, job_id=job, nodes=["node-a"], node_count=1, gpus=1,
                state=state, started_at=instant("2026-03-02T09"), ended_at=instant("2026-03-02T10:45"),
                checkpoint_at=instant(f"2026-03-02T10:{checkpoint}") if checkpoint else None,
            )
        )  # fmt: skip
    posted(session)
    assert summed(rows(session), "state", "team_id") == {
        ("failed", "search"): 15,
        ("productive", "search"): 60,
        ("failed", "platform"): 45,
    }


def test_of_two_sources_the_one_that_saw_more_counts(session: Session, bill: Bill, books: GpuBooks) -> None:
    node(session, "node-a", "i-1", boards=1)
    bill.price(bill.key("i-1"), "2026-03-02T10", "60")
    books.hour("2026-03-02T10", "GPU-1", owner=HELD, observed=span(0, 40))
    books._delivery = None
    session.execute(text("UPDATE source SET name = 'other' WHERE name = 'telemetry'"))
    books.hour("2026-03-02T10", "GPU-1", owner=BUSY, active=WHOLE_HOUR, activity_avg=0.9)
    posted(session)
    assert summed(rows(session), "state", "team_id") == {("productive", "speech"): 60}


def test_a_node_that_was_another_resource_before_is_told_apart_by_time(
    session: Session, bill: Bill, books: GpuBooks
) -> None:
    number = node(session, "node-a", "i-2", boards=1)
    session.add(GpuNodeSpan(node_id=number, kind="resource", resource_id="i-1", ends_at=instant("2026-03-02T11")))
    for resource, at in (("i-1", "2026-03-02T10"), ("i-2", "2026-03-02T11")):
        bill.price(bill.key(resource), at, "60")
        books.hour(at, "GPU-1", owner=BUSY, active=WHOLE_HOUR, activity_avg=0.9)
    posted(session)
    assert summed(rows(session), "resource_id", "state") == {("i-1", "productive"): 60, ("i-2", "productive"): 60}


def test_a_node_that_is_down_is_unavailable(session: Session, bill: Bill) -> None:
    number = node(session, "node-a", "i-1", boards=1)
    down = (instant("2026-03-02T10:15"), instant("2026-03-02T12"))
    session.add(GpuNodeSpan(node_id=number, kind="down", starts_at=down[0], ends_at=down[1], reason="drained"))
    key = bill.key("i-1")
    for hour in (10, 11, 12):
        bill.price(key, f"2026-03-02T{hour}", "60")
    posted(session)
    assert summed(rows(session), "state", "node_id") == {("unknown", number): 75, ("unavailable", number): 105}
    assert_tied(session)


def test_what_no_bill_has_is_priced_by_the_catalogue_and_is_no_part_of_the_bill(
    session: Session, bill: Bill, books: GpuBooks
) -> None:
    node(session, "node-b", None, instance_type="p5.48xlarge")
    node(session, "node-a", "i-1", instance_type="p5.48xlarge")
    bill.price(bill.key("i-1"), "2026-03-02T10", "55.04")
    books.hour("2026-03-02T10", "GPU-b", node="node-b", owner=BUSY, active=WHOLE_HOUR, activity_avg=0.9)
    books.hour("2026-03-02T10", "GPU-a", node="node-a", owner=BUSY, active=WHOLE_HOUR, activity_avg=0.9)
    books.hour("2026-03-02T11", "GPU-a", node="node-a", owner=BUSY, active=WHOLE_HOUR, activity_avg=0.9)
    posted(session)
    assert summed(rows(session), "purchase_option", "state", what="board_minutes") == {
        ("on_demand", "productive"): 60,
        ("on_demand", "unknown"): 420,
        ("catalogue", "productive"): 60,
        ("catalogue", "unknown"): 420,
    }
    assert_tied(session)


def test_a_commitment_makes_an_idle_hour_no_less_of_a_waste_and_its_saving_nothing(
    session: Session, bill: Bill, books: GpuBooks
) -> None:
    covered = {"commitment_discount_id": "sp-1", "commitment_discount_status": "Used", "pricing_category": "Committed"}
    for name, cells in (("a", {}), ("b", covered)):
        node(session, f"node-{name}", f"i-{name}", boards=1)
        bill.price(bill.key(f"i-{name}", **cells), "2026-03-02T10", "60")
        books.hour("2026-03-02T10", f"GPU-{name}", node=f"node-{name}", owner=HELD)
    posted(session)
    found = rows(session)
    assert summed(found, "purchase_option", "state") == {("on_demand", "idle_held"): 60, ("committed", "idle_held"): 60}
    assert summed(found, "purchase_option", what="recoverable_capacity_cost") == {"on_demand": 30, "committed": 30}
    assert summed(found, "purchase_option", what="recoverable_bill_cost") == {"on_demand": 30, "committed": 0}
    assert {row.confidence for row in found} == {"medium"}  # of one day


def test_a_restated_bill_and_late_telemetry_take_the_place_of_what_was(
    session: Session, bill: Bill, books: GpuBooks
) -> None:
    node(session, "node-a", "i-1", boards=1)
    key = bill.key("i-1")
    bill.price(key, "2026-03-02T10", "60")
    posted(session)
    assert summed(rows(session), "state") == {"unknown": 60}
    books.hour("2026-03-02T10", "GPU-1", owner=BUSY, active=WHOLE_HOUR, activity_avg=0.9)
    posted(session)
    before = [(row.state, row.effective_cost, row.board_id) for row in rows(session)]
    posted(session)
    assert [(row.state, row.effective_cost, row.board_id) for row in rows(session)] == before
    bill.supersede(MARCH)
    bill.price(key, "2026-03-02T10", "45.000000000000000000000001")
    posted(session)
    assert summed(rows(session), "state") == {"productive": Decimal("45.000000000000000000000001")}
    session.execute(delete(GpuHourFact))
    bill.supersede(MARCH)
    posted(session)
    assert rows(session) == []


def test_without_gpus_there_is_nothing_to_post(session: Session, bill: Bill) -> None:
    post_waste(session, [MARCH])
    assert rows(session) == []


@pytest.mark.parametrize("seed", range(3))
def test_a_drawn_month_comes_to_the_bill(seed: int, session: Session, bill: Bill, books: GpuBooks) -> None:
    """Hourly and daily bills, credits, price changes, gaps, MIG, sharing, a lost hour's day of clocks put forward."""
    draw = Random(seed)
    for number in range(4):
        node(session, f"node-{number}", f"i-{number // 2}" if number else None, instance_type="p4d.24xlarge")
    _drawn_bill(draw, bill)
    start = instant("2026-03-29T00")  # 02:00 does not exist in Berlin on this day
    for hour in range(30):
        at = f"{start + timedelta(hours=hour):%Y-%m-%dT%H}"
        for number in range(4):
            for board in range(2):
                _drawn_hour(draw, books, at, number, board)
    posted(session)
    assert_tied(session)
    states = set(summed(rows(session), "state"))
    assert states <= {state.value for state in WasteState}
    assert len(states) > 5


def _drawn_bill(draw: Random, bill: Bill) -> None:
    keys = [bill.key("i-0"), bill.key("i-1", team=None), bill.key("i-9"), bill.key(None)]
    daily = bill.key("i-1", team="search", charge_category="Credit")
    start = instant("2026-03-29T00")
    for hour in range(28):
        at = f"{start + timedelta(hours=hour):%Y-%m-%dT%H}"
        for key in keys:
            cost = f"{draw.randint(-(10**9), 10**10)}E-{draw.choice([2, 9, 18])}"
            bill.price(key, at, cost, hours=draw.choice(["1", "0.5", "0.016666666667", None, "2", "-1"]))
    for day in ("2026-03-29", "2026-03-30"):
        bill.price(daily, f"{day}T00", "-3.333333333333333333", hours=None, daily=True)


def _drawn_hour(draw: Random, books: GpuBooks, at: str, number: int, board: int) -> None:
    if draw.random() < 0.1:
        return
    kind = draw.choice(["whole", "shared", "mig", "free"])
    places = {"whole": [(-1, None)], "free": [(-1, None)], "shared": [(-1, None), (-1, None)]}.get(
        kind, [(1, "3g.40gb"), (2, "2g.20gb"), (5, "1g.10gb")]
    )
    for index, (instance, profile) in enumerate(places):
        observed = draw.choice([WHOLE_HOUR, WHOLE_HOUR, draw.getrandbits(60), span(0, 45)])
        active = draw.choice([0, WHOLE_HOUR, draw.getrandbits(60)]) & observed
        owner = (
            None if kind == "free" or (draw.random() < 0.1 and not index) else {"pod": f"p{index}-{draw.randint(0, 2)}"}
        )
        books.hour(
            at, f"GPU-{number}-{board}", node=f"node-{number}", owner=owner, instance=instance, observed=observed,
            active=active, mig_profile=profile, activity_avg=draw.random(),
        )  # fmt: skip
