"""What restated bills changed, by month, newest first."""

from decimal import Decimal
from pathlib import Path

from starlette.testclient import TestClient

from app.api.deps import reading
from app.db.session import read_session
from app.domain.viewer import Scope, Viewer, operator
from app.main import create_app
from app.reports.restatements import Restatement, restatements
from frontend.components.restatements_card import restatements_card
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

POLICY = """
name: two teams
teams:
  - id: search
  - id: ai
rules:
  - {name: Machines, when: {column: service_name, equals: Amazon EC2}, team: search}
  - {name: Buckets, when: {column: service_name, equals: Amazon S3}, team: ai}
"""


def found(trueup: Trueup, viewer: Viewer | None = None) -> tuple[Restatement, ...]:
    with read_session(trueup.engine) as session:
        return restatements(session, viewer or operator())


def restated(trueup: Trueup, folder: Path) -> None:
    """March is restated twice and April once: EC2 +0.5, then S3 −1 and EC2 +2; April moves by 3."""
    bills = [
        [focus_row("1"), focus_row("5", ServiceName="Amazon S3")],
        [focus_row("1.5"), focus_row("5", ServiceName="Amazon S3")],
        [focus_row("3.5"), focus_row("4", ServiceName="Amazon S3")],
        [focus_row("1", day="2026-04-01")],
        [focus_row("4", day="2026-04-01")],
    ]
    for number, rows in enumerate(bills):
        trueup.ingest(write_csv(folder / f"{number}.csv", rows))


def test_each_load_that_moved_a_figure_is_listed_with_its_sum(trueup: Trueup, tmp_path: Path) -> None:
    restated(trueup, tmp_path)
    assert [
        (f"{each.billing_period_start:%Y-%m}", each.load_id, each.replaced, each.state, each.billed_cost_change)
        for each in found(trueup)
    ] == [
        ("2026-04", 5, (4,), "live", Decimal(3)),
        ("2026-03", 3, (2,), "live", Decimal(1)),
        ("2026-03", 2, (1,), "superseded", Decimal("0.5")),
    ]
    assert [each.lines for each in found(trueup)] == [1, 2, 1]


def test_a_viewer_of_some_teams_sees_what_moved_for_them(trueup: Trueup, tmp_path: Path) -> None:
    trueup.policy(POLICY)
    restated(trueup, tmp_path)
    limited = Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset({"ai"}))
    assert [(each.load_id, each.billed_cost_change) for each in found(trueup, limited)] == [(3, Decimal(-1))]


def test_page_and_api_show_the_same(trueup: Trueup, tmp_path: Path) -> None:
    server = create_app()
    with read_session(trueup.engine) as session:
        assert restatements_card(session, operator()).children is None
    restated(trueup, tmp_path)
    with read_session(trueup.engine) as session:
        server.dependency_overrides = {reading: lambda: session}
        client = TestClient(server, base_url="http://localhost")
        listed = client.get("/api/v1/restatements?limit=2").json()["restatements"]
        assert [(each["load_id"], each["billed_cost_change"]) for each in listed] == [(5, "3"), (3, "1")]
        assert client.get("/api/v1/restatements.csv").text.splitlines()[1].startswith("2026-04-01,5,aws,")
        card = restatements_card(session, operator())
        (table,) = [each for each in card._traverse() if getattr(each, "id", None) == "table-restatements"]
        assert next((row["href"], row["billed"]) for row in table.rowData) == ("/health/loads/5", "3")
