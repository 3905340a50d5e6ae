"""The bills of a small company, with sums to check in one's head, and costs with more digits than a float holds."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine

from app.actions.policy import apply_policy
from app.actions.sources import add_source
from app.db.session import write_session
from app.domain.viewer import operator
from app.settings import Settings
from ingest.pipeline import ingest_files
from tests.ingest.bills import Row, focus_row, write_csv

POLICY = """
name: Small company
statement_metric: effective_cost
teams:
  - {id: search, name: Search, cost_center: CC-1}
  - {id: speech, name: Speech, cost_center: CC-2}
pools:
  - {id: network, name: Network, split: even, among: [search, speech]}
rules:
  - {name: By tag, when: {tag: team, present: true}, team_from_tag: team}
  - {name: Network, when: {column: service_name, equals: VPC}, pool: network}
"""
# Search in March: 31 days of its machine, and half of the network's 62.
MACHINE_A_DAY = "10.000000000000000001"
SEARCH_MACHINE = "310.000000000000000031"
SEARCH_MARCH = "341.000000000000000031"
MARCH = "464.000000000000000031"


def seed(bound: Engine, config: Settings, folder: Path) -> None:
    """Ingests the company's bills of February and March 2026 and puts its policy in force."""
    with write_session(bound) as session:
        add_source(session, operator(), kind="focus", name="cloud", config={})
    ingest_files(bound, config, "cloud", [write_csv(folder / "cloud.csv", list(_rows()))])
    with write_session(bound) as session:
        apply_policy(session, operator(), POLICY)


def restate(bound: Engine, config: Settings, folder: Path) -> None:
    """Ingests March's bill once more, with 1 more for search's machine on the last day."""
    rows = [row for row in _rows() if str(row["ChargePeriodStart"]).startswith("2026-03")]
    late = focus_row("1", day="2026-03-31", ResourceId="i-search", Tags='{"team": "search"}')
    ingest_files(bound, config, "cloud", [write_csv(folder / "restated.csv", [*rows, late])])


def _rows() -> Iterator[Row]:
    for month, days in (("2026-02", 28), ("2026-03", 31)):
        for number in range(1, days + 1):
            yield from _day(f"{month}-{number:02}")


def _day(day: str) -> Iterator[Row]:
    yield focus_row(MACHINE_A_DAY, day=day, ResourceId="i-search", Tags='{"team": "search"}')
    yield focus_row("2", day=day, ResourceId="i-speech", Tags='{"team": "speech"}')
    yield focus_row("2", day=day, ResourceId="vpc", ServiceName="VPC", ServiceCategory="Networking", Tags="{}")
    if day == "2026-03-31":
        yield focus_row("30", day=day, ResourceId="i-nobody", Tags="{}")
