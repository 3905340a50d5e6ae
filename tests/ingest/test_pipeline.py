"""The one way in: the same bytes change nothing, changed bytes replace, and what that moved is on record."""

from decimal import Decimal
from pathlib import Path

import pytest

from app.db.tables.bills import Load
from app.domain.charge import Axis, Metric
from app.errors import Conflict
from app.reports.cost_query import Granularity
from ingest.booking import CountedTwice
from tests.ingest.bills import Row, focus_row, write_csv
from tests.trueup import Trueup

POLICY = """
name: by service
teams: [{id: search}, {id: speech}]
pools: [{id: platform, split: even}]
rules:
  - {name: Search, when: {column: ServiceName, equals: Amazon EC2}, team: search}
  - {name: Speech, when: {column: ServiceName, equals: Amazon S3}, team: speech}
  - {name: Shared, when: {column: ServiceName, equals: AWS Support}, pool: platform}
"""


def bill(folder: Path, name: str, **costs: str) -> Path:
    """A bill of March 2026 with a line for each service."""
    names = {"ec2": "Amazon EC2", "s3": "Amazon S3", "support": "AWS Support", "other": "Other"}
    rows = [focus_row(cost, ServiceName=names[service]) for service, cost in costs.items()]
    return write_csv(folder / name, rows)


def test_the_same_bytes_again_change_nothing_whatever_they_are_called(trueup: Trueup, tmp_path: Path) -> None:
    first = trueup.ingest(bill(tmp_path, "a.csv", ec2="1"))
    before, archived = trueup.figures(), sorted(trueup.config.archive_dir.rglob("*"))
    for name in ("a.csv", "renamed.csv"):
        again = trueup.ingest(bill(tmp_path, name, ec2="1"))
        assert (again.unchanged, again.sha256, again.loads) == (True, first.sha256, ())
    assert trueup.figures() == before
    assert trueup.deliveries() == [("loaded", None)]
    assert sorted(trueup.config.archive_dir.rglob("*")) == archived


def test_the_same_files_in_another_folder_and_order_are_the_same_bytes(trueup: Trueup, tmp_path: Path) -> None:
    one, two = bill(tmp_path, "1.csv", ec2="1"), bill(tmp_path, "2.csv", ec2="2")
    trueup.ingest(one, two)
    assert trueup.ingest(two, one).unchanged
    assert trueup.ingest(bill(tmp_path / "x", "b.csv", ec2="1"), bill(tmp_path / "x", "a.csv", ec2="2")).unchanged
    assert trueup.total() == 3


def test_an_account_that_another_source_bills_in_the_same_month_is_refused_until_it_is_allowed(
    trueup: Trueup, tmp_path: Path
) -> None:
    trueup.ingest(bill(tmp_path, "a.csv", ec2="1"), source="aws")
    other = bill(tmp_path, "b.csv", s3="2")
    with pytest.raises(CountedTwice, match=r"The source aws bills account 1000 in 2026-03 already"):
        trueup.ingest(other, source="aws-2")
    assert trueup.total() == 1
    assert not trueup.ingest(other, source="aws-2", allow_overlap=True).unchanged
    assert trueup.total() == 3


def test_changed_bytes_replace_and_what_they_moved_is_on_record(trueup: Trueup, tmp_path: Path) -> None:
    trueup.policy(POLICY)
    trueup.ingest(bill(tmp_path, "a.csv", ec2="10", s3="5", support="2", other="1"))
    outcome = trueup.ingest(bill(tmp_path, "b.csv", ec2="12.5", s3="5", support="1"))
    (load,) = outcome.loads
    assert load.replaced is not None
    assert load.differences == 3
    assert trueup.differences(load.load_id) == [
        ("search", "Amazon EC2", Decimal(10), Decimal("12.5")),
        ("platform", "AWS Support", Decimal(2), Decimal(1)),
        (None, "Other", Decimal(1), Decimal(0)),
    ]
    assert trueup.costs("team") == {"USD": {"search": 13, "speech": Decimal("5.5")}}
    assert trueup.lines().totals == {"USD": Decimal("18.5")}
    old, new = trueup.all(Load)
    assert (old.state, old.superseded_by, new.state) == ("superseded", new.id, "live")
    assert old.superseded_at is not None


