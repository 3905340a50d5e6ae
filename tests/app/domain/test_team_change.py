"""Teams as a file: what stays keeps every byte, what changes is written, what is wrong is told by row."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.ownership import Team
from app.domain.policy_document import parse_policy
from app.domain.team_change import TeamChange, team_change
from app.domain.team_file import COLUMNS, cells_of
from app.errors import BadInput
from app.exports.team_file import team_file_bytes

POLICY = """\
# Ours. Ask finance before you change it.
name: Acme   # the company
teams:
  # The researchers
  - {id: research, name: Research, cost_center: CC-1}   # since ever

  # They moved in May - see the memo.
  - id: search
    parent: research
    cost_center: CC-1
  - {id: speech, cost_center: CC-1}
# Rules, in order.
rules:
  - {name: Tagged, team_from_tag: team}
"""
HEAD = ",".join(COLUMNS)


def file_of(text: str) -> str:
    return team_file_bytes([cells_of(team) for team in parse_policy(text).teams]).decode()


def changed(*rows: str, policy: str = POLICY) -> TeamChange:
    return team_change(policy, "\n".join([HEAD, *rows]), "teams.csv")


ROWS = ("research,Research,,CC-1,,,", "search,search,research,CC-1,,,", "speech,speech,,CC-1,,,")


@pytest.mark.parametrize("text", [POLICY, POLICY.replace("\n", "\r\n"), "name: x\nteams: [{id: a}, {id: b, name: B}]"])
def test_a_file_that_was_written_and_not_touched_changes_no_byte(text: str) -> None:
    change = team_change(text, file_of(text), "teams.csv")
    assert change == TeamChange(text, (), (), (), None)


def test_a_team_that_moves_is_written_anew_under_its_comment_and_all_else_stays() -> None:
    change = changed(ROWS[0], "search,search,research,CC-1,,,2026-05-01", "search,Search 2,,CC-1,,2026-05-01,", ROWS[2])
    old = "  - id: search\n    parent: research\n    cost_center: CC-1\n"
    new = (
        "  - {id: search, parent: research, cost_center: CC-1, valid_to: 2026-05-01}\n"
        "  - {id: search, name: Search 2, cost_center: CC-1, valid_from: 2026-05-01}\n"
    )
    assert change.document == POLICY.replace(old, new)
    assert (change.added, change.changed, change.removed) == ((), ("search",), ())
    assert change.since == date(2026, 5, 1)


def test_teams_come_and_go() -> None:
    change = changed(ROWS[0], ROWS[2], "vision,Vision,research,CC-2,6,2026-06-01,")
    assert change.document == POLICY.replace(
        POLICY[POLICY.index("\n  # They moved") : POLICY.index("  - {id: speech")], ""
    ).replace(
        "  - {id: speech, cost_center: CC-1}\n",
        "  - {id: speech, cost_center: CC-1}\n"
        "  - {id: vision, name: Vision, parent: research, cost_center: CC-2, gl_account: 6, valid_from: 2026-06-01}\n",
    )
    assert (change.added, change.removed, change.since) == (("vision",), ("search",), date.min)


def test_the_lines_keep_the_ends_that_the_document_has() -> None:
    change = changed(*ROWS, "vision,,,,,,", policy=POLICY.replace("\n", "\r\n"))
    assert "  - {id: vision}\r\n" in change.document
    assert "\n" not in change.document.replace("\r\n", "")


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("name: x\nteams: [{id: a}]   # all\nrules: []\n", "name: x\nteams: [\n  {id: b},\n  ]   # all\nrules: []\n"),
        ("name: x", "name: x\nteams:\n  - {id: b}\n"),
        ("name: x\nteams:\nrules: []", "name: x\nteams: [\n  {id: b},\n  ]\nrules: []"),
        ("{name: x, teams: []}", "{name: x, teams: [\n  {id: b},\n  ]}"),
        ("name: x\nteams:\n- id: a", "name: x\nteams:\n- {id: b}"),
    ],
)
def test_teams_are_written_where_they_belong(policy: str, expected: str) -> None:
    assert changed("b,,,,,,", policy=policy).document == expected


def problems(*rows: str, policy: str = POLICY) -> list[str]:
    with pytest.raises(BadInput) as error:
        changed(*rows, policy=policy)
    first, *told = str(error.value).split("\n  ")
    assert first == "teams.csv: no team was taken."
    return told


def test_every_bad_row_is_told_by_its_number() -> None:
    assert problems(
        ROWS[0], "search,,reserach,,,2026-13-01,", "", "a,,,,,,", "a,,,,,,", "b,,,,,2026-02-01,2026-01-01"
    ) == [
        "row 3: there is no team `reserach` under `teams`; did you mean `research`?",
        "row 3: valid_from of team `search` must be a date such as 2025-01-31, not `2026-13-01`",
        (
            "row 6: team `a` is already declared on row 5 for some of the same days; give one of them another id, or a"
            " valid_from and valid_to that do not overlap"
        ),
        "row 7: team `b` ends before it has begun; valid_to is the day after its last day",
    ]
    assert problems("a,b", ",,,,,,x", "c,\x07,,,,,") == [
        "row 2: 2 cells where the header has 7",
        "row 3: team_id is empty",
        "row 4: name has a control character",
    ]
    assert problems() == ["there is no team in it"]


def test_what_the_rest_of_the_policy_says_against_it_is_told_too() -> None:
    policy = "name: x\nteams: [{id: a}]\nrules: [{name: r, team: a}]\n"
    assert problems("b,,,,,,", policy=policy) == [
        "with these teams, policy line 5: there is no team `a` under `teams`; use one of: b"
    ]
    declared = "name: x\ncost_centers: [{id: CC-1}]\nteams: [{id: a}]\n"
    assert problems("a,,,CC-2,,,", policy=declared) == [
        "row 2: there is no cost center `CC-2` under `cost_centers`; did you mean `CC-1`?"
    ]


@pytest.mark.parametrize("header", ["", "id,name", f"{HEAD},more", HEAD.replace("parent", "name")])
def test_a_file_with_other_columns_is_refused(header: str) -> None:
    with pytest.raises(BadInput, match="its first row must name the columns team_id, name, parent"):
        team_change(POLICY, f"{header}\n", "teams.csv")


texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\"',:#{}[]&*!|>%@`=+-"), max_size=12
).map(str.strip)
ids = st.sampled_from(["a", "b", "null", "007", "é 🚀", "- x", "yes: no", "#"])
teams = st.lists(
    st.builds(Team, ids, texts, cost_center=texts.map(lambda text: text or None)),
    min_size=1,
    max_size=5,
    unique_by=lambda team: team.id,
)


@settings(max_examples=60, deadline=None)
@given(before=teams, after=teams)
def test_whatever_teams_are_called_they_come_back_as_they_were(before: list[Team], after: list[Team]) -> None:
    named = [Team(team.id, team.name or team.id, cost_center=team.cost_center) for team in after]
    start = team_change("name: x\nrules: []\n# end\n", file_bytes(before), "f").document
    change = team_change(start, file_bytes(named), "f")
    assert list(parse_policy(change.document).teams) == named
    assert change.document.startswith("name: x\nrules: []\n# end\n")
    assert team_change(change.document, file_bytes(named), "f").document == change.document


@pytest.mark.parametrize("name", ["=1+1", "'=1+1", "''-x", "'quoted'", "@home", "-"])
def test_what_a_spreadsheet_would_run_is_written_as_text_and_read_as_it_was(name: str) -> None:
    team = Team("a", name)
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in file_bytes([team]).splitlines()[1].split(","))
    assert parse_policy(team_change("name: x", file_bytes([team]), "f").document).teams == (team,)


def file_bytes(teams: list[Team]) -> str:
    return team_file_bytes([cells_of(team) for team in teams]).decode()
