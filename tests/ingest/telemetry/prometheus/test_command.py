"""`trueup sources add prometheus`, `trueup ingest run`, `trueup doctor`: as somebody types them."""

import json
import sys
from collections.abc import Callable, Iterator

import pytest

from app.cli.main import main
from app.db.session import engine as configured_engine
from app.db.session import forget_engine
from app.settings import settings
from tests.trueup import Trueup

Typed = Callable[..., tuple[int, str]]


@pytest.fixture
def typed(trueup: Trueup, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Typed]:
    """`trueup …` on this test's Trueup: exit code, stdout and stderr."""
    monkeypatch.setenv("TRUEUP_DATABASE_URL", trueup.config.database_url or "")
    settings.cache_clear()
    forget_engine()

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["trueup", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return (ended.value.code if isinstance(ended.value.code, int) else 0, said.out + said.err)

    yield run
    configured_engine().dispose()
    forget_engine()


def test_a_prometheus_is_added_and_run(typed: Typed, server: str) -> None:
    assert typed("sources", "add", "prometheus", "gpus", "--url", server, "--matchers", 'gpu="0"')[0] == 0
    code, said = typed("ingest", "run", "gpus", "--period", "2025-03", "--json")
    assert code == 0
    outcomes = json.loads(said)
    assert [(each["source"], each["hours"]["facts"], each["hours"]["boards"]) for each in outcomes] == [("gpus", 48, 2)]
    code, said = typed("ingest", "run", "gpus", "--period", "2025-03")
    assert (code, "nothing changed" in said) == (0, True)


def test_what_was_taken_is_said(typed: Typed, server: str) -> None:
    typed("sources", "add", "prometheus", "gpus", "--url", server, "--matchers", 'gpu="0"')
    _, said = typed("ingest", "run", "gpus", "--period", "2025-03")
    assert "2,880 samples" in said
    assert "48 hours of 2 boards from 2025-03-02 00:00 to 2025-03-02 23:00 UTC" in said


def test_the_kinds_are_listed_with_those_of_bills(typed: Typed) -> None:
    code, said = typed("sources", "kinds")
    assert code == 0
    assert {"prometheus", "focus", "dcgm"} <= {line.split()[0] for line in said.splitlines() if line.strip()}
    assert "--team-label" in typed("sources", "kinds", "prometheus")[1]


def test_an_unusable_setting_is_refused(typed: Typed) -> None:
    code, said = typed("sources", "add", "prometheus", "gpus", "--url", "prometheus:9090")
    assert (code, "must begin with http" in said) == (1, True)


def test_the_doctor_says_whether_it_answers_and_what_it_has(typed: Typed, server: str) -> None:
    typed("sources", "add", "prometheus", "gpus", "--url", server)
    _, said = typed("doctor")
    assert "gpus: Prometheus 2" in said or "gpus: Prometheus 3" in said
    assert "has no metric of dcgm-exporter in the last hour" in said  # its day is long over
