"""The price list and the projects of an account, from a server that speaks Google's protobufs."""

import csv
from decimal import Decimal
from pathlib import Path

import grpc
import pytest
from google.cloud.billing_v1 import types

from app.errors import NotFound, NotPermitted, Unavailable
from ingest.gcp import catalog
from ingest.gcp.catalog import project_links, skus, write_projects, write_skus
from ingest.gcp.clients import billing_client, catalog_client
from ingest.gcp.settings import GcpSettings
from tests.ingest.gcp.exports import ACCOUNT
from tests.ingest.gcp.fake_billing import FakeBilling, sku

Billing = tuple[FakeBilling, str]


def told(endpoint: str) -> GcpSettings:
    return GcpSettings(billing_endpoint=endpoint)


def test_every_page_of_the_price_list_is_read_with_exact_prices(billing: Billing) -> None:
    fake, endpoint = billing
    fake.skus["S"] = [
        sku("A", (0, 0, 31_611_000)),
        sku("B", (0, 0, 0), (5.5, 1, 999_999_999), (1e6, 0, 1), unit="gibibyte month", code="GiBy.mo", currency="EUR"),
        sku("C"),
    ]
    found = list(skus(catalog_client(told(endpoint)), "S", currency="EUR"))
    assert [each.sku_id for each in found] == ["A", "B", "C"]
    assert found[0].tiers[0].unit_price == Decimal("0.031611")
    assert [(tier.start_usage_amount, tier.unit_price) for tier in found[1].tiers] == [
        (0, 0),
        (Decimal("5.5"), Decimal("1.999999999")),
        (1_000_000, Decimal("0.000000001")),
    ]
    assert (found[1].usage_unit_description, found[1].currency, found[1].regions) == (
        "gibibyte month",
        "EUR",
        ("us-central1", "us-east1"),
    )
    assert found[2].tiers == ()
    assert {request.currency_code for request in fake.asked} == {"EUR"}
    assert len(fake.asked) == 2


def test_a_server_that_falters_is_asked_again(billing: Billing, monkeypatch: pytest.MonkeyPatch) -> None:
    fake, endpoint = billing
    fake.skus["S"] = [sku("A", (0, 1, 0))]
    fake.failures += [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED]
    monkeypatch.setattr(catalog, "RETRY", catalog.RETRY.with_delay(initial=0.01, maximum=0.02))
    assert [each.sku_id for each in skus(catalog_client(told(endpoint)), "S", currency="USD")] == ["A"]
    assert len(fake.asked) == 3


def test_a_server_that_stays_away_is_unavailable(billing: Billing, monkeypatch: pytest.MonkeyPatch) -> None:
    fake, endpoint = billing
    fake.failures += [grpc.StatusCode.UNAVAILABLE] * 1000
    monkeypatch.setattr(catalog, "RETRY", catalog.RETRY.with_delay(initial=0.01, maximum=0.02).with_timeout(0.2))
    with pytest.raises(Unavailable, match=r"Price list of service S: told to fail. Run this again later"):
        list(skus(catalog_client(told(endpoint)), "S", currency="USD"))


def test_who_may_not_read_the_account_is_told_the_role(billing: Billing) -> None:
    fake, endpoint = billing
    fake.failures += [grpc.StatusCode.PERMISSION_DENIED]
    with pytest.raises(NotPermitted, match=rf"Grant roles/billing.viewer on billing account {ACCOUNT}"):
        list(project_links(billing_client(told(endpoint)), ACCOUNT))
    fake.failures += [grpc.StatusCode.UNAUTHENTICATED]
    with pytest.raises(NotPermitted, match="expired or not accepted"):
        list(project_links(billing_client(told(endpoint)), ACCOUNT))


def test_a_service_without_a_price_list_is_not_found(billing: Billing) -> None:
    with pytest.raises(NotFound):
        list(skus(catalog_client(told(billing[1])), "MARKET", currency="USD"))


def test_projects_say_which_account_pays_for_them(billing: Billing, tmp_path: Path) -> None:
    fake, endpoint = billing
    fake.account_names[ACCOUNT] = "Acme AI"
    fake.projects[ACCOUNT] = [
        types.ProjectBillingInfo(
            project_id=f"p{n}", billing_account_name=f"billingAccounts/{ACCOUNT}", billing_enabled=True
        )
        for n in (3, 1, 2)
    ]
    target = write_projects(project_links(billing_client(told(endpoint)), ACCOUNT), tmp_path / "gcp_projects.csv")
    with target.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["project_id"] for row in rows] == ["p1", "p2", "p3"]
    assert {(row["billing_account_id"], row["billing_account_name"]) for row in rows} == {(ACCOUNT, "Acme AI")}


def test_prices_are_written_without_exponents(billing: Billing, tmp_path: Path) -> None:
    fake, endpoint = billing
    fake.skus["S"] = [sku("B", (0, 0, 1), (1e6, 2, 0)), sku("A", (0, 3, 500_000_000))]
    target = write_skus(skus(catalog_client(told(endpoint)), "S", currency="USD"), tmp_path / "gcp_skus.csv")
    with target.open(newline="") as stream:
        rows = [(row["sku_id"], row["tier_start"], row["unit_price"]) for row in csv.DictReader(stream)]
    assert rows == [("A", "0", "3.5"), ("B", "0", "0.000000001"), ("B", "1000000", "2")]
