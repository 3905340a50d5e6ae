"""A pack as a folder: all of it or none, and nothing lost that was there."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.named_file import NamedFile
from app.errors import Conflict
from app.exports.pack.files import PackFile, StreamedFile
from app.exports.pack.folder import write_pack
from app.exports.pack.pack import Pack
from tests.app.exports.pack.packs import CLOSED


def of(*files: PackFile) -> Pack:
    return Pack(CLOSED, {"trueup": "1"}, iter(files))


def text(name: str, content: str = "x") -> NamedFile:
    return NamedFile(name, "text/plain", content.encode())


def write(pack: Pack, folder: Path, *, force: bool = False) -> int:
    return write_pack(pack, folder, lambda _stage, _done: None, force=force)


def contents(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_manifest_lists_every_file_with_its_bytes(tmp_path: Path) -> None:
    streamed = StreamedFile("big.csv", "text/csv", lambda: iter([b"a", b"b"]))
    assert write(of(text("teams/a.pdf"), streamed), tmp_path / "pack") == 3
    manifest = json.loads((tmp_path / "pack" / "manifest.json").read_text())
    assert [(each["name"], each["bytes"]) for each in manifest["files"]] == [("big.csv", 2), ("teams/a.pdf", 1)]
    assert manifest["files"][0]["sha256"] == "fb8e20fc2e4c3f248c60c39bd652f3c1347298bb977b8b4d5903b85055620603"
    assert manifest["statement"]["sha256"] == CLOSED.sha256


def test_a_pack_takes_the_place_of_a_pack(tmp_path: Path) -> None:
    write(of(text("old.csv"), text("both.csv")), tmp_path / "pack")
    write(of(text("new.csv"), text("both.csv", "y")), tmp_path / "pack")
    assert contents(tmp_path) == {"pack/new.csv", "pack/both.csv", "pack/manifest.json"}
    assert (tmp_path / "pack" / "both.csv").read_text() == "y"


@pytest.mark.parametrize("foreign", ["mine.txt", "deep/mine.txt"])
def test_a_folder_with_other_files_is_refused(tmp_path: Path, foreign: str) -> None:
    write(of(text("a.csv")), tmp_path / "pack")
    (tmp_path / "pack" / foreign).parent.mkdir(exist_ok=True)
    (tmp_path / "pack" / foreign).write_text("mine")
    with pytest.raises(Conflict, match=f"holds '{foreign}'"):
        write(of(text("b.csv")), tmp_path / "pack")
    assert contents(tmp_path / "pack") == {"a.csv", foreign, "manifest.json"}


def test_a_file_that_somebody_changed_is_refused(tmp_path: Path) -> None:
    write(of(text("a.csv")), tmp_path / "pack")
    (tmp_path / "pack" / "a.csv").write_text("with my remarks")
    with pytest.raises(Conflict, match=r"holds 'a\.csv'"):
        write(of(text("a.csv")), tmp_path / "pack")


def test_force_keeps_what_was_there_beside_it(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "mine.txt").write_text("mine")
    write(of(text("a.csv")), tmp_path / "pack", force=True)
    assert contents(tmp_path) == {"pack/a.csv", "pack/manifest.json", "pack.before-1/mine.txt"}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "pack").write_text("a file")
    with pytest.raises(Conflict, match="is no folder"):
        write(of(text("a.csv")), tmp_path / "pack", force=True)


def test_a_pack_that_cannot_be_finished_leaves_nothing(tmp_path: Path) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"half"
        raise OSError("disk full")

    write(of(text("old.csv")), tmp_path / "pack")
    with pytest.raises(OSError, match="disk full"):
        write(of(text("a.csv"), StreamedFile("b.csv", "text/csv", breaking)), tmp_path / "pack")
    assert contents(tmp_path) == {"pack/old.csv", "pack/manifest.json"}
    assert [path.name for path in tmp_path.iterdir()] == ["pack"]
