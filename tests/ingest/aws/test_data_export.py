"""An export of AWS loads from S3 and from a copy of the bucket alike, once for each delivery, or not at all."""

import csv
import gzip
import shutil
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.domain.charge import Metric
from app.errors import BadInput, NotPermitted, Unavailable
from app.reports.cost_query import Granularity
from ingest.aws.data_export import KIND, ExportLayout, ExportSettings, check_export, export_offers
from ingest.engine.duckdb import rows_of
from ingest.kind import Offer, Window
from ingest.pipeline import no_progress
from tests.ingest.aws.conftest import Moto, Opener, Runner, Store
from tests.ingest.aws.fakes import answering, breaking_line, error, thing
from tests.ingest.aws.trees import EXECUTION, export, june
from tests.ingest.bills import focus_row, write_csv, write_parquet
from tests.trueup import Trueup

pytestmark = pytest.mark.slow

JUNE = date(2026, 6, 1)
SUMMER = Window(date(2026, 5, 1), date(2026, 8, 1), date(2026, 7, 3))
MANIFEST = "exports/x/metadata/BILLING_PERIOD=2026-06/x-Manifest.json"
CHUNK = "exports/x/data/BILLING_PERIOD=2026-06/x-0000{}.csv.gz"


@pytest.fixture
def store(moto: Moto) -> Store:
    return moto.bucket()


def told(url: str, **more: Any) -> dict[str, Any]:
    return {"bucket": "bills", "prefix": "exports", "export_name": "x", "endpoint_url": url, **more}


def offered(url: str, **more: Any) -> list[Offer]:
    return list(export_offers(ExportSettings(**told(url, **more)), SUMMER))


def fetched(offer: Offer, folder: Path) -> list[str]:
    """The files that a fetch leaves behind."""
    folder.mkdir()
    assert list(offer.fetch(folder, no_progress)) == [folder]
    return sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file())


def billed(opened: Any) -> Decimal:
    total: Decimal = rows_of(opened.lines.aggregate(total=opened.lines.billed_cost.sum()))[0]["total"]
    return total


# From S3


def test_each_month_that_has_a_manifest_is_offered(moto: Moto, store: Store, tmp_path: Path) -> None:
    store.put_tree(export(tmp_path, june("1")), "exports/x/")
    store.put_tree(export(tmp_path, june("2"), month="2026-05", execution=EXECUTION), "exports/x/")
    may, june_ = offered(moto.url)
    assert (may.scope, may.label) == ("BILLING_PERIOD=2026-05", "x 2026-05")
    assert june_.scope == "BILLING_PERIOD=2026-06"
    assert may.version.startswith(EXECUTION)


def test_what_the_manifest_names_is_fetched_and_the_manifest_with_it(moto: Moto, store: Store, tmp_path: Path) -> None:
    store.put_tree(export(tmp_path / "v1", june("1"), june("2"), june("4")), "exports/x/")
    store.put_tree(export(tmp_path / "v2", june("1"), june("2")), "exports/x/")  # a month that shrank
    (offer,) = offered(moto.url)
    assert fetched(offer, tmp_path / "got") == [
        "data/BILLING_PERIOD=2026-06/x-00001.csv.gz",
        "data/BILLING_PERIOD=2026-06/x-00002.csv.gz",
        "metadata/BILLING_PERIOD=2026-06/x-Manifest.json",
    ]


def test_an_export_that_keeps_every_execution_hands_over_the_newest(
    moto: Moto, store: Store, tmp_path: Path, opened: Opener
) -> None:
    store.put_tree(export(tmp_path, june("1"), execution="20260701T120000Z-ffff"), "exports/x/")
    store.put_tree(export(tmp_path, june("2"), execution=EXECUTION), "exports/x/")
    (offer,) = offered(moto.url)
    assert f"data/BILLING_PERIOD=2026-06/{EXECUTION}/x-00001.csv.gz" in fetched(offer, tmp_path / "got")
    assert billed(opened(KIND, tmp_path / "got")) == 2


