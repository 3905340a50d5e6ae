"""`trueup budgets`, from a number to how it stands."""

import json
from pathlib import Path

from tests.app.cli.test_drivers import Typed, typed  # noqa: F401  (a fixture)
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

POLICY = "name: p\nteams: [{id: search}]\nrules: [{name: All, team: search}]\n"


def test_budgets_are_set_shown_imported_and_removed(trueup: Trueup, typed: Typed, tmp_path: Path) -> None:  # noqa: F811
    trueup.policy(POLICY)
    trueup.ingest(write_csv(tmp_path / "b.csv", [focus_row("80", day="2026-02-05"), focus_row("110")]))
    assert typed("budgets", "set", "search", "2026-03", "125", "--thresholds", "50,80")[1] == (
        "1 budgets: 1 new, 0 changed, 0 as they were.\n"
    )
    said = typed("budgets", "show", "2026-03")[1].splitlines()
    assert said[0] == "2026-03  effective_cost  draft"
    assert said[2].split() == ["search", "USD", "125", "110", "88", "15", "50%", "80%", "80"]
    (found,) = json.loads(typed("budgets", "show", "2026-03", "--json")[1])["budgets"]
    assert (found["standing"]["owed"], found["change"]) == ("110", "30")
    file = tmp_path / "budgets.csv"
    file.write_text("team_id,period,currency,amount\nsearch,2026-03,USD,100\nnobody,2026-03,USD,1\n")
    code, said_, problem = typed("budgets", "import", file)
    assert (code, said_) == (1, "")
    assert problem.splitlines()[1] == "  row 3: the policy in force has no team 'nobody'"
    file.write_text("team_id,period,currency,amount\nsearch,2026-03,USD,100\n")
    assert json.loads(typed("budgets", "import", file, "--json")[1])["changed"] == 1
    assert typed("budgets", "remove", "search", "2026-03")[0] == 0
    assert "There is no budget in USD of the team 'search'" in typed("budgets", "remove", "search", "2026-03")[2]
