"""Cost Explorer is asked for each month as seldom as can be, and what it says becomes FOCUS rows that add up."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.domain.charge import Metric
from app.errors import BadInput, NotPermitted, Unavailable
from app.settings import settings as trueup_settings
from ingest.aws.cost_explorer import KIND, ExplorerSettings, check_explorer, explorer_offers
from ingest.aws.explorer_pages import Explorer
from ingest.aws.session import AwsSettings, connect
from ingest.engine.duckdb import rows_of
from ingest.kind import Offer, Window
from ingest.pipeline import no_progress
from tests.ingest.aws.conftest import Moto, Opener, Runner
from tests.ingest.aws.fakes import Answer, answering
from tests.trueup import Trueup

pytestmark = pytest.mark.slow

GROUPS = [{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "DIMENSION", "Key": "LINKED_ACCOUNT"}]
Cost = tuple[str, str, str, str]  # service, account, unblended, amortized
EC2, S3 = "Amazon Elastic Compute Cloud - Compute", "Amazon Simple Storage Service"


def day(when: str, *costs: Cost, estimated: bool = False) -> dict[str, Any]:
    following = date.fromordinal(date.fromisoformat(when).toordinal() + 1)
    return {
        "TimePeriod": {"Start": when, "End": str(following)},
        "Total": {},
        "Estimated": estimated,
        "Groups": [
            {
                "Keys": [service, account],
                "Metrics": {
                    "UnblendedCost": {"Amount": unblended, "Unit": "USD"},
                    "AmortizedCost": {"Amount": amortized, "Unit": "USD"},
                    "UsageQuantity": {"Amount": "24", "Unit": "Hrs" if service == EC2 else "N/A"},
                },
            }
            for service, account, unblended, amortized in costs
        ],
    }


def page(*days: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    names = [{"Value": "111111111111", "Attributes": {"description": "search"}}]
    more = {"NextPageToken": token} if token else {}
    return {"GroupDefinitions": GROUPS, "ResultsByTime": list(days), "DimensionValueAttributes": names, **more}


FIRST = page(
    day("2026-06-01", (EC2, "111111111111", "2.4192", "1.5"), (S3, "222222222222", "0.575", "0.575")), token="t-2"
)
SECOND = page(
    day("2026-06-02", (EC2, "111111111111", "-0.0000000001", "0.9191999999"), ("Tax", "111111111111", "1", "1"))
)
JUNE_BILLED = Decimal("3.9941999999")


def offers(today: str, start: str = "2026-06-01", **told: Any) -> list[Offer]:
    window = Window(date.fromisoformat(start), date(2026, 9, 1), date.fromisoformat(today))
    return list(explorer_offers(ExplorerSettings(**told), window))


def write(folder: Path, **pages: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in pages.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    (folder / "account.json").write_text('{"billing_account_id": "999999999999"}')
    return folder


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Trueup's data folder, where the cache lies."""
    monkeypatch.setenv("TRUEUP_DATA_DIR", str(tmp_path / "data"))
    trueup_settings.cache_clear()
    yield tmp_path / "data"
    trueup_settings.cache_clear()


# How often it is asked


def test_a_month_is_offered_once_a_day_until_its_bill_is_settled() -> None:
    assert [(o.scope, o.version) for o in offers("2026-07-03")] == [
        ("2026-06", "2026-07-03"),
        ("2026-07", "2026-07-03"),
    ]
    assert [(o.scope, o.version) for o in offers("2026-07-16")] == [("2026-06", "settled"), ("2026-07", "2026-07-16")]


def test_a_running_month_may_be_asked_for_more_seldom() -> None:
    versions = [offers(f"2026-06-{number:02}", refresh_days=7)[0].version for number in range(1, 29)]
    assert len(set(versions)) in {4, 5}
    assert all(version <= f"2026-06-{number:02}" for number, version in enumerate(versions, 1))


def test_each_page_is_paid_for_once(moto: Moto, data_dir: Path, tmp_path: Path) -> None:
    moto.will_cost(FIRST, SECOND)
    for number, name in enumerate(("one", "two")):
        if number:
            moto.will_cost(page(day("2026-06-01", (EC2, "111111111111", "777", "777"))))
        folder = tmp_path / name
        folder.mkdir()
        offers("2026-08-01", endpoint_url=moto.url)[0].fetch(folder, no_progress)
        written = {each.name: each.read_bytes() for each in folder.iterdir()}
        assert sorted(written) == ["2026-06-page-0001.json", "2026-06-page-0002.json", "account.json"]
        assert json.loads(written["2026-06-page-0001.json"])["NextPageToken"] == "t-2"
        assert b"777" not in b"".join(written.values())
    assert len(list(data_dir.rglob("page-*.json"))) == 2


