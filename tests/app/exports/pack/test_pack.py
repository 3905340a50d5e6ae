"""A finance pack from bill to folder: it ties to the report, and a closed one never changes."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from app.actions.chargeback import close_statement
from app.db.session import make_engine, read_session, write_session
from app.domain.money import total
from app.domain.viewer import Scope, Viewer, operator
from app.errors import NotAllowed, NotFound
from app.exports.pack.folder import write_pack
from app.exports.pack.pack import files_to_keep, open_pack
from app.reports.chargeback import chargeback
from app.settings import Settings
from tests.app.chargeback.months import APRIL, JUNE_3, MARCH, Months, usage
from tests.trueup import Trueup

pytestmark = pytest.mark.slow

EVIL = '=cmd|"x"!A1'
NAMES = {"Search": 'Lab "A", 🚀\n=1+1', "שלום": "שלום עולם", "speech": EVIL}


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


POLICY = f"""
name: house rules
cost_centers: [{{id: CC-1, name: Labs, gl_account: "6100"}}]
teams:
  - {{id: Search, name: {quoted(NAMES["Search"])}, cost_center: CC-1}}
  - {{id: speech, name: {quoted(EVIL)}, cost_center: CC-1, gl_account: "6200"}}
  - {{id: {quoted("שלום")}, name: {quoted(NAMES["שלום"])}}}
pools: [{{id: platform, name: Platform, split: even}}]
rules:
  - {{name: search, when: {{column: SubAccountId, equals: a}}, team: Search}}
  - {{name: speech, when: {{column: SubAccountId, equals: b}}, team: speech}}
  - {{name: shalom, when: {{column: SubAccountId, equals: c}}, team: {quoted("שלום")}}}
  - {{name: platform, when: {{column: SubAccountId, equals: platform}}, pool: platform}}
"""


@pytest.fixture
def months(trueup: Trueup, tmp_path: Path) -> Months:
    return drafted(trueup, tmp_path / "bills")


def drafted(trueup: Trueup, folder: Path) -> Months:
    trueup.policy(POLICY)
    found = Months(trueup, folder)
    found.bill(
        usage("a", "10.005", day="2026-03-02"),
        usage("a", "-3.25", day="2026-03-02", ChargeCategory="Credit", ServiceName="Credits"),
        usage("b", "5.015", day="2026-03-03", ServiceName=EVIL),
        usage("c", "99.5", day="2026-03-03", BillingCurrency="JPY"),
        usage("platform", "100", day="2026-03-04"),
        usage(None, "0.333333333333333333333333", day="2026-03-05"),
    )
    return found


@pytest.fixture(scope="module")
def draft(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Months]:
    """A draft that tests only read."""
    folder = tmp_path_factory.mktemp("draft")
    engine = make_engine(module_database_url)
    config = Settings(database_url=module_database_url, data_dir=folder / "data", threads=2)
    yield drafted(Trueup(engine, config), folder / "bills")
    engine.dispose()


@pytest.fixture(scope="module")
def files(draft: Months, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Its pack."""
    return export(draft, tmp_path_factory.mktemp("packs") / "pack")


def export(months: Months, folder: Path, **options: bool) -> dict[str, bytes]:
    """Writes the pack of March. Returns the bytes of each file."""
    with read_session(months.trueup.engine) as session:
        pack = open_pack(session, operator(), MARCH, **options)
        write_pack(pack, folder, lambda _stage, _done: None)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def close(months: Months) -> None:
    months.issue(MARCH)
    with write_session(months.trueup.engine) as session:
        closer = Viewer("bea", frozenset({Scope.CLOSE_CHARGEBACK}))
        close_statement(session, closer, MARCH, JUNE_3, pack=files_to_keep)


def read_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def to_pay(workbook: bytes, sheet: str) -> Decimal:
    rows = CalamineWorkbook.from_filelike(io.BytesIO(workbook)).get_sheet_by_name(sheet).to_python()
    return next(Decimal(f"{row[10]:.15g}") for row in rows if row[0] == "Total to pay")


def test_a_pack_holds_every_kind_of_file_and_lists_them(files: dict[str, bytes]) -> None:
    manifest: dict[str, Any] = json.loads(files["manifest.json"])
    assert {each["name"]: each["sha256"] for each in manifest["files"]} == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != "manifest.json"
    }
    tables = ("statement_lines", "statements", "pool_shares", "loads_and_deliveries", "reconciliation", "journal")
    assert {f"{name}.{ending}" for name in tables for ending in ("csv", "parquet")} < set(files)
    assert {"canonical.csv", "canonical.json", "journal-netsuite.csv", "focus-1.2.csv.gz", "focus-1.3.parquet"} < set(
        files
    )
    teams = sorted(name for name in files if name.startswith("teams/"))
    assert [name.partition("~")[0] for name in teams if name.endswith(".pdf")] == [
        "teams/_unallocated.pdf",
        "teams/search",
        "teams/speech.pdf",
        "teams/team",
    ]
    assert manifest["statement"]["state"] == "draft"


