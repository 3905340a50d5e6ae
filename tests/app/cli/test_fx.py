"""`trueup fx`, from the bank's file to a comparison, by the policy's reporting currency."""

import json
from pathlib import Path

from tests.app.cli.test_drivers import Typed, typed  # noqa: F401  (a fixture)
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

POLICY = """
name: in euros
reporting: {currency: EUR, rate: month_end}
teams: [{id: search}]
rules: [{name: All, team: search}]
"""


def ecb(folder: Path, **rates: str) -> Path:
    """Rates of the last Friday or weekday of each month."""
    days = {"february": "2026-02-27", "march": "2026-03-31"}
    lines = "".join(f"{days[month]},{rate},\r\n" for month, rate in reversed(rates.items()))
    (folder / "eurofxref-hist.csv").write_bytes(f"\ufeffDate,USD,\r\n{lines}".encode())
    return folder / "eurofxref-hist.csv"


def test_rates_are_imported_used_and_corrected(trueup: Trueup, typed: Typed, tmp_path: Path) -> None:  # noqa: F811
    trueup.policy(POLICY)
    trueup.ingest(write_csv(tmp_path / "b.csv", [focus_row("100", day="2026-02-05"), focus_row("110")]))
    code, _, problem = typed("fx", "compare", "2026-03")
    assert (code, "There is no rate from USD to EUR for 2026-02" in problem) == (1, True)
    file = ecb(tmp_path, february="1.20", march="1.25")
    assert typed("fx", "import", file)[1] == "2 rates: 2 new, 0 corrected, 0 known already.\n"
    assert typed("fx", "import", file)[1] == "2 rates: 0 new, 0 corrected, 2 known already.\n"
    said = typed("fx", "compare", "2026-03")[1]
    assert said.splitlines()[0] == "2026-03 beside 2026-02  effective_cost  EUR"
    assert said.splitlines()[2].split() == ["search", "83.33", "88", "4.67", "8.34", "-3.67"]
    assert said.splitlines()[-1] == "1 USD was 0.833333333333 and is 0.8 EUR"
    report = json.loads(typed("fx", "compare", "2026-03", "--with", "2026-02", "--json")[1])
    assert report["total"]["fx_effect"] == "-3.67"
    said = typed("fx", "import", ecb(tmp_path, february="1.20", march="1.1"))[1]
    assert said.splitlines()[0] == "2 rates: 0 new, 1 corrected, 1 known already."
    assert [line.split()[0] for line in typed("fx", "list", "--period", "2026-03")[1].splitlines()[1:]] == [
        "2026-03-31"
    ]
    assert len(typed("fx", "list", "--superseded")[1].splitlines()) == 4
    assert typed("fx", "rate", "USD", "EUR", "2026-03", "--method", "month_end")[1] == (
        "1 USD = 0.909090909091 EUR in 2026-03 (month_end; 2026-03-31)\n"
    )


def test_a_file_with_decimal_commas_is_refused_in_a_sentence(typed: Typed, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "rates.csv").write_text("Date;USD\n2026-03-31;1,25\n")
    code, said, problem = typed("fx", "import", tmp_path / "rates.csv")
    assert (code, said) == (1, "")
    assert problem == (
        "trueup: rates.csv, row 1: the columns are separated by semicolons. Export it with commas between the columns,"
        " and points in the numbers.\n"
    )
