"""Estimates that gave way to a bill are held against it, through every door."""

import csv
import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from app.actions.ingest import run_source
from app.api.deps import reading
from app.db.session import read_session
from app.domain.period import Period
from app.domain.viewer import Scope, Viewer, operator
from app.main import create_app
from app.reports.cross_check import CrossCheck, cross_check, cross_check_months
from frontend.components.cross_check_card import cross_check_card
from tests.ingest import shelf
from tests.ingest.bills import Row, focus_row, write_csv
from tests.ingest.shelf import offer
from tests.trueup import Trueup

MARCH = Period.month(2026, 3)
LIMITED = Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset({"ai"}))


def of(service: str, cost: str, account: str = "search", **cells: Any) -> Row:
    return focus_row(cost, ServiceName=service, SubAccountId=account, **cells)


ESTIMATE = [
    of("Amazon Elastic Compute Cloud - Compute", "6"),
    of("EC2 - Other", "3"),
    of("AmazonCloudWatch", "1"),
    of("Tax", "2", ChargeCategory="Tax"),
    of("AWS Glue", "0.1"),
]
BILL = [
    of("Amazon Elastic Compute Cloud", "9.5", EffectiveCost="8"),
    of("Amazon CloudWatch", "1"),
    # A bill puts tax on the service; Cost Explorer keeps it apart.
    of("Amazon CloudWatch", "2", ChargeCategory="Tax"),
    of("AWS Support", "4", account="platform"),
]


def take(trueup: Trueup, on_shelf: list[shelf.On], source: str, rows: list[Row], version: str = "v1") -> None:
    on_shelf[:] = [offer("2026-03", version, rows)]
    assert run_source(trueup.engine, operator(), trueup.config, source).failures == ()


def report(trueup: Trueup, viewer: Viewer | None = None) -> CrossCheck:
    with read_session(trueup.engine) as session:
        return cross_check(session, viewer or operator(), MARCH)


def test_the_estimate_that_gave_way_is_held_against_the_bill(trueup: Trueup, on_shelf: list[shelf.On]) -> None:
    take(trueup, on_shelf, "guesses", ESTIMATE)
    take(trueup, on_shelf, "vendor", BILL)
    assert str(trueup.total()) == "16.5"  # the bill alone
    (account,) = report(trueup).accounts
    assert (account.billing_account_id, account.estimate.source, account.estimate.state) == (
        "1000",
        "guesses",
        "superseded",
    )
    lines = [
        (each.sub_account_id, each.bill_services, each.billed_cost.bill, each.billed_cost.estimate)
        for each in account.services
    ]
    assert lines == [
        ("platform", ("AWS Support",), 4, None),
        ("search", ("Amazon Elastic Compute Cloud",), Decimal("9.5"), 9),
        ("search", (), None, Decimal("0.1")),
        ("search", ("Amazon CloudWatch",), 1, 1),
        ("search", ("Tax",), 2, 2),
    ]
    compute = account.services[1]
    assert (compute.billed_cost.difference, compute.billed_cost.percent) == (Decimal("0.5"), Decimal("5.3"))
    assert (compute.effective_cost.bill, compute.effective_cost.difference) == (Decimal(8), Decimal(-1))
    (total,) = account.totals
    assert (total.billed_cost.bill, total.billed_cost.estimate, total.billed_cost.difference) == (
        Decimal("16.5"),
        Decimal("12.1"),
        Decimal("4.4"),
    )
    assert (account.only_in_bill, account.only_in_estimate) == (("AWS Support",), ("AWS Glue",))


def test_the_newest_estimate_counts_though_it_was_never_live(trueup: Trueup, on_shelf: list[shelf.On]) -> None:
    take(trueup, on_shelf, "guesses", ESTIMATE)
    take(trueup, on_shelf, "vendor", BILL)
    take(trueup, on_shelf, "guesses", [of("Amazon CloudWatch", "16.5")], "v2")
    (account,) = report(trueup).accounts
    assert account.totals[0].billed_cost.difference == 0


