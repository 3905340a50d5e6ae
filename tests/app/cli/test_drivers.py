"""`trueup drivers import`, from the file to the split of a pool."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app.actions.drivers import post_drivers
from app.actions.sources import change_source
from app.cli.main import main
from app.db.queries.drivers import split_quantities
from app.db.session import engine as configured_engine
from app.db.session import forget_engine, read_session, write_session
from app.domain.policy import DriverSplit, Split
from app.domain.posted_quantity import Item, Taken
from app.domain.viewer import operator
from app.settings import settings
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

Typed = Callable[..., tuple[int, str, str]]
HEADER = "day,name,unit,quantity,team\n"
DAY = date(2026, 3, 5)
POLICY = """
name: by requests
teams: [{id: search}, {id: speech}]
pools: [{id: gateway, split: {driver: requests, fallback: even}}]
rules: [{name: All, pool: gateway}]
"""


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


def test_quantities_split_a_pool_and_a_newer_file_splits_it_anew(trueup: Trueup, typed: Typed, tmp_path: Path) -> None:
    trueup.policy(POLICY)
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("100")]))
    assert trueup.costs("team") == {"USD": {"search": 50, "speech": 50}}
    file = tmp_path / "requests.csv"
    file.write_text(f"{HEADER}2026-03-05,requests,requests,30,search\n2026-03-06,requests,requests,10,speech\n")
    code, said, _ = typed("drivers", "import", file)
    assert (code, said) == (0, "drivers 2026-03: 2 quantities in load 2.\n")
    assert trueup.costs("team") == {"USD": {"search": 75, "speech": 25}}
    assert typed("drivers", "import", file)[1] == "drivers: these bytes are live already; nothing changed.\n"
    file.write_text(f"{HEADER}2026-03-05,requests,requests,1,speech\n")
    (load,) = json.loads(typed("drivers", "import", file, "--source", "drivers", "--json")[1])["loads"]
    assert (load["load_id"], load["replaced"], load["drivers"]) == (3, 2, 1)
    assert trueup.costs("team") == {"USD": {"speech": Decimal(100)}}


def test_the_only_source_of_quantities_is_meant_and_of_several_none(typed: Typed, tmp_path: Path) -> None:
    file = tmp_path / "seats.csv"
    file.write_text(f"{HEADER}2026-03-05,seats,seats,30,search\n")
    typed("drivers", "import", file, "--source", "licences")
    assert typed("drivers", "import", file)[1].startswith("licences: these bytes are live already")
    assert typed("ingest", "file", file, "--format", "drivers", "--source", "more")[0] == 0
    code, _, problem = typed("drivers", "import", file)
    assert (code, "2 sources fit (licences, more)" in problem) == (1, True)


def test_a_file_that_cannot_be_used_is_told_row_by_row(typed: Typed, tmp_path: Path) -> None:
    file = tmp_path / "requests.csv"
    file.write_text(f"{HEADER}2026-03-05,requests,requests,many,search\n")
    code, said, problem = typed("drivers", "import", file)
    assert (code, said) == (1, "")
    assert "row 2: quantity 'many' is not a number" in problem


def posted(trueup: Trueup, **amounts: str) -> Taken:
    """Requests of teams on 5 March, posted under the team's name."""
    with write_session(trueup.engine) as session:
        items = [
            Item("app", team, DAY, "requests", "requests", amount, None, {"team": team})
            for team, amount in amounts.items()
        ]
        return post_drivers(session, operator(), trueup.config, items)


def test_a_post_splits_a_pool_anew_and_the_split_before_can_be_worked_out_again(trueup: Trueup, tmp_path: Path) -> None:
    trueup.policy(POLICY)
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("100")]))
    (before,) = posted(trueup, search="3", speech="1").loads
    assert trueup.costs("team") == {"USD": {"search": 75, "speech": 25}}
    posted(trueup, search="1")
    assert trueup.costs("team") == {"USD": {"search": 50, "speech": 50}}
    with read_session(trueup.engine) as session:
        kept = split_quantities(session, DriverSplit("requests", Split.EVEN), before.period, [before.load_id])
    assert {each.value: each.quantity for each in kept} == {"search": 3, "speech": 1}


def test_what_was_posted_adds_to_a_file_until_the_next_file_stands_for_the_month(
    trueup: Trueup, tmp_path: Path
) -> None:
    file = tmp_path / "app.csv"
    file.write_text(f"{HEADER}2026-03-06,requests,requests,10,search\n")
    trueup.ingest(file, source="app", file_format="drivers")
    posted(trueup, search="1", speech="2")
    assert live(trueup) == 13
    trueup.ingest(file, source="app")
    assert live(trueup) == 10


def test_a_file_adds_to_what_was_posted_where_the_source_says_so(trueup: Trueup, tmp_path: Path) -> None:
    posted(trueup, search="1", speech="2")
    with write_session(trueup.engine) as session:
        adds = {"delivery_handling": "Append", "correction_handling": "Delta"}
        change_source(session, operator(), "app", adds)
    file = tmp_path / "app.csv"
    file.write_text(f"{HEADER}2026-03-06,requests,requests,10,search\n")
    trueup.ingest(file, source="app")
    assert live(trueup) == 13
    assert posted(trueup, search="0").replaced == 1
    assert live(trueup) == 12


def live(trueup: Trueup) -> Decimal:
    query = "SELECT sum(quantity) FROM driver JOIN load ON load.id = load_id WHERE state = 'live'"
    return Decimal(trueup.scalar(query))
