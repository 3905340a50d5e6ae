"""What the papers say is there, is there: commands, settings, paths, links, and policies that can be applied."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from app.cli.main import app as cli
from app.domain.policy_document import parse_policy
from app.main import create_app
from app.settings import Settings
from ingest.source_kinds import SOURCE_KINDS
from ingest.source_kinds import source_kind as find_kind

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAPERS = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
DECISIONS = sorted((DOCS / "decisions").glob("*.md"))


def names(papers: list[Path]) -> list[str]:
    return [str(paper.relative_to(ROOT)) for paper in papers]


def fences(text: str, language: str = "") -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def code_of(paper: Path) -> Iterator[str]:
    """Every line of code and every code span."""
    text = paper.read_text(encoding="utf-8")
    for block in fences(text):
        yield from block.splitlines()
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    yield from (line.strip() for line in prose.splitlines() if line.startswith("    "))
    yield from (" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose))


def command_line(code: str) -> list[str] | None:
    """The words of a `trueup …` command, up to a comment or the end of what is quoted; None where there is none."""
    found = re.search(r"(?:^|[\s/(])trueup ((?:[a-z]|--).*)", code)
    return re.split(r"\s#|[)\"]", found[1])[0].split() if found else None


def unknown_in(words: list[str]) -> str | None:
    """The first word of a command line that the command does not know."""
    command = typer.main.get_command(cli)
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        name, *words = words
        if name not in command.commands:
            return name
        command = command.commands[name]
    known = {option for parameter in command.params for option in parameter.opts + parameter.secondary_opts}
    if command.callback and command.callback.__module__ == "app.cli.sources":
        known |= settings_of(words[0] if words and words[0] in SOURCE_KINDS else None)
    return next((word for word in words if word.startswith("--") and word not in known | {"--help"}), None)


@cache
def settings_of(kind: str | None) -> frozenset[str]:
    """The options that a kind of source has, or, where none is named, any of them."""
    fields = [field for each in ([kind] if kind else SOURCE_KINDS) for field in find_kind(each).settings.model_fields]
    return frozenset(f"--{no}{field.replace('_', '-')}" for field in fields for no in ("", "no-"))


@pytest.mark.parametrize("paper", PAPERS, ids=names(PAPERS))
def test_every_command_exists(paper: Path) -> None:
    commands = {code: words for code in code_of(paper) if (words := command_line(code))}
    assert {code: unknown for code, words in commands.items() if (unknown := unknown_in(words))} == {}


def test_every_setting_is_documented_and_no_other() -> None:
    settings = {f"TRUEUP_{name.upper()}" for name in Settings.model_fields}
    documented = set(re.findall(r"TRUEUP_[A-Z_]+", (DOCS / "operations.md").read_text(encoding="utf-8")))
    assert documented == settings


@pytest.mark.slow
def test_the_api_guide_names_every_path_and_no_other() -> None:
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    paths = set(create_app().openapi()["paths"])
    named = {f"/api/v1{path}" for path in re.findall(r"(?:\$API|/api/v1)(/[A-Za-z0-9_./-]+)", text)}

    def fits(path: str, name: str) -> bool:
        # What stands for a month or a key has a digit; a team is named after `teams/`, a file after `files/`.
        pattern = re.sub(
            r"\\{(\w+)\\}", lambda part: "[^/]+" if part[1] in {"team", "name"} else r"[^/]*\d[^/]*", re.escape(path)
        )
        return re.fullmatch(pattern, name) is not None

    assert [name for name in named if not any(fits(path, name) for path in paths)] == []
    reports = {path for path in paths if not path.endswith((".csv", ".xlsx", ".parquet"))}
    assert [path for path in sorted(reports) if not any(fits(path, name) for name in named)] == []


def test_every_policy_in_the_guide_can_be_applied() -> None:
    documents = fences((DOCS / "policy.md").read_text(encoding="utf-8"), "yaml")
    assert documents
    for document in documents:
        parse_policy(document)


@pytest.mark.parametrize("paper", PAPERS, ids=names(PAPERS))
def test_every_link_leads_somewhere(paper: Path) -> None:
    targets = re.findall(r"(?<!!)\[[^\]]*\]\(([^)#]+)[^)]*\)", paper.read_text(encoding="utf-8"))
    inside = [target for target in targets if not target.startswith("http")]
    assert [target for target in inside if not (paper.parent / target).exists()] == []


def test_the_index_lists_every_decision_by_its_own_number() -> None:
    numbers = [decision.name.split("-")[0] for decision in DECISIONS]
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    assert [decision.name for decision in DECISIONS if f"(decisions/{decision.name})" not in index] == []
