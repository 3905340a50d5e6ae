"""FOCUS files of allocated cost: what stands in them, to the last digit and the last character."""

import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from app.db.session import read_session
from app.domain.focus import FocusVersion
from app.domain.money import total
from app.domain.viewer import Scope, Viewer, operator
from app.errors import BadInput, NotFound
from app.exports.focus import parquet
from app.exports.focus.files import write_focus_file
from app.reports.focus_export import focus_export
from tests.app.chargeback.months import Months, usage
from tests.app.exports.focus.conftest import MARCH, POLICY, SUMMABLE, Exports
from tests.ingest.bills import focus_row, write_csv
from tests.ingest.focus.rules.rows import COMPLIANT
from tests.trueup import Trueup

pytestmark = pytest.mark.slow

# What breaks careless files, machines and spreadsheets.
NASTY = (
    'a "quoted", listed\nname',
    "carriage\r\nreturn",
    "emoji 🧾 and مرحبا",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\\.",
    "{brace},'apostrophe'",
    "100%",
)


@pytest.fixture
def shared_month(trueup: Trueup, tmp_path: Path) -> Trueup:
    """One charge of search, one that search and speech share two to one, one of nobody."""
    shared = focus_row("1", ResourceId="i-2", ConsumedQuantity="3", ConsumedUnit="Hours", ListUnitPrice="1")
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("10"), shared, focus_row("5", ResourceId="i-3")]))
    trueup.policy(POLICY)
    return trueup


def test_a_charge_is_a_row_for_each_team_that_pays(shared_month: Trueup, exports: Exports) -> None:
    told = ("ResourceId", "x_TeamId", "x_CostCenter", "x_CostType", "x_PoolId", "x_Rule", "EffectiveCost")
    assert [tuple(row[name] for name in told) for row in exports.rows()] == [
        ("i-2", "search", "CC-1", "shared", "platform", "Shared", "0.666666666667"),
        ("i-2", "speech", None, "shared", "platform", "Shared", "0.333333333333"),
        ("i-1", "search", "CC-1", "direct", None, "Machines", "10"),
        ("i-3", None, None, "direct", None, None, "5"),
    ]


def test_quantities_are_shared_and_prices_are_not(shared_month: Trueup, exports: Exports) -> None:
    one, other, *_ = exports.rows()
    assert (one["ConsumedQuantity"], other["ConsumedQuantity"]) == ("2.000000000001", "0.999999999999")
    assert (
        (one["ListUnitPrice"], one["ContractedUnitPrice"])
        == ("1", "1")
        == (
            other["ListUnitPrice"],
            other["ContractedUnitPrice"],
        )
    )


def test_both_formats_say_the_same(shared_month: Trueup, exports: Exports) -> None:
    for version in FocusVersion:
        table = exports.table(version)
        rows = [{name: _as_in_csv(cell) for name, cell in row.items()} for row in table.to_pylist()]
        assert rows == exports.rows(version)


def _as_in_csv(cell: object) -> str | None:
    if isinstance(cell, Decimal):
        return format(cell.normalize(), "f")
    return f"{cell:%Y-%m-%dT%H:%M:%SZ}" if hasattr(cell, "year") else cell  # type: ignore[return-value]


def test_no_number_in_parquet_is_a_float(shared_month: Trueup, exports: Exports) -> None:
    types = {field.name: field.type for field in exports.table().schema}
    assert types["EffectiveCost"] == pa.decimal128(38, 12)
    assert types["ListUnitPrice"] == pa.decimal128(38, 0)
    assert types["ChargePeriodStart"] == pa.timestamp("us", tz="UTC")
    assert {str(types[name]).partition("(")[0] for name in SUMMABLE} == {"decimal128"}


def test_what_38_digits_do_not_hold_is_text_in_parquet(trueup: Trueup, exports: Exports, tmp_path: Path) -> None:
    trueup.policy(POLICY)
    cost = "123.000000000000000000000000001"
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row(cost, ResourceId="i-2", PricingQuantity="1")]))
    table = exports.table()
    assert table.schema.field("EffectiveCost").type == pa.string()
    assert total(Decimal(str(cell)) for cell in table["EffectiveCost"].to_pylist()) == Decimal(cost)
    assert table.schema.field("PricingQuantity").type == pa.decimal128(38, 12)


