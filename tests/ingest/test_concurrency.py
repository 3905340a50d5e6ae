"""Two at once: of one source only one gets in; two sources of one month both count."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from threading import Barrier, Event

import pytest

from app.errors import Conflict
from ingest.pipeline import Outcome
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

pytestmark = pytest.mark.slow

PATIENCE = 30  # seconds

POLICY = """
name: by service
teams: [{id: search}, {id: speech}]
pools: [{id: platform, split: proportional}]
rules:
  - {name: Search, when: {column: ServiceName, equals: Amazon EC2}, team: search}
  - {name: Speech, when: {column: ServiceName, equals: Amazon S3}, team: speech}
  - {name: Shared, pool: platform}
"""


def at_stage(stage: str, action: Callable[[], object]) -> Callable[[str, int], None]:
    """Progress that does something when a stage is reached."""

    def progress(reached: str, _done: int) -> None:
        if reached == stage:
            action()

    return progress


@pytest.fixture
def pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=4)


@pytest.mark.parametrize("stage", ["read", "post"])
def test_a_second_ingest_of_a_source_is_turned_away_while_the_first_runs(
    trueup: Trueup, tmp_path: Path, pool: ThreadPoolExecutor, stage: str
) -> None:
    trueup.ingest(write_csv(tmp_path / "old.csv", [focus_row("1")]))
    reached, go_on = Event(), Event()

    def wait() -> None:
        reached.set()
        assert go_on.wait(PATIENCE)

    first = pool.submit(
        trueup.ingest, write_csv(tmp_path / "first.csv", [focus_row("2")]), progress=at_stage(stage, wait)
    )
    assert reached.wait(PATIENCE)
    with pytest.raises(Conflict, match=r"Another ingest of 'aws' is running\. Wait until it is done"):
        trueup.ingest(write_csv(tmp_path / "second.csv", [focus_row("4")]))
    assert trueup.total() == 1  # readers see the old figures meanwhile
    go_on.set()
    first.result(PATIENCE)
    assert trueup.total() == 2
    trueup.ingest(tmp_path / "second.csv")
    assert trueup.total() == 4
    assert [state for state, _ in trueup.deliveries()] == ["loaded"] * 3


def test_of_two_that_start_together_one_wins(trueup: Trueup, tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    trueup.ingest(write_csv(tmp_path / "old.csv", [focus_row("1")]))
    start = Barrier(2)

    def run(cost: str) -> Outcome:
        file = write_csv(tmp_path / f"{cost}.csv", [focus_row(cost)])
        start.wait(PATIENCE)
        return trueup.ingest(file, progress=at_stage("hash", lambda: None))

    runs = {cost: pool.submit(run, cost) for cost in ("2", "4")}
    won = [cost for cost, done in runs.items() if not isinstance(done.exception(PATIENCE), Conflict)]
    assert won  # both, when one was done before the other had begun
    assert trueup.total() in {Decimal(cost) for cost in won}
    assert len(trueup.live()) == 1


def test_two_sources_of_one_month_at_once_both_count(trueup: Trueup, tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    trueup.policy(POLICY)
    together = Barrier(3)
    costs = {"aws": "1", "gcp": "2", "azure": "4"}

    def run(source: str, cost: str) -> Outcome:
        rows = [
            focus_row(cost),  # the same charge key in every source
            focus_row("8", ServiceName="Amazon S3", ResourceId=source),
            focus_row("16", ServiceName="Support"),
        ]
        file = write_csv(tmp_path / f"{source}.csv", rows)
        meeting = at_stage("read", lambda: together.wait(PATIENCE))
        return trueup.ingest(file, source=source, allow_overlap=True, progress=meeting)

    runs: list[Future[Outcome]] = [pool.submit(run, source, cost) for source, cost in costs.items()]
    for each in runs:
        each.result(PATIENCE)
    assert trueup.live() == [("2026-03", 3)] * 3
    assert trueup.total() == 7 + 24 + 48
    # Direct cost is 7 and 24, so the pool of 48 goes by 7/31 and 24/31; shares are exact factors of 12 digits.
    by_team = trueup.costs("team")["USD"]
    assert trueup.costs("team", "tag:x")["USD"] == {(team, None): amount for team, amount in by_team.items()}
    assert sum(amount or Decimal(0) for amount in by_team.values()) == 79
    assert round(by_team["search"] or 0, 9) == round(7 + Decimal(48) * 7 / 31, 9)
    assert trueup.lines().totals == {"USD": 79}
    roll_ups = {
        table: trueup.scalar(f"SELECT sum(billed_cost) FROM {table}")
        for table in ("daily_cost", "monthly_cost", "monthly_resource_cost")
    }
    assert set(roll_ups.values()) == {Decimal(79)}
    assert trueup.scalar("SELECT count(*) FROM charge_key") == 5


def test_a_policy_applied_in_the_middle_of_an_ingest_covers_its_keys(
    trueup: Trueup, tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    applied = Event()

    def apply() -> None:
        pool.submit(trueup.policy, POLICY).result(PATIENCE)
        applied.set()

    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("3")]), progress=at_stage("copy", apply))
    assert applied.is_set()
    assert trueup.costs("team") == {"USD": {"search": 3}}
    assert trueup.costs("team", "tag:x") == {"USD": {("search", None): 3}}
