"""`trueup chargeback lines|status|issue|close|replay`."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from app.cli.main import main
from app.db.session import engine as configured_engine
from app.db.session import forget_engine, write_session
from app.settings import settings
from tests.app.chargeback.months import MARCH, POLICY, Months, usage
from tests.trueup import Trueup

pytestmark = pytest.mark.slow
Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def months(trueup: Trueup, tmp_path: Path) -> Months:
    """March, in which search uses 10.01 and nobody owns 2."""
    trueup.policy(POLICY)
    found = Months(trueup, tmp_path)
    found.bill(usage("search", "10.01", day="2026-03-02"), usage("stray", "2", day="2026-03-02"))
    return found


@pytest.fixture
def typed(months: Months, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Typed]:
    """`trueup chargeback …` on this test's Trueup: exit code, stdout, stderr."""
    monkeypatch.setenv("TRUEUP_DATABASE_URL", months.trueup.config.database_url or "")
    settings.cache_clear()
    forget_engine()

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["trueup", "chargeback", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return (ended.value.code if isinstance(ended.value.code, int) else 0, said.out, said.err)

    yield run
    configured_engine().dispose()
    forget_engine()


def test_a_month_goes_from_draft_to_a_replay(typed: Typed) -> None:
    code, said, _ = typed("lines", "2026-03")
    assert (code, said.splitlines()[0]) == (0, "2026-03  effective_cost  draft")
    assert [said.splitlines()[2].split()[0], said.splitlines()[2].split()[-2]] == ["search", "10.01"]
    lines = json.loads(typed("lines", "2026-03", "--unallocated", "--json")[1])["lines"]
    assert [(line["team_id"], line["amount"]) for line in lines] == [(None, "2")]
    assert typed("close", "2026-03")[0] == 1
    assert typed("issue", "2026-03")[1] == "The statement of 2026-03 is issued.\n"
    assert "nothing has moved since" in typed("issue", "2026-03")[1]
    assert "Nothing speaks against closing it." in typed("status", "2026-03")[1]
    code, said, _ = typed("close", "2026-03")
    sha256 = said.split()[-1]
    assert (code, said) == (0, f"2026-03 is closed. SHA-256 of its canonical form: {sha256}\n")
    assert f"SHA-256 {sha256}" in typed("status", "2026-03")[1]
    assert typed("replay", "2026-03")[:2] == (0, f"2026-03 comes out identical: 2 lines, SHA-256 {sha256}.\n")


def test_a_refusal_is_a_list_and_exit_code_1(months: Months, typed: Typed) -> None:
    months.trueup.policy(POLICY + "close: {unallocated_percent: 5}\n")
    typed("issue", "2026-03")
    code, said, told = typed("close", "2026-03")
    assert (code, said) == (1, "")
    assert told.splitlines()[0] == "trueup: 2026-03 cannot be closed, for a reason; nothing was changed:"
    assert "  - 2 of 12.01 USD is unallocated, and the policy allows 5 % (`close: unallocated_percent`)." in told
    assert "`trueup chargeback lines 2026-03 --unallocated` shows what it is." in told
    code, said, told = typed("close", "2026-03", "--json")
    assert (code, told) == (1, "")
    (blocker,) = json.loads(said)["blockers"]
    assert blocker["code"] == "unallocated"
    assert "Against closing it:\n  - 2 of 12.01 USD" in typed("status", "2026-03")[1]
    assert typed("close", "2026-03", "--override", "")[0] == 1
    assert typed("close", "2026-03", "--override", "nobody knows whose it is")[0] == 0
    assert "Closed against 1 objections: nobody knows whose it is" in typed("status", "2026-03")[1]


def test_a_replay_that_differs_says_where_and_exits_with_1(months: Months, typed: Typed) -> None:
    months.close_all(MARCH)
    with write_session(months.trueup.engine) as session:
        session.execute(text("UPDATE charge SET effective_cost = 3 WHERE effective_cost = 2"))
    code, said, _ = typed("replay", "2026-03")
    assert code == 1
    assert "Its inputs give another canonical.csv, from line 2 on:\n  kept: 2026-03-01" in said
    code, said, _ = typed("replay", "2026-03", "--json")
    assert (code, json.loads(said)["identical"]) == (1, False)