def test_a_pull_that_broke_off_goes_on_at_the_page_it_lacks(credentials: None, impatient: None, tmp_path: Path) -> None:
    busy = Answer(b'{"__type": "LimitExceededException", "message": "Rate exceeded"}', 400)
    first, second = (Answer(json.dumps(each).encode()) for each in (FIRST, SECOND))
    with answering(first, busy) as ce:
        explorer = Explorer(connect(AwsSettings(endpoint_url=ce.url)).client("ce"), tmp_path, "1")
        with pytest.raises(Unavailable, match=r"LimitExceededException.*later"):
            explorer.month(date(2026, 6, 1), "settled", no_progress)
        assert len(ce.asked) == 1 + 6
    with answering(second) as ce:
        explorer = Explorer(connect(AwsSettings(endpoint_url=ce.url)).client("ce"), tmp_path, "1")
        assert explorer.month(date(2026, 6, 1), "settled", no_progress) == [first.body, second.body]
        (asked,) = ce.asked
    assert json.loads(asked.body) == {
        "TimePeriod": {"Start": "2026-06-01", "End": "2026-07-01"},
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost", "AmortizedCost", "UsageQuantity"],
        "GroupBy": GROUPS,
        "NextPageToken": "t-2",
    }


def test_a_token_that_is_too_old_begins_the_month_again(credentials: None, tmp_path: Path) -> None:
    old = Answer(b'{"__type": "InvalidNextTokenException", "message": "too old"}', 400)
    first, second = (Answer(json.dumps(each).encode()) for each in (FIRST, SECOND))
    with answering(first, old, first, second) as ce:
        explorer = Explorer(connect(AwsSettings(endpoint_url=ce.url)).client("ce"), tmp_path, "1")
        assert explorer.month(date(2026, 6, 1), "settled", no_progress) == [first.body, second.body]


def test_answers_of_an_earlier_day_are_dropped(credentials: None, tmp_path: Path) -> None:
    with answering(Answer(json.dumps(SECOND).encode())) as ce:
        explorer = Explorer(connect(AwsSettings(endpoint_url=ce.url)).client("ce"), tmp_path, "1")
        for as_of in ("2026-06-02", "2026-06-03", "2026-06-03"):
            explorer.month(date(2026, 6, 1), as_of, no_progress)
        assert len(ce.asked) == 2
    assert [each.parent.name for each in tmp_path.rglob("page-*.json")] == ["2026-06-03"]


def test_a_denial_names_the_permission(credentials: None, tmp_path: Path) -> None:
    denied = Answer(b'{"__type": "AccessDeniedException", "message": "User not enabled for cost explorer access"}', 400)
    with answering(denied) as ce:
        explorer = Explorer(connect(AwsSettings(endpoint_url=ce.url)).client("ce"), tmp_path, "1")
        with pytest.raises(NotPermitted, match=r"permission ce:GetCostAndUsage is missing.*enable Cost Explorer"):
            explorer.month(date(2026, 6, 1), "settled", no_progress)


# Whose bill it is


def test_the_payer_is_what_the_organization_says_or_the_settings_or_oneself(
    moto: Moto, data_dir: Path, tmp_path: Path
) -> None:
    moto.will_cost(SECOND)

    def payer(name: str, **told: Any) -> str:
        folder = tmp_path / name
        folder.mkdir()
        offers("2026-08-01", endpoint_url=moto.url, **told)[0].fetch(folder, no_progress)
        return str(json.loads((folder / "account.json").read_text())["billing_account_id"])

    assert payer("alone") == "123456789012"
    assert payer("told", billing_account_id="999999999999") == "999999999999"
    organization = moto.client("organizations").create_organization(FeatureSet="ALL")["Organization"]
    assert payer("organized") == organization["MasterAccountId"]


# What it becomes


