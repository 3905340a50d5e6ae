"""`trueup gpu`: the same answers as the API, as tables and as JSON."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import date

import pytest

from app.cli.main import main
from app.db.session import forget_engine, write_session
from app.domain.gpu.minutes import span
from app.domain.gpu.states import WasteState
from app.settings import settings
from tests.app.gpu_books import GpuBooks
from tests.trueup import Trueup

Typed = Callable[..., tuple[int, str]]
DAY = date(2026, 3, 5)
MARCH = ("--start", "2026-03", "--end", "2026-04")


@pytest.fixture
def typed(trueup: Trueup, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Typed]:
    """`trueup gpu …` on a Trueup with a board: exit code and output."""
    monkeypatch.setenv("TRUEUP_DATABASE_URL", trueup.config.database_url or "")
    settings.cache_clear()
    forget_engine()
    with write_session(trueup.engine) as session:
        gpus = GpuBooks(session)
        gpus.waste(DAY, WasteState.PRODUCTIVE, "45", "0.123456789012345678")
        gpus.waste(DAY, WasteState.IDLE_HELD, "15", "0.05", capacity="0.04", confidence="low")
        gpus.hour("2026-03-05T08", "GPU-1", owner={"user_name": "mira"}, active=span(0, 45), activity_avg=0.25)

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["trueup", "gpu", *words])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        told = capsys.readouterr()
        return code, told.out + told.err

    yield run
    forget_engine()
    settings.cache_clear()


def test_waste_ends_in_a_total_and_says_whether_it_ties(typed: Typed) -> None:
    code, told = typed("waste", *MARCH)
    assert code == 0
    assert [line.split()[0] for line in told.splitlines()] == ["state", "idle_held", "productive", "Total", "All"]
    assert "0.173456789012345678" in told
    assert "the GPU part of the bill 0 USD: difference" in told
    assert "No GPU time is paid for" in typed("waste", "--period", "2027-01")[1]


def test_json_has_every_digit(typed: Typed) -> None:
    (block,) = json.loads(typed("waste", *MARCH, "--by", "board", "--json")[1])["blocks"]
    assert block["rows"][0]["amount"] == "0.173456789012345678"
    (row,) = json.loads(typed("utilization", *MARCH, "--json")[1])["rows"]
    assert row["activity_avg"] == 0.25
    (board,) = json.loads(typed("boards", *MARCH, "--json")[1])
    assert (board["gpu_uuid"], board["last_owner"]) == ("GPU-1", "mira")


def test_utilization_and_boards_are_tables(typed: Typed) -> None:
    assert "75.0 %" in typed("utilization", *MARCH, "--by", "node")[1]
    assert "mira" in typed("boards", *MARCH)[1]


def test_a_wrong_question_is_one_line(typed: Typed) -> None:
    code, told = typed("waste", *MARCH, "--by", "colour")
    assert (code, told.count("\n")) == (1, 1)
    assert "'colour'" in told
