"""Manifests, and which runs count."""

import json
from datetime import date
from typing import Any

import pytest

from app.errors import BadInput
from ingest.azure.manifest import Manifest, manifest, period_of_folder
from ingest.azure.runs import runs

ACCOUNT = "/providers/Microsoft.Billing/billingAccounts/100"


def a_manifest(place: str = "daily/run-1/manifest.json", **changes: Any) -> Manifest:
    config = {"type": "FocusCost", "exportName": "daily", "dataVersion": "1.2"}
    scope = changes.pop("scope", ACCOUNT)
    run = {"runId": "run-1", "submittedTime": "2026-04-01T07:00:00.1234567Z"}
    run |= {"startDate": "2026-03-01T00:00:00", "endDate": "2026-03-31T00:00:00Z"}
    for part in (config, run):
        part.update({key: value for key, value in changes.items() if key in part})
    config["resourceId"] = f"{scope}/providers/Microsoft.CostManagement/exports/{config['exportName']}"
    content = {
        "exportConfig": config,
        "runInfo": run,
        "blobCount": 1,
        "dataRowCount": 3,
        "blobs": [{"blobName": "root/daily/run-1/part_0.csv", "byteCount": 10, "dataRowCount": 3}],
    }
    return manifest(json.dumps({**content, **changes.get("content", {})}).encode(), place)


def test_a_manifest_says_what_was_written_when_and_for_which_days() -> None:
    found = a_manifest()
    assert (found.type, found.export, found.scope, found.folder) == (
        "FocusCost",
        "daily",
        ACCOUNT.casefold(),
        "daily/run-1",
    )
    assert (found.start, found.end, found.period) == (date(2026, 3, 1), date(2026, 3, 31), "20260301-20260331")
    assert [(blob.file_name, blob.bytes, blob.rows) for blob in found.blobs] == [("part_0.csv", 10, 3)]


def test_a_month_to_date_is_of_the_same_months_as_the_month() -> None:
    assert a_manifest(endDate="2026-03-09T00:00:00").months == a_manifest().months


@pytest.mark.parametrize(
    ("raw", "what"), [(b"{", "Expecting"), (b"{}", "it lacks 'runInfo'"), (b"[]", "list"), (b'{"runInfo": 1}', "lacks")]
)
def test_what_is_no_manifest_is_refused(raw: bytes, what: str) -> None:
    with pytest.raises(BadInput, match=rf"x/manifest\.json is not the manifest of an export \(.*{what}.*Download it"):
        manifest(raw, "x/manifest.json")


def test_a_manifest_that_names_fewer_files_than_it_counts_is_refused() -> None:
    with pytest.raises(BadInput, match=r"says that there are 2 files and names 1"):
        a_manifest(content={"blobCount": 2})


def test_only_a_folder_of_two_dates_is_a_period() -> None:
    assert period_of_folder("20260301-20260331") == (date(2026, 3, 1), date(2026, 3, 31))
    assert period_of_folder("mtd-snapshot") is None
    assert period_of_folder("20269901-20260331") is None


def test_the_newest_run_of_a_month_counts_and_the_others_are_superseded() -> None:
    old, new = a_manifest("a/manifest.json"), a_manifest("b/manifest.json", submittedTime="2026-04-02T07:00:00.0Z")
    found = runs([new, old])
    assert (found.newest, found.superseded) == ((new,), (old,))


def test_two_exports_of_one_scope_are_the_same_cost_and_the_newest_run_counts() -> None:
    daily = a_manifest("daily/manifest.json")
    monthly = a_manifest("monthly/manifest.json", exportName="monthly", submittedTime="2026-04-05T07:00:00Z")
    assert runs([daily, monthly]).newest == (monthly,)


def test_exports_of_two_subscriptions_both_count() -> None:
    one = a_manifest("1/manifest.json", exportName="one", scope="/subscriptions/1")
    two = a_manifest("2/manifest.json", exportName="two", scope="/subscriptions/2")
    assert runs([one, two]).newest == (one, two)


def test_an_export_within_the_scope_of_another_would_count_twice() -> None:
    outer = a_manifest("1/manifest.json", exportName="all")
    inner = a_manifest("2/manifest.json", exportName="profile", scope=f"{ACCOUNT}/billingProfiles/A")
    with pytest.raises(BadInput, match=r"which lies within it: the same cost would count twice"):
        runs([outer, inner])


def test_periods_that_overlap_would_count_twice() -> None:
    quarter = a_manifest("1/manifest.json", startDate="2026-01-01T00:00:00")
    with pytest.raises(BadInput, match=r"20260101-20260331 .* the days they share would count twice"):
        runs([quarter, a_manifest("2/manifest.json")])


def test_focus_and_cost_details_of_the_same_costs_would_count_twice() -> None:
    with pytest.raises(BadInput, match=r"they hold the same costs"):
        runs([a_manifest("1/manifest.json"), a_manifest("2/manifest.json", type="ActualCost")])


def test_exports_without_costs_are_left_aside() -> None:
    prices = a_manifest("p/manifest.json", type="PriceSheet")
    found = runs([a_manifest(), prices])
    assert (len(found.newest), found.others) == (1, (prices,))
