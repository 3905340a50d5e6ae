"""What a policy would move."""

from decimal import Decimal
from pathlib import Path

import pytest

from app.actions.policy import apply_policy
from app.db.session import read_session, write_session
from app.domain.money import total
from app.domain.period import Period
from app.domain.viewer import Scope, Viewer, operator
from app.errors import NotAllowed, NotFound
from app.reports.chargeback import chargeback
from app.reports.policy_preview import policy_preview
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

MARCH = Period.month(2026, 3)
TO_SEARCH = """
name: To search
teams: [{id: search, name: Search}, {id: speech, name: Speech}]
rules: [{name: All of it, team: search}]
"""
HALVES = """
name: Halves
teams: [{id: search, name: Search}, {id: speech, name: Speech}]
pools: [{id: all, name: Everything, split: even}]
rules: [{name: All of it, pool: all}]
"""


@pytest.fixture
def billed(trueup: Trueup, tmp_path: Path) -> Trueup:
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("10"), focus_row("0.01")]))
    trueup.policy(TO_SEARCH)
    return trueup


def test_a_preview_shows_the_cents_that_would_move_and_moves_none(billed: Trueup) -> None:
    before = billed.figures()
    moves = policy_preview(billed.engine, operator(), HALVES, MARCH)
    assert {move.team_id: (move.before, move.after) for move in moves} == {
        "search": (Decimal("10.01"), Decimal("5.005")),
        "speech": (Decimal(0), Decimal("5.005")),
        None: (Decimal(0), Decimal(0)),
    }
    assert sum(move.change for move in moves) == 0
    assert billed.figures() == before


def test_who_sees_only_some_teams_may_neither_preview_nor_apply(billed: Trueup) -> None:
    limited = Viewer("lead", frozenset({Scope.READ_COSTS, Scope.WRITE_POLICY}), frozenset({"speech"}))
    with pytest.raises(NotAllowed):
        policy_preview(billed.engine, limited, HALVES, MARCH)
    with pytest.raises(NotAllowed), write_session(billed.engine) as session:
        apply_policy(session, limited, HALVES)


KITCHEN_SINK = """
name: All of it
statement_metric: billed_cost
teams: [{id: search, name: Search}, {id: ops, name: Operations}]
between_pools: reciprocal
pools:
  - {id: net, split: fixed, weights: {search: 3, pool:tools: 1}}
  - {id: tools, split: even, among: [search, ops, pool:net]}
treatments: {tax: spread}
rules: [{name: Net, when: {column: charge_category, equals: Usage}, pool: net}, {name: Rest, pool: tools}]
markup: {percent: 7, to: ops}
"""


def test_the_changes_of_every_period_and_currency_add_up_to_nothing(trueup: Trueup, tmp_path: Path) -> None:
    rows = [
        focus_row("10.01", EffectiveCost="7.3"),
        focus_row("-3.333333", ChargeCategory="Credit"),
        focus_row("0.07", ChargeCategory="Tax", BillingCurrency="EUR"),
        focus_row("5", BillingCurrency="EUR"),
    ]
    trueup.ingest(write_csv(tmp_path / "bill.csv", rows))
    for document in (TO_SEARCH, HALVES):
        moves = policy_preview(trueup.engine, operator(), KITCHEN_SINK, MARCH)
        for currency in ("USD", "EUR"):
            assert total(move.change for move in moves if move.currency == currency) == 0
        assert [move for move in moves if move.change]
        trueup.policy(document)


def test_several_periods_are_previewed_and_none_means_the_newest(billed: Trueup) -> None:
    february = Period.month(2026, 2)
    assert policy_preview(billed.engine, operator(), HALVES) == policy_preview(billed.engine, operator(), HALVES, MARCH)
    both = policy_preview(billed.engine, operator(), HALVES, february, MARCH)
    assert {move.period for move in both} == {MARCH}  # February has no bill


def test_before_there_is_a_bill_a_preview_says_so(trueup: Trueup) -> None:
    with pytest.raises(NotFound, match="no billing period yet"):
        policy_preview(trueup.engine, operator(), HALVES)


def test_a_preview_is_what_applying_does(billed: Trueup) -> None:
    moves = policy_preview(billed.engine, operator(), HALVES, MARCH)
    billed.policy(HALVES)
    with read_session(billed.engine) as session:
        (block,) = chargeback(session, operator(), MARCH).blocks
    assert {each.team_id: each.total for each in (*block.teams, block.unallocated)} == {
        move.team_id: move.after for move in moves
    }
