"""The export pulled out of a BigQuery that runs the SQL: months, late rows, and what keeps us from it."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import requests
from google.auth import exceptions as auth
from google.cloud import bigquery
from google.cloud.billing_v1 import types

from app.actions.ingest import Run, run_source
from app.actions.sources import add_source
from app.db.session import write_session
from app.domain.charge import Metric
from app.domain.viewer import operator
from app.errors import BadInput, NotFound, NotPermitted, TrueupError, Unavailable
from app.reports.cost_query import Granularity
from ingest.gcp import export_table
from ingest.gcp.pull import check, offers
from ingest.gcp.settings import GcpSettings
from ingest.kind import Offer, Window
from tests.ingest.gcp.exports import ACCOUNT, DETAILED, STANDARD, Row, append, create_table, gcp_row
from tests.ingest.gcp.fake_billing import FakeBilling, sku
from tests.trueup import Trueup

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("bigquery")]

DETAILED_NAME = "gcp_billing_export_resource_v1_01A2B3_4C5D6E_7F8091"
WINDOW = Window(dt.date(2026, 5, 1), dt.date(2026, 8, 1), today=dt.date(2026, 7, 10))
MAY, JUNE = dt.date(2026, 5, 1), dt.date(2026, 6, 1)


@pytest.fixture
def table(big: bigquery.Client) -> str:
    """An empty detailed export."""
    return create_table(big, DETAILED_NAME)


@pytest.fixture
def told(bigquery_endpoint: str, table: str) -> GcpSettings:
    return GcpSettings(table=table, bigquery_endpoint=bigquery_endpoint)


def offered(settings: GcpSettings, window: Window = WINDOW) -> dict[str, Offer]:
    return {offer.scope: offer for offer in offers(settings, window)}


def fetched(offer: Offer, folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    return list(offer.fetch(folder, lambda *_: None))


def test_every_invoice_month_with_rows_is_an_offer(big: bigquery.Client, table: str, told: GcpSettings) -> None:
    append(big, table, [gcp_row(month=month) for month in ("202604", "202605", "202606", "202606", "202608")])
    found = offered(told)
    assert list(found) == ["invoice.month=202605", "invoice.month=202606"]
    assert [offer.version for offer in found.values()] == [
        "2026-05-02T15:00:00.000000Z 1",
        "2026-06-02T15:00:00.000000Z 2",
    ]


def test_a_late_row_moves_its_invoice_month_and_no_other(big: bigquery.Client, table: str, told: GcpSettings) -> None:
    append(big, table, [gcp_row(month="202605"), gcp_row(month="202606")])
    before = offered(told)
    assert {scope: offer.version for scope, offer in offered(told).items()} == {
        scope: offer.version for scope, offer in before.items()
    }
    late = gcp_row(
        month="202605",
        usage_start_time="2026-04-30 23:00:00",
        usage_end_time="2026-05-01 00:00:00",
        export_time="2026-06-04 02:00:00.123456",
    )
    append(big, table, [late])
    after = offered(told)
    assert after["invoice.month=202605"].version == "2026-06-04T02:00:00.123456Z 2"
    assert after["invoice.month=202606"].version == before["invoice.month=202606"].version


def test_a_row_appended_with_the_same_export_time_moves_the_month_too(
    big: bigquery.Client, table: str, told: GcpSettings
) -> None:
    append(big, table, [gcp_row()])
    before = offered(told)["invoice.month=202606"].version
    append(big, table, [gcp_row()])
    assert offered(told)["invoice.month=202606"].version != before


def test_a_month_is_fetched_in_pages_with_every_value_as_it_was(
    big: bigquery.Client, table: str, told: GcpSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [gcp_row(0.1 + 0.2, ("PROMOTION", -1e-7), price={"list_price": "0.123456789"})]
    append(big, table, [*rows, *[gcp_row(float(n)) for n in range(6)], gcp_row(month="202607")])
    monkeypatch.setattr(export_table, "PAGE_ROWS", 3)
    steps: list[int] = []
    offer = offered(told)["invoice.month=202606"]
    (file,) = offer.fetch(tmp_path, lambda _stage, done: steps.append(done))
    found = pq.read_table(file)
    assert file.name == "202606.parquet"
    assert steps == [3, 3, 1]
    assert set(found.column("cost").to_pylist()) == {0, 0.1 + 0.2, 1, 2, 3, 4, 5}
    (promoted,) = [row for row in found.to_pylist() if row["credits"]]
    assert promoted["credits"][0]["amount"] == -1e-7
    assert promoted["price"]["list_price"] == Decimal("0.123456789")
    assert found.schema.field("export_time").type.tz == "UTC"


def test_rows_that_arrive_between_looking_and_fetching_wait_for_the_next_run(
    big: bigquery.Client, table: str, told: GcpSettings, tmp_path: Path
) -> None:
    append(big, table, [gcp_row(1.0)])
    offer = offered(told)["invoice.month=202606"]
    append(big, table, [gcp_row(2.0, export_time="2026-06-03 00:00:00")])
    (file,) = fetched(offer, tmp_path)
    assert pq.read_table(file).column("cost").to_pylist() == [1.0]


def test_a_month_that_shrinks_while_it_is_read_is_not_taken(
    big: bigquery.Client, table: str, told: GcpSettings, tmp_path: Path
) -> None:
    append(big, table, [gcp_row(1.0), gcp_row(2.0)])
    offer = offered(told)["invoice.month=202606"]
    big.query_and_wait(f"DELETE FROM `{table}` WHERE cost = 2.0")
    with pytest.raises(Unavailable, match="had 2 rows and gave 1"):
        fetched(offer, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_google_s_own_sum_of_an_invoice_is_what_is_booked(
    big: bigquery.Client, table: str, bigquery_endpoint: str, trueup: Trueup
) -> None:
    append(
        big,
        table,
        [
            gcp_row(10.37, ("SUSTAINED_USAGE_DISCOUNT", -1.25), ("PROMOTION", -0.000001)),
            gcp_row(0.000123, ("PROMOTION", -0.0001), ("PROMOTION", -0.00001)),
            gcp_row(1.99, cost_type="tax"),
            gcp_row(-3.0, cost_type="adjustment", adjustment_info__id="a"),
            gcp_row(7.5, month="202605"),
        ],
    )
    outcome = run(trueup, table, bigquery_endpoint)
    assert (outcome.failures, len(outcome.outcomes)) == ((), 2)
    # Google's example query, which counts in micros so that its floats do not matter.
    invoices = big.query_and_wait(
        "SELECT invoice.month AS month, SUM(CAST(ROUND(cost * 1000000) AS INT64)) + SUM(IFNULL((SELECT"
        f" SUM(CAST(ROUND(c.amount * 1000000) AS INT64)) FROM UNNEST(credits) AS c), 0)) AS micros FROM `{table}`"
        " GROUP BY month"
    )
    billed = trueup.costs(granularity=Granularity.MONTH)["USD"]
    assert {month[:7].replace("-", ""): amount for month, amount in billed.items()} == {
        row["month"]: Decimal(row["micros"]) / 1_000_000 for row in invoices
    }
    assert trueup.total(Metric.EFFECTIVE) == trueup.total() == Decimal("15.610012")
    assert trueup.lines(limit=20).totals == {"USD": Decimal("15.610012")}  # read again out of the archive


def test_only_what_moved_is_fetched_again_and_leaves_a_record(
    big: bigquery.Client, table: str, bigquery_endpoint: str, trueup: Trueup
) -> None:
    append(big, table, [gcp_row(10.0, month="202605"), gcp_row(20.0, month="202606")])
    first = run(trueup, table, bigquery_endpoint)
    assert [each.unchanged for each in first.outcomes] == [False, False]
    before = trueup.figures()
    for month in MAY, JUNE:
        again = run(trueup, table, bigquery_endpoint, month=month)
        assert [each.unchanged for each in again.outcomes] == [True]
    assert trueup.figures() == before
    assert len(trueup.deliveries("gcp")) == 2

    correction = gcp_row(
        -4.0,
        month="202606",
        usage_start_time="2026-05-02 10:00:00",
        usage_end_time="2026-05-02 11:00:00",
        export_time="2026-06-20 00:00:00",
        adjustment_info={"id": "fix", "type": "USAGE_CORRECTION"},
    )
    append(big, table, [correction])
    assert [each.unchanged for each in run(trueup, table, bigquery_endpoint, month=MAY).outcomes] == [True]
    (moved,) = run(trueup, table, bigquery_endpoint, month=JUNE).outcomes
    assert trueup.costs(granularity=Granularity.MONTH)["USD"] == {"2026-05-01": 10, "2026-06-01": 16}
    (load,) = moved.loads
    assert trueup.differences(load.load_id) == [(None, "Compute Engine", Decimal(20), Decimal(16))]
    assert trueup.costs("charge_class")["USD"] == {None: 30, "Correction": -4}


def test_folders_and_tags_reach_the_policy(
    big: bigquery.Client, table: str, bigquery_endpoint: str, trueup: Trueup
) -> None:
    trueup.policy(
        "name: folders\nteams: [{id: research}]\nrules:\n"
        "  - {name: Research, when: {column: x_Folders, glob: 'acme.com/Research*'}, team: research}\n"
    )
    ancestors = [
        {"resource_name": "folders/1", "display_name": "Research"},
        {"resource_name": "organizations/9", "display_name": "acme.com"},
    ]
    append(big, table, [gcp_row(5.0, project__ancestors=ancestors), gcp_row(2.0)])
    run(trueup, table, bigquery_endpoint)
    assert trueup.costs("team")["USD"] == {"research": 5, None: 2}


def test_the_catalogue_fills_list_costs_and_names(
    big: bigquery.Client,
    table: str,
    bigquery_endpoint: str,
    trueup: Trueup,
    billing: tuple[FakeBilling, str],
) -> None:
    fake, endpoint = billing
    fake.skus["6F81-5844-456A"] = [
        sku("AAAA-0001", (0, 2, 500_000_000)),
        sku("TIERED", (0, 0, 0), (100, 3, 0)),
        sku("UNUSED", (0, 1, 0)),
    ]
    fake.account_names[ACCOUNT] = "Acme AI"
    fake.projects[ACCOUNT] = [
        types.ProjectBillingInfo(project_id="acme-search", billing_account_name=f"billingAccounts/{ACCOUNT}")
    ]
    unnamed: Row = {"project": {"id": "acme-search"}, "cost_at_list": None}
    tiered: Row = {**unnamed, "sku": {"id": "TIERED", "description": "By tiers"}, "usage__amount_in_pricing_units": 4.0}
    append(
        big,
        table,
        [
            gcp_row(1.0, **unnamed, usage__amount_in_pricing_units=0.3),  # 0.3 × 2.50
            gcp_row(1.0, **{**tiered, "price": {"tier_start_amount": "100"}}),  # 4 × 3
            gcp_row(1.0, **tiered),  # which tier, nobody says
            gcp_row(9.0, cost_at_list=10.0),
            gcp_row(1.0, **{**unnamed, "service": {"id": "MARKET", "description": "Weights Platform"}}),
        ],
    )
    outcome = run(trueup, table, bigquery_endpoint, catalog=True, billing_endpoint=endpoint)
    assert outcome.failures == ()
    assert {what for _, what in outcome.outcomes[0].set_aside} == {"the catalogue's skus", "the catalogue's projects"}
    assert trueup.total(Metric.LIST) == Decimal("22.75") + Decimal("2.5") * 1
    assert trueup.rows_without_value(Metric.LIST) == 1
    assert trueup.total() == 13
    assert set(trueup.costs("billing_account_name")["USD"]) == {"Acme AI"}
    archived = next(trueup.config.archive_dir.rglob("*gcp_skus.csv*"))
    assert "UNUSED" not in archived.read_text()


def run(trueup: Trueup, table: str, endpoint: str, *, month: dt.date | None = None, **config: Any) -> Run:
    """`trueup ingest run gcp`."""
    with write_session(trueup.engine) as session:
        if not trueup.scalar("SELECT count(*) FROM source"):
            told = {"table": table, "bigquery_endpoint": endpoint, "since": "2026-05-01", **config}
            add_source(session, operator(), kind="gcp-billing", name="gcp", config=told)
    return run_source(trueup.engine, operator(), trueup.config, "gcp", month=month)


def test_the_standard_export_without_partitions_is_pulled_too(
    big: bigquery.Client, bigquery_endpoint: str, tmp_path: Path
) -> None:
    table = create_table(big, "gcp_billing_export_v1_01A2B3_4C5D6E_7F8091", STANDARD, partitioned=False)
    append(big, table, [gcp_row(3.0)], STANDARD)
    told = GcpSettings(table=table, bigquery_endpoint=bigquery_endpoint)
    (file,) = fetched(offered(told)["invoice.month=202606"], tmp_path)
    assert pq.read_table(file).num_rows == 1


def test_what_is_wrong_with_the_table_is_said(bigquery_endpoint: str, big: bigquery.Client, table: str) -> None:
    def told(**settings: Any) -> GcpSettings:
        return GcpSettings(bigquery_endpoint=bigquery_endpoint, **settings)

    with pytest.raises(BadInput, match="no --table"):
        offered(told(project="acme-finops"))
    with pytest.raises(NotFound, match="not found"):
        offered(told(table="acme-finops.billing.gcp_billing_export_v1_000000_000000_000000"))
    other = create_table(big, "gcp_billing_export_other", {"day": "STRING", "cost": "FLOAT64"})
    with pytest.raises(BadInput, match="no export of Cloud Billing"):
        offered(told(table=other))
    assert [each.ok for each in check(told(table=table))] == [True, True]
    assert [each.ok for each in check(told(table=table + "_gone"))] == [False]


@pytest.mark.parametrize(
    ("failure", "error", "message"),
    [
        (requests.ConnectionError("no route to host"), Unavailable, "no route to host. Run this again later"),
        (auth.RefreshError("Token has been expired or revoked"), NotPermitted, "expired or revoked"),
        (auth.TransportError("cannot reach oauth2"), Unavailable, "cannot reach oauth2. Run this again"),
        (auth.DefaultCredentialsError("none"), NotPermitted, "no Google credentials"),
        ((403, "accessDenied", "Access Denied: no bigquery.jobs.create"), NotPermitted, "roles/bigquery.jobUser"),
        ((403, "quotaExceeded", "Quota exceeded: queries"), Unavailable, "quota is used up"),
        ((429, "rateLimitExceeded", "Exceeded rate limits"), Unavailable, "Exceeded rate limits. Run this again"),
        ((503, "backendError", "Visibility check"), Unavailable, "Run this again later"),
        ((401, "authError", "Invalid Credentials"), NotPermitted, "credentials"),
        (
            (400, "bytesBilledLimitExceeded", "Query exceeded limit for bytes billed"),
            BadInput,
            "--maximum-bytes-billed",
        ),
    ],
)
def test_what_google_refuses_is_told_with_what_to_do(
    told: GcpSettings, monkeypatch: pytest.MonkeyPatch, failure: Any, error: type[TrueupError], message: str
) -> None:
    monkeypatch.setattr(export_table, "PATIENCE_SECONDS", 0.5)
    send = requests.Session.request
    monkeypatch.setattr(requests.Session, "request", _failing(send, failure))
    with pytest.raises(error, match=message):
        offered(told)


def _failing(send: Callable[..., requests.Response], failure: Any) -> Callable[..., requests.Response]:
    """A network on which every job fails; tables can be looked at."""

    def request(self: Any, method: str, url: str, **options: Any) -> requests.Response:
        if "/tables/" in url:
            return send(self, method, url, **options)
        if isinstance(failure, Exception):
            raise failure
        status, reason, said = failure
        response = requests.Response()
        response.status_code = status
        response.headers["content-type"] = "application/json"
        response._content = (
            f'{{"error": {{"code": {status}, "message": "{said}", "errors": [{{"reason": "{reason}"}}]}}}}'.encode()
        )
        response.request = requests.Request(method, url).prepare()
        return response

    return request


def test_an_account_is_read_off_the_table_s_name() -> None:
    assert GcpSettings(table=f"p.d.{DETAILED_NAME}").account == ACCOUNT
    assert GcpSettings(table="p.d.view").account is None
    assert set(STANDARD) < set(DETAILED)