def test_the_manifest_may_go_without_the_exports_name(moto: Moto, store: Store, tmp_path: Path) -> None:
    export(tmp_path, june("1"))
    manifest = tmp_path / "metadata/BILLING_PERIOD=2026-06/x-Manifest.json"
    manifest.rename(manifest.with_name("Manifest.json"))
    store.put_tree(tmp_path, "exports/x/")
    (offer,) = offered(moto.url)
    assert "metadata/BILLING_PERIOD=2026-06/Manifest.json" in fetched(offer, tmp_path / "got")


def test_a_replica_may_have_another_bucket_and_prefix(moto: Moto, tmp_path: Path) -> None:
    moto.bucket("replica").put_tree(export(tmp_path, june("1")), "copies/2026/x/")
    (offer,) = offered(moto.url, bucket="replica", prefix="/copies/2026/")
    assert len(fetched(offer, tmp_path / "got")) == 2


def test_the_version_changes_with_the_execution_and_with_the_content(moto: Moto, store: Store, tmp_path: Path) -> None:
    def version(**more: Any) -> str:
        store.put_tree(export(tmp_path, june("1"), **more), "exports/x/")
        return offered(moto.url)[0].version

    first = version()
    assert version() == first
    assert len({first, version(executionId="e-2"), version(note="restated by hand")}) == 3


def test_a_file_that_is_missing_in_the_bucket_is_named(moto: Moto, store: Store, tmp_path: Path) -> None:
    store.put_tree(export(tmp_path, june("1"), june("2")), "exports/x/")
    store.remove(CHUNK.format(2))
    (offer,) = offered(moto.url)
    with pytest.raises(BadInput, match=rf"{MANIFEST} names a file that is missing. .*x-00002.csv.gz.*lifecycle rule"):
        fetched(offer, tmp_path / "got")


def test_data_that_is_younger_than_the_manifest_is_being_rewritten(credentials: None, tmp_path: Path) -> None:
    manifest = thing(b'{"dataFiles": ["s3://bills/exports/x/data/BILLING_PERIOD=2026-06/x-00001.csv.gz"]}')
    young = {"Last-Modified": "Thu, 02 Jul 2026 05:00:00 GMT"}  # an hour ago, the manifest is of yesterday
    copied = {"Last-Modified": "Wed, 01 Jul 2026 07:00:00 GMT"}  # long ago: a copy that put the manifest first
    settings = ExportSettings(bucket="bills", prefix="exports", export_name="x")
    window = Window(JUNE, date(2026, 7, 1), date(2026, 7, 3))
    for name, headers in (("young", young), ("copied", copied)):
        with answering(manifest, thing(b"1", **headers), manifest) as s3:
            (offer,) = export_offers(settings.model_copy(update={"endpoint_url": s3.url}), window)
            if name == "copied":
                assert len(fetched(offer, tmp_path / name)) == 2
                continue
            with pytest.raises(Unavailable, match=r"x-00001.csv.gz was written after .* delivering right now"):
                fetched(offer, tmp_path / name)


def test_a_manifest_that_changes_while_its_files_are_read_counts_for_nothing(
    moto: Moto, store: Store, tmp_path: Path
) -> None:
    store.put_tree(export(tmp_path, june("1")), "exports/x/")
    (offer,) = offered(moto.url)
    store.put(MANIFEST, b'{"dataFiles": ["s3://bills/other.csv"]}')
    with pytest.raises(Unavailable, match="delivering right now"):
        fetched(offer, tmp_path / "got")


def test_an_export_without_any_manifest_may_be_too_young(moto: Moto, store: Store) -> None:
    with pytest.raises(Unavailable, match=r"s3://bills/exports/x/ has no manifest for 2026-05 to 2026-07"):
        offered(moto.url)


def test_a_broken_manifest_keeps_no_other_month_out(moto: Moto, store: Store, tmp_path: Path) -> None:
    store.put_tree(export(tmp_path, june("1")), "exports/x/")
    store.put(MANIFEST.replace("06", "05"), b"{")
    broken, whole = offered(moto.url)
    with pytest.raises(BadInput, match=r"BILLING_PERIOD=2026-05/x-Manifest.json is no whole JSON"):
        fetched(broken, tmp_path / "broken")
    assert len(fetched(whole, tmp_path / "whole")) == 2


