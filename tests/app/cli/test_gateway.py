"""`trueup drivers` and `trueup gateway`, from a gateway's logs and a vendor's answers to lines on a terminal."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.cli.main import main
from app.db.session import engine as configured_engine
from app.db.session import forget_engine
from app.settings import settings
from tests.app.gateway_files import MODEL, a_log, bring_logs, bring_openai, bucket, cost, usage
from tests.trueup import Trueup

pytestmark = pytest.mark.slow
Typed = Callable[..., tuple[int, str, str]]
POLICY = """
name: x
teams: [{id: search}, {id: data}]
pools: [{id: llm, name: Models, split: {driver: gateway_spend, fallback: even}}]
rules: [{name: OpenAI, when: {column: ServiceProviderName, equals: OpenAI}, pool: llm}]
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


@pytest.fixture
def may(trueup: Trueup, tmp_path: Path) -> None:
    trueup.policy(POLICY)
    logs = [
        a_log("r-1", "2026-05-01", "3", {"input": 100, "output": 1}, team_id="search", api_key="k1"),
        a_log("r-2", "2026-05-02", "1", {"input": 50}, team_id="lost", api_key="k2"),
        a_log("r-3", "2026-05-02", "7", custom_llm_provider="groq"),
    ]
    bring_logs(trueup, tmp_path / "logs.jsonl", *logs)
    day = (cost("200", f"{MODEL}, input"), usage({"input": 100}))
    bring_openai(trueup, tmp_path / "may.json", bucket("2026-05-01", *day))


def cells(said: str) -> list[list[str]]:
    return [line.split() for line in said.splitlines()]


def test_drivers_are_listed_and_shown(may: None, typed: Typed) -> None:
    code, said, _ = typed("drivers", "list")
    assert code == 0
    assert [
        "gateway_spend",
        "USD",
        "gateway",
        "2026-05-01",
        "2026-05-02",
        "2",
        "api_key",
        "model",
        "provider",
        "team",
    ] in cells(said)
    asked = ("drivers", "show", "--name", "tokens", "--start", "2026-05", "--end", "2026-06")
    _, said, _ = typed(*asked, "--by", "source", "--by", "token_class", "--filter", f"model=openai/{MODEL}")
    assert cells(said) == [
        ["source", "token_class", "unit", "quantity"],
        ["gateway", "input", "tokens", "150"],
        ["gateway", "output", "tokens", "1"],
        ["Total", "tokens", "151"],
    ]
    _, said, _ = typed(*asked, "--granularity", "day", "--filter", "source=gateway")
    assert cells(said)[1:3] == [["2026-05-01", "tokens", "101"], ["2026-05-02", "tokens", "50"]]
    answer = json.loads(typed(*asked, "--json")[1])
    assert answer["totals"] == [{"unit": "tokens", "quantity": "251"}]
    code, _, told = typed("drivers", "show", "--name", "token", "--start", "2026-05", "--end", "2026-06")
    assert (code, told) == (
        1,
        "trueup: There is no driver 'token' that you may see. There are gateway_spend, requests, tokens.\n",
    )
    assert len(json.loads(typed("drivers", "list", "--json")[1])) == 5


def test_the_variance_is_told_by_model_and_day(may: None, typed: Typed) -> None:
    _, said, _ = typed("gateway", "variance", "2026-05", "--days")
    assert ["OpenAI", "2026-05", "USD"] in cells(said)
    # Billed 2 dollars a token; an output token has no price, so what is left cannot be told apart.
    assert [MODEL, "On", "both", "sides", "4", "200", "196", "0", "-1", "0", "0", "0", "197"] in cells(said)
    assert ["2026-05-02", "1", "0", "-1", "0", "-1", "0", "0", "0", "0"] in cells(said)
    assert "Groq: 7 USD estimated, not compared. No bill of this provider is live in the month." in said
    report = json.loads(typed("gateway", "variance", "2026-05", "--json")[1])
    assert report["vendors"][0]["amounts"]["variance"] == "196"


def test_the_invoice_is_told_by_team_and_key(may: None, typed: Typed) -> None:
    _, said, _ = typed("gateway", "allocation", "2026-05")
    assert ["search", "k1", MODEL, "3", "150"] in cells(said)
    assert ["lost", "k2", MODEL, "1", "50"] in cells(said)
    assert ["Total", "200"] in cells(said)
    assert json.loads(typed("gateway", "allocation", "2026-05", "--json")[1])["invoices"][0]["unit"] == "USD"


def test_without_a_gateway_the_way_to_one_is_told(typed: Typed) -> None:
    for what in ("variance", "allocation"):
        assert "No gateway has handed over what it logged" in typed("gateway", what, "2026-05")[1]


def test_chargeback_tells_how_a_pool_was_split(may: None, typed: Typed) -> None:
    _, said, _ = typed("chargeback", "show", "2026-05")
    assert "Models is split by gateway_spend; left out, for no team that pays: 8 USD (no team, lost)." in said