def test_groups_of_rows_follow_each_other(
    shared_month: Trueup, exports: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = exports.table()
    monkeypatch.setattr(parquet, "_ROWS_PER_GROUP", 3)
    assert exports.table().equals(whole)
    assert pq.ParquetFile(exports.file("parquet")).metadata.num_row_groups == 2


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_names_survive_as_they_are(trueup: Trueup, exports: Exports, tmp_path: Path, ending: str) -> None:
    # JSON is YAML.
    teams = [{"id": f"t{number}", "name": name} for number, name in enumerate(NASTY)]
    rule = {"name": "=tag", "when": {"tag": "team", "present": True}, "team_from_tag": "team"}
    trueup.policy(json.dumps({"name": "nasty", "teams": teams, "rules": [rule]}, ensure_ascii=False))
    bill = [
        focus_row(ResourceId=f"i-{number}", ResourceName=name, Tags=json.dumps({"team": f"t{number}", name: name}))
        for number, name in enumerate(NASTY)
    ]
    trueup.ingest(write_csv(tmp_path / "bill.csv", bill))
    rows = exports.rows() if ending == "csv" else exports.table().to_pylist()
    found = {
        row["x_TeamId"]: (row["x_TeamName"], row["ResourceName"], json.loads(row["Tags"] or "null")) for row in rows
    }
    assert found == {f"t{n}": (name, name, {"team": f"t{n}", name: name}) for n, name in enumerate(NASTY)}
    assert {row["x_Rule"] for row in rows} == {"=tag"}


def test_the_view_for_bi_says_the_same_of_unshared_charges(trueup: Trueup, exports: Exports, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "bill.csv", COMPLIANT))
    # The view shows the numbers among a price's details as text.
    names = [name for name in exports.rows()[0] if not name.startswith("x_") and name != "SkuPriceDetails"]
    with read_session(trueup.engine) as session:
        session.execute(text("SET LOCAL TIME ZONE 'UTC'"))
        query = f"SELECT {', '.join(names)} FROM focus_cost_and_usage"
        seen = [dict(zip(names, row, strict=True)) for row in session.execute(text(query))]
    exported = [{name: row[name] for name in names} for row in exports.table().to_pylist()]
    assert sorted(map(_comparable, exported)) == sorted(map(_comparable, seen))


def _comparable(row: dict[str, object]) -> list[tuple[str, str]]:
    return [(name, _text(cell)) for name, cell in row.items()]


def _text(cell: object) -> str:
    if isinstance(cell, Decimal):
        return format(cell.normalize(), "f")
    return json.dumps(json.loads(cell) if isinstance(cell, str) and cell.startswith("{") else cell, default=str)


def test_a_closed_month_stays_what_it_was(trueup: Trueup, exports: Exports, tmp_path: Path) -> None:
    months = Months(trueup, tmp_path)
    trueup.policy(POLICY)
    months.bill(usage("search", "3", day="2026-03-02") | {"ResourceId": "i-2"})
    months.issue(MARCH)
    months.close(MARCH, reason="the test wants it so")
    closed = {version: exports.rows(version) for version in FocusVersion}
    months.bill(usage("search", "30", day="2026-03-02") | {"ResourceId": "i-2"})
    trueup.policy(POLICY.replace("search: 2", "search: 9"))
    assert {version: exports.rows(version) for version in FocusVersion} == closed
    assert [row["EffectiveCost"] for row in closed[FocusVersion.V1_2]] == ["2.000000000001", "0.999999999999"]


def test_an_issued_month_follows_the_live_bill(trueup: Trueup, exports: Exports, tmp_path: Path) -> None:
    months = Months(trueup, tmp_path)
    trueup.policy(POLICY)
    months.bill(usage("search", "3", day="2026-03-02") | {"ResourceId": "i-2"})
    months.issue(MARCH)
    months.bill(usage("search", "30", day="2026-03-02") | {"ResourceId": "i-2"})
    assert sum(Decimal(row["EffectiveCost"] or 0) for row in exports.rows()) == 30


def test_a_viewer_gets_the_rows_of_its_teams(shared_month: Trueup, exports: Exports) -> None:
    rows = exports.rows(viewer=Viewer("ann", frozenset({Scope.READ_COSTS}), frozenset({"speech"})))
    assert [(row["ResourceId"], row["x_TeamId"]) for row in rows] == [("i-2", "speech")]


def test_without_a_policy_everything_is_unallocated(trueup: Trueup, exports: Exports, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("7")]))
    (row,) = exports.rows()
    assert (row["EffectiveCost"], row["x_TeamId"], row["x_AllocatedShare"]) == ("7", None, "1")


def test_a_month_without_charges_is_not_found(trueup: Trueup, exports: Exports) -> None:
    with pytest.raises(NotFound, match="no charges in 2026-03"):
        exports.rows()


def test_another_ending_is_refused_and_leaves_nothing(shared_month: Trueup, tmp_path: Path) -> None:
    with read_session(shared_month.engine) as session:
        export = focus_export(session, operator(), MARCH, FocusVersion.V1_2)
        with pytest.raises(BadInput, match="csv, parquet"):
            write_focus_file(export, tmp_path / "focus.xlsx")
    assert not list(tmp_path.glob("focus*"))
