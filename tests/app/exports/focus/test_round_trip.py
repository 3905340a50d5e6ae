"""What Trueup writes as FOCUS, Trueup reads as FOCUS: the same cost, by service, by day and by team."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from app.db.session import make_engine
from app.domain.charge import Axis, Metric
from app.domain.focus import FocusVersion
from app.reports.cost_query import Granularity
from app.settings import Settings
from tests.app.exports.focus.conftest import Exports
from tests.conftest import copied_database
from tests.ingest.bills import Row, focus_row, write_csv
from tests.trueup import Amounts, Trueup

pytestmark = pytest.mark.slow

TEAMS = ("search", "speech", "data")
POLICY = """
name: house rules
teams: [{id: search}, {id: speech}, {id: data}]
pools:
  - {id: platform, name: Platform, split: proportional}
  - {id: network, name: Network, split: fixed, weights: {search: 3, data: 4}}
rules:
  - {name: Tagged, when: {tag: team, present: true}, team_from_tag: team}
  - {name: Network, when: {column: service_name, equals: VPC}, pool: network}
  - {name: Platform, when: {column: service_name, equals: EKS}, pool: platform}
"""
READ_BACK = "name: as exported\nteams: [{id: search}, {id: speech}, {id: data}]\nrules:\n" + "".join(
    f"  - {{name: {team}, when: {{column: x_TeamId, equals: {team}}}, team: {team}}}\n" for team in TEAMS
)


def bill() -> Iterator[Row]:
    """Two days of two currencies: usage, a credit, a refund of February, costs with long fractions."""
    for day in ("2026-03-02", "2026-03-03"):
        for currency, factor in (("USD", "1"), ("EUR", "7")):
            of_account = {"BillingCurrency": currency, "BillingAccountId": currency}
            for team in TEAMS:
                cost = f"{len(team)}.{factor}000000000001"
                yield focus_row(cost, day=day, Tags=f'{{"team": "{team}"}}', ListCost=f"{factor}0", **of_account)
            yield focus_row(f"0.{factor}00000000000000001", day=day, ServiceName="VPC", **of_account)
            yield focus_row(f"-{factor}.01", day=day, ServiceName="EKS", ChargeCategory="Credit", **of_account)
            yield focus_row("100", day=day, ServiceName="EKS", BilledCost="0", **of_account)
            yield focus_row("1.23", day=day, ServiceName="Glacier", ServiceCategory="Storage", **of_account)
    old = {"ChargePeriodStart": "2026-02-10T00:00:00Z", "ChargePeriodEnd": "2026-02-11T00:00:00Z"}
    yield focus_row("-3.33", ServiceName="EKS", ChargeClass="Correction", **old)


@pytest.fixture
def elsewhere(admin_url: str, worker_template: str, tmp_path: Path) -> Iterator[Trueup]:
    """Another Trueup, with nothing in it."""
    for url in copied_database(admin_url, worker_template):
        engine = make_engine(url)
        yield Trueup(engine, Settings(database_url=url, data_dir=tmp_path / "elsewhere", threads=2))
        engine.dispose()


def figures(trueup: Trueup) -> Mapping[tuple[str, Metric], dict[str, Amounts]]:
    """Every cost by service and day of use, and by team and billing period."""
    by_day = {"axis": Axis.CHARGE, "granularity": Granularity.DAY}
    return {
        (what, metric): trueup.costs(*group, metric=metric, **how)  # type: ignore[arg-type]
        for metric in Metric
        for what, group, how in (
            ("service and day", ("service_name",), by_day),
            ("team", ("team",), {}),
            ("team, service and day", ("team", "service_name"), by_day),
        )
    }


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("version", FocusVersion)
def test_an_export_is_read_again_without_a_loss(  # noqa: PLR0917  (fixtures, and what it is run for)
    trueup: Trueup, exports: Exports, elsewhere: Trueup, tmp_path: Path, ending: str, version: FocusVersion
) -> None:
    trueup.policy(POLICY)
    trueup.ingest(write_csv(tmp_path / "bill.csv", list(bill())))
    settings = {"key_extras": ["x_TeamId"]}
    outcome = elsewhere.ingest(exports.file(ending, version), source="allocated", settings=settings)
    elsewhere.policy(READ_BACK)
    assert (outcome.rows_quarantined, outcome.format_version) == (0, f"FOCUS {version}")
    found = figures(elsewhere)
    assert found == figures(trueup)
    assert len(found["team", Metric.EFFECTIVE]["EUR"]) == 4  # the teams, and what nobody owes
