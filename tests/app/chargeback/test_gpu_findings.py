"""Findings over time: found, answered, and resolved when telemetry proves them gone."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actions.gpu_findings import acknowledge_finding, exempt_finding, reopen_finding
from app.chargeback.gpu_findings import FindingsKept, find
from app.db.tables.access import AuditEntry
from app.db.tables.gpu import GpuFinding, GpuJob
from app.domain.gpu.findings.state import FindingState
from app.domain.gpu.minutes import WHOLE_HOUR
from app.domain.gpu.states import WasteState
from app.domain.viewer import Scope, Viewer, operator
from app.errors import BadInput, Conflict, NotAllowed, NotFound
from app.reports.gpu_findings import FindingRow, FindingsQuestion, finding_rules, gpu_findings
from tests.app.books import Books, a_team
from tests.app.gpu_books import GpuBooks

MARCH = date(2026, 3, 1)
NOTEBOOK = {"namespace": "lab", "pod": "jupyter-ada"}


class Cluster:
    """A node whose days are idle, or at work."""

    def __init__(self, session: Session) -> None:
        self.session, self.books = session, GpuBooks(session)
        Books(session).policy(a_team("search"), a_team("speech"))

    def idle(self, *days: int) -> None:
        for day in days:
            self._day(day, NOTEBOOK, WasteState.IDLE_HELD)

    def works(self, *days: int) -> None:
        for day in days:
            self._day(day, {"pod": "train"}, WasteState.PRODUCTIVE)

    def _day(self, day: int, owner: dict[str, str], state: WasteState) -> None:
        active = WHOLE_HOUR if state is WasteState.PRODUCTIVE else 0
        self.books.hour(f"2026-03-{day:02d}T08", "GPU-1", owner=owner, active=active, activity_avg=active and 0.8)
        self.books.waste(date(2026, 3, day), state, "1440", "48", team="search", owner=owner, capacity="24")

    def find(self) -> FindingsKept:
        kept = find(self.session, [MARCH])
        self.session.expire_all()
        return kept

    def states(self) -> list[tuple[str, str]]:
        found = self.session.scalars(select(GpuFinding).order_by(GpuFinding.id))
        return [(each.rule, each.state) for each in found]

    def only(self, viewer: Viewer | None = None) -> FindingRow:
        (row,) = gpu_findings(self.session, viewer or operator(), FindingsQuestion(states=()))
        return row


@pytest.fixture
def cluster(session: Session) -> Cluster:
    return Cluster(session)


def test_a_finding_is_kept_once_and_brought_up_to_date(cluster: Cluster) -> None:
    cluster.idle(2, 3)
    assert cluster.find() == FindingsKept(new=1)
    cluster.idle(4)
    assert cluster.find() == FindingsKept(standing=1)
    row = cluster.only()
    assert (row.rule, row.subject, row.state, row.team_id, row.node) == (
        *("idle_notebook", "lab/jupyter-ada", "open", "search", "node-a"),
    )
    assert (row.starts_at, row.ends_at) == (datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC))
    assert (row.currency, row.recoverable_capacity) == ("USD", Decimal(72))
    assert [day["gpu_hours"] for day in row.evidence["days"]] == ["24", "24", "24"]


def test_what_telemetry_proves_gone_is_resolved_and_may_come_again(cluster: Cluster) -> None:
    cluster.idle(2, 3)
    cluster.find()
    cluster.works(4, 5)
    assert cluster.find() == FindingsKept(standing=1)  # two quiet days are not enough
    cluster.works(6)
    assert cluster.find() == FindingsKept(resolved=1)
    cluster.idle(7, 8, 9)
    assert cluster.find() == FindingsKept(new=1)
    assert [state for _, state in cluster.states()] == ["resolved", "open"]


def test_silence_proves_nothing(cluster: Cluster) -> None:
    """The node is not seen any more: it may be as idle as before."""
    cluster.idle(2, 3)
    cluster.find()
    for day in (4, 5, 6, 7):
        cluster.books.hour(f"2026-03-{day:02d}T08", "GPU-9", node="node-b", owner={"pod": "other"}, active=WHOLE_HOUR)
    assert cluster.find() == FindingsKept()
    assert cluster.states() == [("idle_notebook", "open")]


def test_a_node_that_is_paid_for_no_more_is_gone(cluster: Cluster) -> None:
    cluster.idle(2, 3)
    cluster.find()
    for day in (4, 5, 6):
        cluster.books.hour(f"2026-03-{day:02d}T08", "GPU-9", node="node-b", active=WHOLE_HOUR)
        cluster.books.waste(date(2026, 3, day), WasteState.PRODUCTIVE, "60", "2", board="GPU-9", node="node-b")
    assert cluster.find() == FindingsKept(resolved=1)


def test_a_month_long_past_is_not_looked_at(cluster: Cluster) -> None:
    cluster.idle(2, 3)
    assert find(cluster.session, [date(2026, 1, 1)]) == FindingsKept()
    assert not cluster.states()


def test_an_exemption_ends(cluster: Cluster) -> None:
    cluster.idle(2, 3)
    cluster.find()
    today = date(2026, 3, 4)
    exempt_finding(
        cluster.session, operator("ada"), cluster.only().id, reason="a course", until=date(2026, 3, 6), today=today
    )
    cluster.idle(4, 5)
    cluster.find()
    assert (cluster.only().state, cluster.only().reason, cluster.only().changed_by) == ("exempt", "a course", "ada")
    cluster.idle(6)
    cluster.find()
    assert (cluster.only().state, cluster.only().reason) == ("open", None)


def test_answers_are_audited_and_can_be_taken_back(cluster: Cluster) -> None:
    cluster.idle(2, 3)
    cluster.find()
    key = cluster.only().id
    acknowledge_finding(cluster.session, operator("ada"), key, "on it")
    assert cluster.only().state == "acknowledged"
    cluster.idle(4)
    cluster.find()
    assert cluster.only().state == "acknowledged"
    reopen_finding(cluster.session, operator("bob"), key)
    assert (cluster.only().state, cluster.only().reason) == ("open", None)
    entries = cluster.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(each.actor, each.action, each.details["after"]) for each in entries] == [
        ("ada", "gpu.finding", "acknowledged"),
        ("bob", "gpu.finding", "open"),
    ]


def test_what_cannot_be_answered_says_why(cluster: Cluster) -> None:
    cluster.idle(2, 3)
    cluster.find()
    key, session, today = cluster.only().id, cluster.session, date(2026, 3, 4)
    with pytest.raises(BadInput, match="needs words"):
        exempt_finding(session, operator(), key, reason=" ", until=date(2026, 4, 1), today=today)
    with pytest.raises(BadInput, match="later day"):
        exempt_finding(session, operator(), key, reason="so", until=today, today=today)
    with pytest.raises(NotFound):
        acknowledge_finding(session, operator(), key + 1)
    with pytest.raises(NotAllowed):
        acknowledge_finding(session, Viewer("r", frozenset({Scope.READ_COSTS})), key)
    session.get_one(GpuFinding, key).state = FindingState.RESOLVED.value
    with pytest.raises(Conflict, match="resolved"):
        reopen_finding(session, operator(), key)


def test_a_viewer_sees_and_answers_for_its_teams_alone(cluster: Cluster) -> None:
    cluster.idle(2, 3)
    cluster.find()
    scopes = frozenset({Scope.READ_COSTS, Scope.WRITE_BUDGETS})
    search, speech = (Viewer(team, scopes, frozenset({team})) for team in ("search", "speech"))
    key = cluster.only(search).id
    assert not gpu_findings(cluster.session, speech)
    with pytest.raises(NotFound):
        acknowledge_finding(cluster.session, speech, key)
    assert acknowledge_finding(cluster.session, search, key).state == "acknowledged"


def test_findings_are_chosen_by_state_rule_and_team(cluster: Cluster) -> None:
    cluster.idle(2, 3)
    cluster.find()

    def ask(**asked: tuple[str, ...]) -> int:
        return len(gpu_findings(cluster.session, operator(), FindingsQuestion(**asked)))

    assert [ask(), ask(states=("resolved",)), ask(rules=("held_model",)), ask(teams=("search",))] == [1, 0, 0, 1]
    with pytest.raises(BadInput, match="no rule 'x'"):
        ask(rules=("x",))
    assert len(finding_rules()) == 9


def test_jobs_that_fail_late_are_found_by_script(session: Session) -> None:
    books = GpuBooks(session)
    source, delivery = books._telemetry()
    end = datetime(2026, 3, 10, 12, tzinfo=UTC)
    for number in range(3):
        session.add(
            GpuJob(
                source_id=source, delivery_id=delivery, job_id=str(number), name=f"train-{number}", user_name="bob",
                nodes=[], node_count=1, gpus=8, started_at=end - timedelta(hours=3), ended_at=end,
                checkpoint_at=end - timedelta(hours=1), state="NODE_FAIL" if number else "COMPLETED",
            )
        )  # fmt: skip
    session.flush()
    assert find(session, [MARCH]) == FindingsKept(new=1)
    (row,) = gpu_findings(session, operator())
    assert (row.rule, row.subject, row.recoverable_capacity) == ("late_failure", "bob train", None)
    assert (row.evidence["lost_gpu_hours"], row.evidence["runs"]) == ("16", 2)