def test_a_restatement_before_there_is_a_policy_is_on_record_too(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(bill(tmp_path, "a.csv", ec2="10"))
    (load,) = trueup.ingest(bill(tmp_path, "b.csv", ec2="7")).loads
    assert trueup.differences(load.load_id) == [(None, "Amazon EC2", Decimal(10), Decimal(7))]


def test_a_restatement_that_moves_no_cost_has_no_difference(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(bill(tmp_path, "a.csv", ec2="10"))
    (load,) = trueup.ingest(bill(tmp_path, "b.csv", ec2="10.00")).loads
    assert (load.replaced is None, load.differences) == (False, 0)


def test_going_back_to_the_first_bytes_restores_the_first_figures(trueup: Trueup, tmp_path: Path) -> None:
    trueup.policy(POLICY)
    first = bill(tmp_path, "a.csv", ec2="10", support="4")
    trueup.ingest(first)
    before = trueup.figures()
    trueup.ingest(bill(tmp_path, "b.csv", ec2="99", s3="1"))
    back = trueup.ingest(first)
    assert not back.unchanged
    after = trueup.figures()
    assert {name: after[name] for name in ("live", "billed", "effective")} == {
        name: before[name] for name in ("live", "billed", "effective")
    }
    assert trueup.lines().totals == {"USD": 14}
    assert trueup.ingest(first).unchanged
    assert [load.state for load in trueup.all(Load)] == ["superseded", "superseded", "live"]


def test_a_delivery_may_span_months_and_a_later_one_replaces_only_its_own(trueup: Trueup, tmp_path: Path) -> None:
    both = [focus_row("1", day="2026-02-10"), focus_row("2", day="2026-03-10")]
    file = write_csv(tmp_path / "both.csv", both)
    outcome = trueup.ingest(file)
    assert [f"{load.period:%Y-%m}" for load in outcome.loads] == ["2026-02", "2026-03"]
    trueup.ingest(write_csv(tmp_path / "march.csv", [focus_row("4", day="2026-03-10")]))
    assert trueup.costs(granularity=Granularity.MONTH) == {"USD": {"2026-02-01": 1, "2026-03-01": 4}}
    # Only its February is still live, so the first delivery has something to say again.
    assert not trueup.ingest(file).unchanged
    assert trueup.costs(granularity=Granularity.MONTH) == {"USD": {"2026-02-01": 1, "2026-03-01": 2}}
    assert trueup.lines().totals == {"USD": 3}


def test_another_billing_account_is_refused_unless_it_is_meant(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "a.csv", [focus_row("1", BillingAccountId="1000")]))
    other = write_csv(tmp_path / "b.csv", [focus_row("2", BillingAccountId="2000")])
    before = trueup.figures()
    with pytest.raises(
        Conflict, match=r"2026-03 holds billing account 1000, which this delivery lacks \(it holds 2000"
    ):
        trueup.ingest(other)
    assert trueup.figures() == before
    assert [state for state, _ in trueup.deliveries()] == ["loaded", "refused"]
    trueup.ingest(other, replace_accounts=True)
    assert trueup.total() == 2


def test_a_further_billing_account_is_welcome(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "a.csv", [focus_row("1", BillingAccountId="1000")]))
    rows = [focus_row("1", BillingAccountId="1000"), focus_row("2", BillingAccountId="2000")]
    trueup.ingest(write_csv(tmp_path / "b.csv", rows))
    assert trueup.total() == 3


