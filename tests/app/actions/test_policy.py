"""Putting a policy in force."""

from pathlib import Path

import pytest

from app.actions.policy import apply_policy
from app.db.session import write_session
from app.db.tables.access import AuditEntry
from app.db.tables.policy import PolicyVersion, Pool, Team
from app.domain.policy import PolicyError
from app.domain.viewer import Scope, Viewer, operator
from app.errors import NotAllowed
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

DOCUMENT = """
name: house rules
teams: [{id: search, cost_center: CC-1}]
pools: [{id: platform, split: even}]
rules: [{name: All, team: search}]
"""


def test_a_policy_is_put_in_force_and_audited(trueup: Trueup) -> None:
    with write_session(trueup.engine) as session:
        version = apply_policy(session, operator("ada"), DOCUMENT)
        assert version is not None
    (policy,) = trueup.all(PolicyVersion)
    assert (policy.name, policy.document, policy.applied_by) == ("house rules", DOCUMENT, "ada")
    assert [team.team_id for team in trueup.all(Team)] == ["search"]
    assert [pool.pool_id for pool in trueup.all(Pool)] == ["platform"]
    (entry,) = trueup.all(AuditEntry)
    assert (entry.actor, entry.action, entry.target) == ("ada", "policy.apply", "house rules")
    assert entry.details == {"version": policy.id, "sha256": policy.sha256}


def test_the_same_document_again_changes_nothing(trueup: Trueup, tmp_path: Path) -> None:
    trueup.policy(DOCUMENT)
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("1")]))
    before = trueup.figures()
    with write_session(trueup.engine) as session:
        assert apply_policy(session, operator(), DOCUMENT) is None
    assert trueup.figures() == before
    assert len(trueup.all(PolicyVersion)) == 1
    assert [entry.action for entry in trueup.all(AuditEntry)].count("policy.apply") == 1


def test_a_broken_document_changes_nothing(trueup: Trueup) -> None:
    trueup.policy(DOCUMENT)
    version = trueup.version()
    with (
        pytest.raises(PolicyError, match=r"line 3: there is no team `serach`"),
        write_session(trueup.engine) as session,
    ):
        apply_policy(session, operator(), "name: x\nteams: [{id: search}]\nrules: [{name: All, team: serach}]\n")
    assert trueup.version() == version
    assert len(trueup.all(PolicyVersion)) == 1


def test_an_old_document_can_be_put_in_force_again(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("1")]))
    other = "name: other\nteams: [{id: speech}]\nrules: [{name: All, team: speech}]\n"
    for document in (DOCUMENT, other, DOCUMENT):
        trueup.policy(document)
    assert trueup.costs("team") == {"USD": {"search": 1}}
    assert len(trueup.all(PolicyVersion)) == 3


def test_only_who_may_write_policy_can(trueup: Trueup) -> None:
    reader = Viewer("reader", frozenset({Scope.READ_COSTS, Scope.WRITE_INGEST}))
    with pytest.raises(NotAllowed, match="write:policy"), write_session(trueup.engine) as session:
        apply_policy(session, reader, DOCUMENT)
    assert trueup.all(PolicyVersion) == []