def test_pages_become_focus_rows(tmp_path: Path, opened: Opener) -> None:
    found = opened(KIND, write(tmp_path / "pages", one=FIRST, two=SECOND))
    rows = sorted(rows_of(found.focus), key=lambda row: (row["ChargePeriodStart"], row["BilledCost"]))
    assert found.version == "Cost Explorer"
    assert [(row["ServiceName"], row["BilledCost"], row["EffectiveCost"], row["ChargeCategory"]) for row in rows] == [
        (S3, "0.575", "0.575", "Usage"),
        (EC2, "2.4192", "1.5", "Usage"),
        (EC2, "-0.0000000001", "0.9191999999", "Usage"),
        ("Tax", "1", "1", "Tax"),
    ]
    ec2 = rows[1]
    assert (ec2["BillingAccountId"], ec2["SubAccountId"], ec2["SubAccountName"]) == (
        "999999999999",
        "111111111111",
        "search",
    )
    assert (ec2["ChargePeriodStart"], ec2["ChargePeriodEnd"]) == ("2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z")
    assert (ec2["BillingPeriodStart"], ec2["BillingPeriodEnd"]) == ("2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z")
    assert (ec2["ConsumedQuantity"], ec2["ConsumedUnit"], ec2["ServiceCategory"]) == ("24", "Hrs", "Compute")
    assert rows[0]["ConsumedQuantity"] is None  # of what adds up different units
    assert ec2["ListCost"] is None  # Cost Explorer does not know it


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"GroupDefinitions": GROUPS}, "p.json is no answer of GetCostAndUsage"),
        ({**SECOND, "GroupDefinitions": GROUPS[:1]}, "p.json is grouped by SERVICE. Ask"),
        (page(day("2026-06-01", (EC2, "1", "1", "1")) | {"TimePeriod": {"Start": "June"}}), "p.json, .*June"),
    ],
    ids=["no days", "grouped otherwise", "no date"],
)
def test_a_page_that_cannot_be_used_is_named(
    tmp_path: Path, opened: Opener, content: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(BadInput, match=complaint):
        opened(KIND, write(tmp_path / "pages", p=content))


def test_a_day_that_comes_twice_would_count_twice(tmp_path: Path, opened: Opener) -> None:
    again = {**SECOND, "ResultsByTime": [SECOND["ResultsByTime"][0] | {"Estimated": True}]}
    with pytest.raises(BadInput, match=r"b.json and a.json both have 2026-06-02 of .*Compute in account 111111111111"):
        opened(KIND, write(tmp_path / "pages", a=SECOND, b=again))


def test_pages_without_an_account_ask_for_it(tmp_path: Path, opened: Opener) -> None:
    folder = write(tmp_path / "pages", one=SECOND)
    (folder / "account.json").unlink()
    with pytest.raises(BadInput, match="--billing-account-id"):
        opened(KIND, folder)
    assert rows_of(opened(KIND, folder, billing_account_id="7").focus)[0]["BillingAccountId"] == "7"


def test_a_run_books_the_month_and_the_next_run_asks_nothing(
    moto: Moto, run: Runner, trueup: Trueup, data_dir: Path
) -> None:
    moto.will_cost(FIRST, SECOND)
    (outcome,) = run("aws-cost-explorer", date(2026, 6, 1), endpoint_url=moto.url).outcomes
    assert (outcome.rows_in, outcome.rows_quarantined) == (4, 0)
    assert trueup.total() == JUNE_BILLED
    assert trueup.total(Metric.EFFECTIVE) == JUNE_BILLED
    version = trueup.version()
    assert [each.unchanged for each in run("aws-cost-explorer", date(2026, 6, 1)).outcomes] == [True]
    assert trueup.version() == version


# What `trueup doctor` says


def test_a_check_costs_nothing_unless_it_is_told_to(moto: Moto) -> None:
    free = list(check_explorer(ExplorerSettings(endpoint_url=moto.url, billing_account_id="9")))
    assert [each.ok for each in free] == [True, True, True]
    assert "not tried, because a request costs USD 0.01" in free[-1].message
    paid = list(check_explorer(ExplorerSettings(endpoint_url=moto.url, billing_account_id="9", probe=True)))
    assert paid[-1].message == "ce:GetCostAndUsage: answered (USD 0.01)"


def test_a_check_says_when_nobody_knows_who_pays(moto: Moto) -> None:
    payer = list(check_explorer(ExplorerSettings(endpoint_url=moto.url)))[1]
    assert not payer.ok
    assert "organizations:DescribeOrganization" in payer.message