def test_without_a_bill_or_an_estimate_there_is_nothing_to_check(trueup: Trueup, on_shelf: list[shelf.On]) -> None:
    take(trueup, on_shelf, "guesses", ESTIMATE)
    take(trueup, on_shelf, "vendor", [of("Amazon CloudWatch", "1", BillingAccountId="2000")])
    assert report(trueup).accounts == ()
    with read_session(trueup.engine) as session:
        assert cross_check_months(session, operator()) == ()
        assert cross_check_card(session, operator()).children is None


def test_every_door_says_the_same(trueup: Trueup, on_shelf: list[shelf.On]) -> None:
    take(trueup, on_shelf, "guesses", ESTIMATE)
    take(trueup, on_shelf, "vendor", BILL)
    server = create_app()
    with read_session(trueup.engine) as session:
        server.dependency_overrides = {reading: lambda: session}
        client = TestClient(server, base_url="http://localhost")
        (account,) = client.get("/api/v1/cross-check?period=2026-03").json()["accounts"]
        assert account["totals"][0]["billed_cost"] == {
            "bill": "16.5",
            "estimate": "12.1",
            "difference": "4.4",
            "percent": "26.7",
        }
        rows = list(csv.DictReader(io.StringIO(client.get("/api/v1/cross-check.csv?period=2026-03").text)))
        assert sum(Decimal(row["billed_cost_difference"]) for row in rows) == Decimal("4.4")
        assert rows[1]["estimate_service"] == "Amazon Elastic Compute Cloud - Compute; EC2 - Other"
        for ending in ("xlsx", "parquet"):
            assert client.get(f"/api/v1/cross-check.{ending}?period=2026-03").status_code == 200
        assert cross_check_months(session, operator()) == (date(2026, 3, 1),)
        card = cross_check_card(session, operator())
        (table,) = [each for each in card._traverse() if getattr(each, "id", None) == "table-cross-check-1000"]
        assert table.dashGridOptions["pinnedBottomRowData"][0]["difference"] == "4.4"
        assert len(table.rowData) == 5


def test_cost_explorers_own_pages_are_held_against_an_export(trueup: Trueup, tmp_path: Path) -> None:
    def group(service: str, amount: str) -> dict[str, Any]:
        cost = {"Amount": amount, "Unit": "USD"}
        return {"Keys": [service, "111"], "Metrics": {"UnblendedCost": cost, "AmortizedCost": cost}}

    day = {
        "TimePeriod": {"Start": "2026-03-02", "End": "2026-03-03"},
        "Groups": [group("Amazon Elastic Compute Cloud - Compute", "2.25"), group("EC2 - Other", "0.75")],
    }
    kinds = [{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "DIMENSION", "Key": "LINKED_ACCOUNT"}]
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "2026-03-page-0001.json").write_text(json.dumps({"GroupDefinitions": kinds, "ResultsByTime": [day]}))
    (pages / "account.json").write_text('{"billing_account_id": "1000"}')
    trueup.ingest(pages, source="explorer", file_format="aws-cost-explorer")
    bill = [of("Amazon Elastic Compute Cloud", "3.0000000001", account="111")]
    trueup.ingest(write_csv(tmp_path / "export.csv", bill), source="export")
    assert str(trueup.total()) == "3.0000000001"
    (account,) = report(trueup).accounts
    (line,) = account.services
    assert (str(line.billed_cost.difference), line.billed_cost.percent) == ("1E-10", Decimal(0))
    assert (account.only_in_bill, account.only_in_estimate) == ((), ())


def test_a_viewer_of_some_teams_is_shown_nothing(trueup: Trueup, on_shelf: list[shelf.On]) -> None:
    take(trueup, on_shelf, "guesses", ESTIMATE)
    take(trueup, on_shelf, "vendor", BILL)
    assert report(trueup, LIMITED).accounts == ()
    with read_session(trueup.engine) as session:
        assert cross_check_card(session, LIMITED).children is None
