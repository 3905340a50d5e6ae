"""`trueup policy` and `trueup teams`."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.cli.main import main
from app.db.session import engine as configured_engine
from app.db.session import forget_engine
from app.domain.policy_yaml.schema import policy_schema
from app.settings import settings
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

Typed = Callable[..., tuple[int, str, str]]
POLICY = """name: house rules
teams:
  - {id: search, name: Search, cost_center: CC-1}
  - {id: speech, name: Speech, cost_center: CC-2}  # since May
rules: [{name: All, team: search}, {name: Late, team: speech}]
"""


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """`trueup …`: exit code, stdout, stderr."""

    def run(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["trueup", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return (ended.value.code if isinstance(ended.value.code, int) else 0, said.out, said.err)

    return run


@pytest.fixture
def typed(trueup: Trueup, words: Typed, monkeypatch: pytest.MonkeyPatch) -> Iterator[Typed]:
    """`trueup …` on this test's Trueup."""
    monkeypatch.setenv("TRUEUP_DATABASE_URL", trueup.config.database_url or "")
    settings.cache_clear()
    forget_engine()
    yield words
    configured_engine().dispose()
    forget_engine()


def test_problems_are_told_all_at_once_as_editors_read_them(words: Typed, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("name: x\nteams: [{id: a}]\nrules:\n  - {name: r, team: b}\n  - {name: s, when: {tag: t}}\n")
    code, said, _ = words("policy", "check", file)
    assert code == 1
    assert said.splitlines() == [
        f"{file}:4: there is no team `b` under `teams`; use one of: a",
        f"{file}:5: a rule must say where its cost goes; add one of team, team_from_tag, pool, unallocated",
        f"{file}:5: a tag has exactly one of equals, in, glob, regex, present; this one has none",
    ]
    code, said, _ = words("policy", "check", file, "--json")
    answer = json.loads(said)
    assert (code, answer["valid"], [each["line"] for each in answer["problems"]]) == (1, False, [4, 5, 5])


def test_warnings_do_not_fail_a_check(words: Typed, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY)
    code, said, _ = words("policy", "check", file)
    assert code == 0
    assert said.splitlines() == [
        (
            f"{file}:5: warning: rule `Late` is never reached: `All` (line 5) takes every charge before it; move it up"
            " or remove it"
        ),
        "house rules: 2 teams, 0 pools, 2 rules. It is valid.",
    ]


def test_the_schema_is_printed(words: Typed) -> None:
    assert json.loads(words("policy", "schema")[1]) == policy_schema()


def test_a_diff_and_teams_from_a_file(trueup: Trueup, typed: Typed, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("10")]))
    file, teams = tmp_path / "policy.yaml", tmp_path / "teams.csv"
    file.write_text(POLICY)
    (move,) = (each for each in json.loads(typed("policy", "diff", file, "--json")[1]) if each["team_id"])
    assert move == {
        "period": "2026-03", "currency": "USD", "team_id": "search", "name": "Search", "before": "0", "after": "10",
        "change": "10",
    }  # fmt: skip
    assert "-10" in typed("policy", "diff", file, "--period", "2026-03", "--period", "2026-02")[1]
    trueup.policy(POLICY)
    assert typed("teams", "export", teams)[1] == f"{teams} is written.\n"
    written = teams.read_text()
    assert written.splitlines()[1] == "search,Search,,CC-1,,,"
    teams.write_text(written.replace("search,Search,,CC-1,,,", "search,Search,,CC-1,,,2026-01-01"))
    code, said, _ = typed("teams", "import", teams, "--dry-run")
    assert code == 0
    assert "changed: search" in said
    assert "Nothing was changed." in said
    assert trueup.costs("team") == {"USD": {"search": 10}}
    assert "The policy is in force as version" in typed("teams", "import", teams)[1]
    assert trueup.costs("team") == {"USD": {"speech": 10}}
    assert typed("teams", "import", teams)[1] == "The policy has these teams already.\n"
    teams.write_text(written.replace("CC-2", "CC-2,more"))
    code, _, told = typed("teams", "import", teams)
    assert (code, told) == (1, "trueup: teams.csv: no team was taken.\n  row 3: 8 cells where the header has 7\n")