def test_who_may_not_list_the_bucket_is_denied_what_is_not_there(credentials: None) -> None:
    denied = error("AccessDenied", 403, "Access Denied")
    with answering(denied) as s3, pytest.raises(NotPermitted, match="s3:GetObject"):
        offered(s3.url)
    manifest = thing(b'{"dataFiles": ["s3://bills/x.csv"]}')
    with answering(denied, manifest, denied) as s3:  # May is not there, June is, July is not yet
        assert [offer.scope for offer in offered(s3.url)] == ["BILLING_PERIOD=2026-06"]


def test_a_source_without_a_bucket_says_what_it_lacks() -> None:
    with pytest.raises(BadInput, match="--bucket"):
        list(export_offers(ExportSettings(), SUMMER))
    with pytest.raises(ValueError, match="belong together"):
        ExportSettings(bucket="bills")


@pytest.mark.parametrize(
    ("prefix", "root"), [("", "x/"), ("exports", "exports/x/"), ("/a/b/", "a/b/x/")], ids=["none", "one", "deep"]
)
def test_a_prefix_may_have_slashes(prefix: str, root: str) -> None:
    assert ExportLayout(prefix, "x").root == root


# What `trueup doctor` says


def test_a_check_tries_the_manifest_and_the_data(moto: Moto, store: Store, tmp_path: Path) -> None:
    month = f"{date.today():%Y-%m}"  # noqa: DTZ011  (moto's clock is this machine's)
    store.put_tree(export(tmp_path, june("1"), month=month), "exports/x/")
    found = list(check_export(ExportSettings(**told(moto.url))))
    assert [each.ok for each in found] == [True, True, True]
    assert found[0].message.startswith("sts:GetCallerIdentity: arn:aws:sts")
    assert found[2].message.endswith("x-00001.csv.gz")


def test_files_at_hand_need_nothing_of_aws(credentials: None, tmp_path: Path) -> None:
    assert list(check_export(ExportSettings(path=tmp_path))) == []
    assert list(check_export(ExportSettings(by_hand=True))) == []


def test_a_check_says_what_is_missing(moto: Moto, store: Store) -> None:
    *_, last = check_export(ExportSettings(**told(moto.url)))
    assert not last.ok
    assert "Manifest.json: not there" in last.message


# What is inside


def test_focus_is_opened_as_focus_and_what_does_not_count_is_set_aside(tmp_path: Path, opened: Opener) -> None:
    export(tmp_path / "tree", june("1"), june("2"))
    found = opened(KIND, tmp_path / "tree")
    assert (found.version, billed(found)) == ("FOCUS 1.0", Decimal(3))
    assert [(file.name, what) for file, what in found.set_aside] == [
        ("metadata/BILLING_PERIOD=2026-06/x-Manifest.json", "manifest")
    ]


def test_parquet_is_opened_where_it_lies(tmp_path: Path, opened: Opener) -> None:
    name = "data/BILLING_PERIOD=2026-06/x-00001.snappy.parquet"
    export(tmp_path / "tree", dataFiles=[f"s3://bills/exports/x/{name}"])
    write_parquet(tmp_path / "tree" / name, june("1.25"))
    assert billed(opened(KIND, tmp_path / "tree")) == Decimal("1.25")


def test_a_table_without_charges_is_refused(tmp_path: Path, opened: Opener) -> None:
    export(tmp_path / "tree", [{"account_id": "1", "product_code": "AmazonEC2", "total_mbm_emissions": "3"}])
    with pytest.raises(BadInput, match=r"x-00001.csv.gz is neither a CUR 2.0 nor a FOCUS table. Export COST_AND_USAGE"):
        opened(KIND, tmp_path / "tree")


def test_a_damaged_gzip_is_named(tmp_path: Path, opened: Opener) -> None:
    export(tmp_path / "tree", june("1"))
    file = tmp_path / "tree/data/BILLING_PERIOD=2026-06/x-00001.csv.gz"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(BadInput, match=r"x-00001.csv.gz is a truncated gzip file"):
        opened(KIND, tmp_path / "tree")


def test_cur_2_is_opened_as_cur(tmp_path: Path, opened: Opener) -> None:
    export(tmp_path / "tree", [cur_row("1.5"), cur_row("2")])
    found = opened(KIND, tmp_path / "tree")
    assert (found.version, billed(found)) == ("CUR 2.0", Decimal("3.5"))


