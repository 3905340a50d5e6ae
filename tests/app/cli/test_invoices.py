"""`trueup invoices`, from the file to the reconciliation."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.cli.main import main
from app.db.session import engine as configured_engine
from app.db.session import forget_engine
from app.settings import settings
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

Typed = Callable[..., tuple[int, str, str]]
HEADER = "InvoiceIssuerName,BillingAccountId,BillingPeriodStart,BillingCurrency,Amount\n"


@pytest.fixture
def typed(trueup: Trueup, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Typed]:
    """`trueup …` on this test's Trueup: exit code, stdout, stderr."""
    monkeypatch.setenv("TRUEUP_DATABASE_URL", trueup.config.database_url or "")
    settings.cache_clear()
    forget_engine()

    def run(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["trueup", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return (ended.value.code if isinstance(ended.value.code, int) else 0, said.out, said.err)

    yield run
    configured_engine().dispose()
    forget_engine()


def test_totals_are_imported_listed_corrected_and_tied(trueup: Trueup, typed: Typed, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("7.5"), focus_row("2.5")]))
    file = tmp_path / "march.csv"
    file.write_text(f"{HEADER}AWS,1000,2026-03,USD,20\n")
    assert typed("invoices", "import", file)[1] == "1 totals: 1 new, 0 corrected, 0 known already, 0 withdrawn.\n"
    assert typed("invoices", "import", file)[1] == "1 totals: 0 new, 0 corrected, 1 known already, 0 withdrawn.\n"
    code, said, _ = typed("invoices", "reconcile", "--period", "2026-03")
    assert code == 0
    assert "Does not reconcile" in said
    assert "The invoice says 20 USD, the bills 10 USD: 10 USD between them" in said
    file.write_text(f"{HEADER}AWS,1000,2026-03,USD,10.00\n")
    assert "1 corrected" in typed("invoices", "import", file)[1]
    (line,) = json.loads(typed("invoices", "reconcile", "--json")[1])["lines"]
    assert (line["tie"], line["difference"], line["advice"]) == ("exact", "0", "")
    (invoice,) = json.loads(typed("invoices", "list", "--period", "2026-03", "--json")[1])
    assert (invoice["amount"], invoice["imported_from"]) == ("10", "march.csv")
    assert typed("invoices", "list", "--superseded")[1].count("march.csv") == 2


def test_a_file_that_cannot_be_read_changes_nothing(typed: Typed, tmp_path: Path) -> None:
    file = tmp_path / "march.csv"
    file.write_text(f"{HEADER}AWS,1000,2026-03,USD,20\nAWS,1000,2026-04,USD,twenty\n")
    code, said, told = typed("invoices", "import", file)
    assert (code, said) == (1, "")
    assert told.splitlines()[0] == "trueup: march.csv: no invoice was taken."
    assert "row 3: Amount 'twenty' is not a number" in told
    assert json.loads(typed("invoices", "list", "--json")[1]) == []
    assert typed("invoices", "import", tmp_path / "none.csv")[0] == 1
    assert typed("invoices", "list", "--period", "March")[0] == 1
    file.write_bytes(b"\xff\xfe")
    assert "is not UTF-8" in typed("invoices", "import", file)[2]