def test_an_account_refused_in_one_month_keeps_the_others_out_too(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "a.csv", [focus_row("1", day="2026-03-01", BillingAccountId="1000")]))
    rows = [focus_row("2", day=day, BillingAccountId="2000") for day in ("2026-02-01", "2026-03-01")]
    with pytest.raises(Conflict):
        trueup.ingest(write_csv(tmp_path / "b.csv", rows))
    assert trueup.live() == [("2026-03", 1)]
    assert trueup.total() == 1


def test_two_sources_in_one_month_both_count(trueup: Trueup, tmp_path: Path) -> None:
    trueup.policy(POLICY)
    trueup.ingest(bill(tmp_path, "a.csv", ec2="1", s3="2"), source="aws")
    trueup.ingest(bill(tmp_path, "g.csv", ec2="4", support="8"), source="gcp", allow_overlap=True)
    assert trueup.costs("team") == {"USD": {"search": 9, "speech": 6}}
    trueup.ingest(bill(tmp_path, "a2.csv", ec2="16"), source="aws")
    assert trueup.costs("team") == {"USD": {"search": 24, "speech": 4}}
    assert trueup.costs("team", "tag:x") == {"USD": {("search", None): 24, ("speech", None): 4}}
    assert {item.source for item in trueup.lines().items} == {"aws", "gcp"}


def test_a_row_twice_in_a_file_counts_twice(trueup: Trueup, tmp_path: Path) -> None:
    row: Row = focus_row("1.5")
    trueup.ingest(write_csv(tmp_path / "a.csv", [row, row]))
    assert trueup.total() == 3
    assert trueup.lines().total_rows == 2


def test_every_door_of_the_figures_agrees_on_each_metric_and_axis(trueup: Trueup, tmp_path: Path) -> None:
    costs = {"BilledCost": "1", "EffectiveCost": "0.7", "ListCost": "2", "ContractedCost": "1.5"}
    trueup.ingest(write_csv(tmp_path / "a.csv", [focus_row("0") | costs, focus_row("0", day="2026-03-09") | costs]))
    expected = {Metric.BILLED: "2", Metric.EFFECTIVE: "1.4", Metric.LIST: "4", Metric.CONTRACTED: "3"}
    for metric, amount in expected.items():
        for axis in Axis:
            assert trueup.total(metric, axis=axis) == Decimal(amount)
            assert trueup.lines(metric=metric, axis=axis).totals == {"USD": Decimal(amount)}


def test_every_change_of_figures_moves_the_version_of_the_dataset(trueup: Trueup, tmp_path: Path) -> None:
    versions = [trueup.version()]
    for cost in ("1", "2"):
        trueup.ingest(bill(tmp_path, "a.csv", ec2=cost))
        versions.append(trueup.version())
    trueup.policy(POLICY)
    versions.append(trueup.version())
    assert versions == sorted(set(versions))


def test_an_ingest_is_audited_and_a_repeated_one_is_not(trueup: Trueup, tmp_path: Path) -> None:
    for _ in range(2):
        trueup.ingest(bill(tmp_path, "a.csv", ec2="1"))
    actions = trueup.scalar("SELECT array_agg(action || ' ' || target ORDER BY id) FROM audit_entry")
    assert actions == ["source.add aws", "ingest aws"]
    assert trueup.scalar("SELECT details -> 'rows' FROM audit_entry WHERE action = 'ingest'") == 1


def test_nothing_is_left_in_the_temporary_folder(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "a.csv.gz", [focus_row("1")]))
    assert list(trueup.config.temp_dir.iterdir()) == []


def test_stages_are_reported_as_they_go(trueup: Trueup, tmp_path: Path) -> None:
    said: list[tuple[str, int]] = []
    file = bill(tmp_path, "a.csv", ec2="1", s3="2")
    trueup.ingest(file, progress=lambda stage, done: said.append((stage, done)))
    assert said == [
        ("hash", file.stat().st_size),
        ("stage", 2),
        ("read", 2),
        ("keys", 2),
        ("copy", 2),
        ("post", 1),
        ("live", 1),
        ("rules", said[-1][1]),  # as many as the bill breaks
    ]