def cur_row(cost: str) -> dict[str, Any]:
    return {
        "bill_payer_account_id": "999999999999",
        "bill_billing_period_start_date": "2026-06-01 00:00:00",
        "bill_billing_period_end_date": "2026-07-01 00:00:00",
        "bill_billing_entity": "AWS",
        "bill_bill_type": "Anniversary",
        "line_item_usage_account_id": "111111111111",
        "line_item_line_item_type": "Usage",
        "line_item_usage_start_date": "2026-06-02 00:00:00",
        "line_item_usage_end_date": "2026-06-02 01:00:00",
        "line_item_product_code": "AmazonEC2",
        "line_item_usage_type": "BoxUsage:t3.large",
        "line_item_operation": "RunInstances",
        "line_item_usage_amount": "1",
        "line_item_currency_code": "USD",
        "line_item_unblended_rate": cost,
        "line_item_unblended_cost": cost,
        "pricing_public_on_demand_cost": cost,
    }


# Through the pipeline


def test_a_run_loads_once_and_a_restated_month_moves_the_figures(
    moto: Moto, store: Store, tmp_path: Path, run: Runner, trueup: Trueup
) -> None:
    store.put_tree(export(tmp_path / "v1", june("1", "2")), "exports/x/")
    assert [outcome.unchanged for outcome in run("aws-export", JUNE, **told(moto.url)).outcomes] == [False]
    first = trueup.version()
    assert trueup.total() == 3
    (again,) = run("aws-export", JUNE).outcomes
    assert (again.unchanged, trueup.version()) == (True, first)
    store.put_tree(export(tmp_path / "v2", june("1", "5"), executionId="e-2"), "exports/x/")
    (restated,) = run("aws-export", JUNE).outcomes
    assert trueup.total() == 6
    assert trueup.differences(restated.loads[0].load_id) == [(None, "Amazon EC2", Decimal(3), Decimal(6))]


def test_a_month_that_shrinks_has_only_what_is_left(
    moto: Moto, store: Store, tmp_path: Path, run: Runner, trueup: Trueup
) -> None:
    store.put_tree(export(tmp_path / "v1", june("1"), june("2")), "exports/x/")
    run("aws-export", JUNE, **told(moto.url))
    store.put_tree(export(tmp_path / "v2", june("1"), executionId="e-2"), "exports/x/")
    store.put(CHUNK.format(2), gzip.compress(b""))  # AWS empties what it no longer needs
    run("aws-export", JUNE)
    assert (trueup.total(), trueup.live()) == (Decimal(1), [("2026-06", 1)])


def test_what_goes_wrong_leaves_the_last_good_figures(
    moto: Moto, store: Store, tmp_path: Path, run: Runner, trueup: Trueup
) -> None:
    store.put_tree(export(tmp_path / "v1", june("1"), june("2")), "exports/x/")
    run("aws-export", JUNE, **told(moto.url))
    before = trueup.figures()
    store.put_tree(export(tmp_path / "v2", june("7"), june("8"), executionId="e-2"), "exports/x/")
    store.remove(CHUNK.format(2))
    (failure,) = run("aws-export", JUNE).failures
    assert "x-00002.csv.gz" in str(failure)
    assert trueup.figures() == before
    state, message = trueup.deliveries("aws-export")[-1]
    assert (state, message) == ("refused", f"x 2026-06: {failure}")


@pytest.mark.usefixtures("impatient")
def test_a_cut_line_does_not_keep_a_month_out(
    moto: Moto, store: Store, tmp_path: Path, run: Runner, trueup: Trueup
) -> None:
    many = [focus_row("0.5", day="2026-06-01", x_Noise=f"{number * 2654435761 % 2**32:x}") for number in range(20_000)]
    store.put_tree(export(tmp_path, many), "exports/x/")
    with breaking_line(moto.host, moto.port, 20_000, 20_000, 20_000) as line:
        run("aws-export", JUNE, **told(line.url))
    assert line.broke >= 2  # the manifest may have had a connection of its own
    assert trueup.total() == 10_000


