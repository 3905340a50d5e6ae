"""`trueup chargeback export PERIOD --to DIR`."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.cli.main import main
from app.db.session import engine as configured_engine
from app.db.session import forget_engine
from app.settings import settings
from tests.app.chargeback.months import POLICY, Months, usage
from tests.trueup import Trueup

pytestmark = pytest.mark.slow
Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def typed(trueup: Trueup, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Typed]:
    """`trueup …` on this test's Trueup, with a bill of March: exit code, stdout, stderr."""
    monkeypatch.setenv("TRUEUP_DATABASE_URL", trueup.config.database_url or "")
    monkeypatch.setenv("TRUEUP_PUBLIC_URL", "https://trueup.example")
    settings.cache_clear()
    forget_engine()
    trueup.policy(POLICY)
    Months(trueup, trueup.config.data_dir / "bills").bill(usage("search", "10.01", day="2026-03-02"))

    def run(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["trueup", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return (ended.value.code if isinstance(ended.value.code, int) else 0, said.out, said.err)

    yield run
    configured_engine().dispose()
    forget_engine()


def test_the_pack_is_written_again_but_never_over_other_files(typed: Typed, tmp_path: Path) -> None:
    folder = tmp_path / "march"
    code, said, told = typed("chargeback", "export", "2026-03", "--to", folder)
    assert (code, told) == (0, "")
    assert said == f"Wrote {len(list(folder.rglob('*.*')))} files to {folder}: the draft statement of 2026-03.\n"
    assert (folder / "teams" / "search.pdf").read_bytes().startswith(b"%PDF")
    assert typed("chargeback", "export", "2026-03", "--to", folder)[0] == 0
    (folder / "mine.txt").write_text("mine")
    code, said, told = typed("chargeback", "export", "2026-03", "--to", folder)
    assert (code, said) == (1, "")
    assert "holds 'mine.txt'" in told
    code, said, _ = typed("chargeback", "export", "2026-03", "--to", folder, "--force", "--no-focus", "--json")
    assert json.loads(said)["state"] == "draft"
    assert (tmp_path / "march.before-1" / "mine.txt").read_text() == "mine"


def test_a_file_or_a_folder_but_not_both(typed: Typed, tmp_path: Path) -> None:
    assert typed("chargeback", "export", "2026-03")[0] == 2
    assert typed("chargeback", "export", "2026-03", tmp_path / "a.csv", "--to", tmp_path / "b")[0] == 2
    assert typed("chargeback", "export", "2026-03", "--to", tmp_path / "b", "--metric", "billed_cost")[0] == 2
    assert typed("chargeback", "export", "2026-03", tmp_path / "a.csv")[0] == 0