def test_every_file_ties_to_the_report(draft: Months, files: dict[str, bytes]) -> None:
    with read_session(draft.trueup.engine) as session:
        report = chargeback(session, operator(), MARCH)
    owed = {
        (charge.team_id or "", block.currency): charge.total
        for block in report.blocks
        for charge in (*block.teams, block.unallocated)
        if charge.total
    }
    of_teams = {(row["team"], row["billing_currency"]): row for row in read_csv(files["statements.csv"])}
    assert {key: Decimal(row["exact_amount"]) for key, row in of_teams.items()} == owed
    lines = read_csv(files["statement_lines.csv"])
    for (team, currency), row in of_teams.items():
        of_team = [each for each in lines if (each["team"], each["billing_currency"]) == (team, currency)]
        assert total(Decimal(each["amount"]) for each in of_team) == Decimal(row["amount"])
    assert to_pay(files["teams/speech.xlsx"], "Lines USD") == Decimal(of_teams["speech", "USD"]["amount"])
    assert to_pay(files["teams/_unallocated.xlsx"], "Lines USD") == Decimal("0.33")


def test_a_table_is_the_same_in_csv_and_in_parquet(files: dict[str, bytes]) -> None:
    for name in ("statement_lines", "statements"):
        columns = pq.read_table(io.BytesIO(files[f"{name}.parquet"])).to_pylist()
        amounts = [Decimal(row["amount"]) for row in read_csv(files[f"{name}.csv"])]
        assert [row["amount"] for row in columns] == amounts


def test_the_focus_files_add_up_to_the_statement(files: dict[str, bytes]) -> None:
    rows = read_csv(gzip.decompress(files["focus-1.2.csv.gz"]))
    of_teams = read_csv(files["statements.csv"])
    for currency in ("JPY", "USD"):
        cost = total(Decimal(row["EffectiveCost"]) for row in rows if row["BillingCurrency"] == currency)
        assert cost == total(Decimal(row["exact_amount"]) for row in of_teams if row["billing_currency"] == currency)


def test_the_journal_in_the_pack_balances(files: dict[str, bytes]) -> None:
    journal = read_csv(files["journal.csv"])
    assert {row["account"] for row in journal} >= {"6100", "6200"}
    for currency in ("JPY", "USD"):
        rows = [row for row in journal if row["currency"] == currency]
        assert rows
        assert total(Decimal(row["debit"]) for row in rows) == total(Decimal(row["credit"]) for row in rows)


def test_no_text_of_any_csv_runs_as_a_formula(files: dict[str, bytes]) -> None:
    for name in (each for each in files if each.endswith(".csv")):
        for row in csv.reader(io.StringIO(files[name].decode(), newline="")):
            assert not [cell for cell in row if cell.startswith("=")], name


def test_a_closed_pack_is_the_same_bytes_whenever_it_is_written(months: Months, tmp_path: Path) -> None:
    close(months)
    once = export(months, tmp_path / "one")
    assert json.loads(once["manifest.json"])["statement"]["closed_by"] == "bea"
    assert once["canonical.json"]
    months.bill(usage("a", "77", day="2026-03-02"))  # restated
    months.trueup.policy(POLICY.replace("name: house rules", "name: new rules").replace("6100", "6300"))
    assert export(months, tmp_path / "two") == once


def test_a_kept_pack_is_what_would_be_made_from_the_closed_statement(months: Months, tmp_path: Path) -> None:
    close(months)
    kept = export(months, tmp_path / "kept", focus=False)
    assert not [name for name in kept if name.startswith("focus")]
    with read_session(months.trueup.engine) as session:
        made = {file.name: file.content for file in files_to_keep(session, operator(), MARCH)}
    assert {name: content for name, content in kept.items() if not name.startswith("canonical")} == made


def test_a_pack_is_for_those_who_see_every_team(draft: Months) -> None:
    with read_session(draft.trueup.engine) as session:
        with pytest.raises(NotAllowed):
            open_pack(session, Viewer("ann", frozenset({Scope.READ_COSTS}), frozenset({"Search"})), MARCH)
        with pytest.raises(NotAllowed):
            open_pack(session, Viewer("ann", frozenset()), MARCH)


def test_a_month_without_bills_has_no_pack(draft: Months) -> None:
    with read_session(draft.trueup.engine) as session, pytest.raises(NotFound):
        open_pack(session, operator(), APRIL)
