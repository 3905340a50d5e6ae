"""Teams taken in from a file."""

from decimal import Decimal
from pathlib import Path

import pytest

from app.actions.teams import import_teams
from app.db.session import read_session, write_session
from app.db.tables.access import AuditEntry
from app.db.tables.policy import PolicyVersion
from app.domain.period import Period
from app.domain.team_file import COLUMNS
from app.domain.viewer import Scope, Viewer, operator
from app.errors import BadInput, NotAllowed, NotFound
from app.reports.team_file import team_file, team_import_preview
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

HEAD = ",".join(COLUMNS)
POLICY = """name: x
# who pays
teams:
  - {id: search, cost_center: CC-1}  # ours
  - {id: speech}
rules:
  - {name: All, team: search}
  - {name: The rest, team: speech}
"""
ENDS = f"{HEAD}\nsearch,search,,CC-1,,,2026-03-01\nspeech,speech,,,,,\n"


def taken_in(trueup: Trueup, text: str) -> PolicyVersion | None:
    with write_session(trueup.engine) as session:
        return import_teams(session, operator("ada"), text, "teams.csv")


def test_a_team_that_ended_last_month_gives_up_its_charges_since(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("10"), focus_row("0.5")]))
    trueup.policy(POLICY)
    preview = team_import_preview(trueup.engine, operator(), ENDS, "teams.csv")
    assert [(m.period, m.team_id, m.change) for m in preview.moves if m.change] == [
        (Period.month(2026, 3), "search", Decimal("-10.5")),
        (Period.month(2026, 3), "speech", Decimal("10.5")),
    ]
    assert trueup.costs("team") == {"USD": {"search": Decimal("10.5")}}
    assert taken_in(trueup, ENDS) is not None
    assert trueup.costs("team") == {"USD": {"speech": Decimal("10.5")}}
    newest = trueup.all(PolicyVersion)[-1]
    assert newest.document == POLICY.replace(
        "{id: search, cost_center: CC-1}  # ours", "{id: search, cost_center: CC-1, valid_to: 2026-03-01}"
    )
    entries = trueup.all(AuditEntry)
    assert [(entry.actor, entry.action) for entry in entries[-2:]] == [
        ("ada", "policy.apply"),
        ("ada", "teams.import"),
    ]
    assert entries[-1].details == {"version": newest.id, "added": [], "changed": ["search"], "removed": []}


def test_only_periods_that_a_change_touches_are_told(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("10")]))
    trueup.policy(POLICY)
    later = ENDS.replace("2026-03-01", "2026-04-01")
    assert team_import_preview(trueup.engine, operator(), later, "teams.csv").moves == ()


def test_the_same_teams_again_change_nothing(trueup: Trueup) -> None:
    trueup.policy(POLICY)
    with read_session(trueup.engine) as session:
        cells = team_file(session, operator())
    assert taken_in(trueup, "\n".join([HEAD, *(",".join(each) for each in cells)])) is None
    assert len(trueup.all(PolicyVersion)) == 1


def test_bad_rows_change_nothing(trueup: Trueup) -> None:
    trueup.policy(POLICY)
    with pytest.raises(BadInput, match=r"row 2: there is no team `gone`"):
        taken_in(trueup, f"{HEAD}\nsearch,,gone,,,,\nspeech,,,,,,\n")
    assert len(trueup.all(PolicyVersion)) == 1


def test_who_may_not_write_policy_and_who_has_none_is_told(trueup: Trueup) -> None:
    with pytest.raises(NotFound, match="no policy to take teams into"):
        taken_in(trueup, ENDS)
    reader = Viewer("reader", frozenset({Scope.READ_COSTS}))
    with pytest.raises(NotAllowed, match="write:policy"), write_session(trueup.engine) as session:
        import_teams(session, reader, ENDS, "teams.csv")
