"""What a policy would move."""

from decimal import Decimal
from pathlib import Path

import pytest

from app.actions.policy import apply_policy
from app.db.session import write_session
from app.domain.period import Period
from app.domain.viewer import Scope, Viewer, operator
from app.errors import NotAllowed
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
