"""Every rule fires on a seeded case and stays silent on its twin, which differs in what excuses it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.domain.gpu.findings.evaluate import findings
from app.domain.gpu.findings.rule import FailedRun, Place, Smaller, WasteOfDay, Window, WorkloadFacts
from app.domain.gpu.findings.rules import RULES, WINDOW_DAYS
from app.domain.gpu.hour import Owner
from app.domain.gpu.states import WasteState

START = date(2026, 3, 1)
LAST = START + timedelta(days=WINDOW_DAYS - 1)
NOTEBOOK, MODEL, TRAINING, JOB = 1, 2, 3, 4
OWNERS = {
    NOTEBOOK: Owner(namespace="lab", pod="jupyter-ada"),
    MODEL: Owner(namespace="prod", pod="serve-0"),
    TRAINING: Owner(namespace="prod", pod="train-0"),
    JOB: Owner(job_id="7", user_name="bob"),
}
PLACES = {1: Place("node-a", 8), 2: Place("node-b", 8)}


def daily(
    state: WasteState,
    hours: str,
    *,
    days: int = WINDOW_DAYS,
    until: date = LAST,
    node: int = 1,
    owner: int | None = None,
) -> list[WasteOfDay]:
    """As many hours of a state on each of the last `days`, at 2 a GPU-hour, all of it to be had back."""
    each = Decimal(hours)
    return [
        WasteOfDay(
            until - timedelta(days=ago), state, each, 2 * each, 2 * each, each, "USD",
            team_id="search", node_id=node, owner_id=owner, accelerator="H100",
        )
        for ago in range(days)
    ]  # fmt: skip


def window(*waste: list[WasteOfDay], **parts: Any) -> Window:
    rows = tuple(row for of_state in waste for row in of_state)
    return replace(Window(START, LAST, rows, owners=OWNERS, places=PLACES), **parts)


def facts(owner: int, **measures: float) -> tuple[WorkloadFacts, ...]:
    usual = {"observed_hours": 200.0, "active_hours": 200.0, "fb_total_mib": 81920.0}
    return (WorkloadFacts(owner_id=owner, accelerator="H100", **{**usual, **measures}),)


def lost(ran_hours: float, gpu_hours: str, key: str = "bob train") -> FailedRun:
    return FailedRun(key, "7", "FAILED", ran_hours, Decimal(gpu_hours), datetime(2026, 3, 10, tzinfo=UTC), "search")


HELD, BUSY, SLOW = WasteState.IDLE_HELD, WasteState.PRODUCTIVE, WasteState.INEFFICIENT
EMPTY, PART, UNKNOWN = WasteState.UNALLOCATED_NODE, WasteState.UNALLOCATED_PART, WasteState.UNKNOWN
SMALLER = {MODEL: Smaller("L40S", Decimal("0.3"))}
FITS = facts(MODEL, fb_used_mib_max=20_000, activity_peak=0.3)
STARVED = facts(TRAINING, activity_avg=0.15, activity_peak=0.4, activity_max=0.98, dram_active_avg=0.1)
HANGS = facts(TRAINING, busy_hours=24, busy_watts=90.0)
WORKING = daily(BUSY, "24", owner=TRAINING)
# Rule, what it fires on, and twins that differ in one thing.
CASES = {
    "idle_notebook": (
        window(daily(HELD, "10", owner=NOTEBOOK), daily(BUSY, "4", owner=NOTEBOOK)),
        window(daily(HELD, "10", owner=NOTEBOOK), daily(BUSY, "14", owner=NOTEBOOK)),  # it is used more than not
        window(daily(HELD, "10", owner=NOTEBOOK, until=LAST - timedelta(days=3))),  # it is over
        window(daily(HELD, "0.5", owner=NOTEBOOK)),  # it is little
    ),
    "held_model": (
        window(daily(HELD, "20", owner=MODEL)),
        window(daily(WasteState.IDLE_GAP, "20", owner=MODEL)),  # pauses between requests
        window(daily(HELD, "20", days=1, owner=MODEL)),
    ),
    "forgotten_node": (
        window(daily(EMPTY, "192")),
        window(daily(EMPTY, "192"), daily(BUSY, "24", days=1, owner=MODEL)),  # somebody had a GPU of it yesterday
        window(daily(EMPTY, "192", days=2)),
        window(daily(EMPTY, "192", until=LAST - timedelta(days=3))),  # it is gone
    ),
    "oversized_gpu": (
        window(daily(BUSY, "24", owner=MODEL), facts=FITS, smaller=SMALLER),
        window(daily(BUSY, "24", owner=MODEL), facts=FITS),  # there is no smaller one
        window(
            daily(BUSY, "24", owner=MODEL),
            facts=facts(MODEL, fb_used_mib_max=70_000, activity_peak=0.3),
            smaller=SMALLER,
        ),
        window(
            daily(BUSY, "24", owner=MODEL),
            facts=facts(MODEL, fb_used_mib_max=20_000, activity_peak=0.9),
            smaller=SMALLER,
        ),
        window(
            daily(BUSY, "24", owner=MODEL), facts=facts(MODEL, activity_peak=0.3), smaller=SMALLER
        ),  # nobody measured
    ),
    "starved_training": (
        window(daily(SLOW, "8", owner=TRAINING), facts=STARVED),
        window(
            daily(SLOW, "8", owner=TRAINING), facts=facts(TRAINING, activity_avg=0.15, activity_max=0.2)
        ),  # no bursts
        window(  # bound by memory
            daily(SLOW, "8", owner=TRAINING),
            facts=facts(TRAINING, activity_avg=0.15, activity_max=0.98, dram_active_avg=0.6),
        ),
        window(daily(SLOW, "0.5", owner=TRAINING), facts=STARVED),
    ),
    "late_failure": (
        window(failures=(lost(5, "40"),)),
        window(failures=(lost(0.2, "40"),)),  # early
        window(failures=(lost(5, "0"), lost(5, "3"))),  # checkpoints were written
        window(failures=(lost(5, "10"), lost(5, "10", "eve train"))),  # of two people
    ),
    "suspected_hang": (
        window(WORKING, facts=HANGS, idle_watts={"H100": 70}),
        window(WORKING, facts=facts(TRAINING, busy_hours=24, busy_watts=400.0), idle_watts={"H100": 70}),
        window(WORKING, facts=HANGS),  # what it draws when idle is not known
        window(WORKING, facts=facts(TRAINING, busy_hours=1, busy_watts=90.0), idle_watts={"H100": 70}),
    ),
    "fragmentation": (
        window(daily(PART, "96", node=1), daily(PART, "96", node=2)),  # four boards of eight on each
        window(daily(PART, "192", node=1)),  # on one node
        window(daily(PART, "24", node=1), daily(PART, "24", node=2)),  # two boards make no node
        window(daily(PART, "96", node=1, until=LAST - timedelta(days=3)), daily(PART, "96", node=2, days=3)),
    ),
    "telemetry_gap": (
        window(daily(UNKNOWN, "60"), daily(BUSY, "132", owner=MODEL)),
        window(daily(UNKNOWN, "10"), daily(BUSY, "182", owner=MODEL)),  # a twentieth
        window(daily(UNKNOWN, "60", until=LAST - timedelta(days=3)), daily(BUSY, "192", owner=MODEL)),  # mended
        window(daily(UNKNOWN, "1")),
    ),
}


def test_every_rule_has_a_case() -> None:
    assert CASES.keys() == {rule.name for rule in RULES}
    assert all(rule.false_positives and rule.thresholds and rule.action for rule in RULES)


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_fires_on_its_case_and_no_other_does(rule: str) -> None:
    assert [found.rule for found in findings(CASES[rule][0])] == [rule]


@pytest.mark.parametrize(("rule", "twin"), [(rule, place) for rule in CASES for place in range(1, len(CASES[rule]))])
def test_a_rule_is_silent_on_its_twins(rule: str, twin: int) -> None:
    assert not findings(CASES[rule][twin])


def test_a_finding_says_whose_it_is_what_it_costs_and_when_it_was() -> None:
    (found,) = findings(CASES["idle_notebook"][0])
    assert (found.subject, found.team_id, found.owner_id, found.node_id) == ("lab/jupyter-ada", "search", NOTEBOOK, 1)
    assert (found.starts_on, found.ends_on) == (START, LAST)
    assert (found.currency, found.capacity, found.bill) == ("USD", Decimal(280), Decimal(140))
    assert found.evidence["days"][0] == {"day": "2026-03-01", "gpu_hours": "10", "effective_cost": "20"}  # type: ignore[index]
    assert found.evidence["idle_share"] == 0.7143


def test_a_smaller_gpu_saves_what_its_price_says_and_nothing_on_the_bill() -> None:
    (found,) = findings(CASES["oversized_gpu"][0])
    assert (found.capacity, found.bill) == (Decimal("470.4"), None)  # 672 × 0.7
    assert found.evidence["smaller_accelerator"] == "L40S"


def test_hours_that_cannot_be_believed_give_nothing_back() -> None:
    (found,) = findings(CASES["telemetry_gap"][0])
    assert (found.capacity, found.bill) == (None, None)


def test_amounts_of_two_currencies_are_not_added() -> None:
    rows = daily(HELD, "20", owner=MODEL)
    euros = [replace(row, currency="EUR", cost=Decimal(1), capacity=Decimal(1)) for row in rows]
    (found,) = findings(window(rows, euros))
    assert (found.currency, found.capacity) == ("USD", Decimal(560))