def test_a_copy_at_hand_is_a_delivery_like_any_other(tmp_path: Path, trueup: Trueup) -> None:
    tree = tmp_path / "tree"
    export(tree, june("1"), execution="20260701T120000Z-ffff")
    export(tree, june("2"), execution=EXECUTION)
    trueup.ingest(tree, source="x", file_format="aws-export")
    assert trueup.total() == 2
    assert trueup.ingest(tree, source="x").unchanged


# The samples


@pytest.fixture
def sample(shared_data: Path) -> Path:
    return shared_data / "billing" / "layouts" / "aws-focus-s3" / "fixture" / "demo" / "exports" / "costroid-demo"


def sum_of(files: Iterable[Path], column: str) -> Decimal:
    total = Decimal(0)
    for file in files:
        with gzip.open(file, "rt", newline="") as stream:
            total += sum(Decimal(row[column]) for row in csv.DictReader(stream))
    return total


def assert_exact(trueup: Trueup, sample: Path) -> None:
    for metric, column in ((Metric.BILLED, "BilledCost"), (Metric.EFFECTIVE, "EffectiveCost")):
        expected = {
            f"{month}-01": sum_of((sample / "data" / f"BILLING_PERIOD={month}").rglob("*.gz"), column)
            for month in ("2026-05", "2026-06")
        }
        assert trueup.costs(metric=metric, granularity=Granularity.MONTH) == {"USD": expected}


def test_the_sample_loads_from_a_folder_to_the_last_digit_and_once(sample: Path, trueup: Trueup) -> None:
    outcome = trueup.ingest(sample, source="demo", file_format="aws-export")
    assert (outcome.rows_in, outcome.rows_quarantined, outcome.format_version) == (84, 0, "FOCUS 1.2")
    assert_exact(trueup, sample)
    version = trueup.version()
    assert trueup.ingest(sample, source="demo").unchanged
    assert trueup.version() == version


def test_the_sample_loads_from_s3_to_the_last_digit_and_once(
    sample: Path, moto: Moto, store: Store, run: Runner, trueup: Trueup
) -> None:
    store.put_tree(sample, "exports/costroid-demo/")
    settings = told(moto.url, export_name="costroid-demo", since="2026-05-01")
    assert not run("aws-export", **settings).failures
    assert_exact(trueup, sample)
    version = trueup.version()
    again = run("aws-export", date(2026, 5, 1)).outcomes + run("aws-export", JUNE).outcomes
    assert [outcome.unchanged for outcome in again] == [True, True]
    assert trueup.version() == version


def test_the_sample_moves_the_figures_when_it_is_restated(
    sample: Path, moto: Moto, store: Store, run: Runner, trueup: Trueup
) -> None:
    store.put_tree(sample, "exports/costroid-demo/")
    settings = told(moto.url, export_name="costroid-demo", since="2026-05-01")
    run("aws-export", **settings)
    before = trueup.costs(granularity=Granularity.MONTH)["USD"]
    # AWS restates June: a new execution with its first row alone.
    restated = trueup.config.data_dir / "restated"
    shutil.copytree(sample, restated, copy_function=shutil.copyfile)
    old = next(restated.glob("data/BILLING_PERIOD=2026-06/*/*.gz"))
    new = old.parent.with_name("20260703T120000Z-b2") / old.name
    with gzip.open(old, "rt", newline="") as stream:
        write_csv(new, list(csv.DictReader(stream))[:1])
    manifest = restated / "metadata/BILLING_PERIOD=2026-06/costroid-demo-Manifest.json"
    manifest.write_text(manifest.read_text().replace("20260702T120000Z-a1b2c3d4", "20260703T120000Z-b2"))
    store.put_tree(restated, "exports/costroid-demo/")
    (outcome,) = run("aws-export", JUNE).outcomes
    after = {"2026-05-01": before["2026-05-01"], "2026-06-01": Decimal("2.4192")}
    assert trueup.costs(granularity=Granularity.MONTH) == {"USD": after}
    changes = trueup.differences(outcome.loads[0].load_id)
    assert sum(now - then for _, _, then, now in changes) == Decimal("2.4192") - (before["2026-06-01"] or 0)
