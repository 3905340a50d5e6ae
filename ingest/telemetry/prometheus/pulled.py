"""What was pulled, and how it is kept: `pull.json` says what was asked of whom, beside an answer in each other file."""

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from app.errors import BadInput
from ingest.files import SourceFile
from ingest.telemetry.prometheus.questions import Stat

DESCRIPTION = "pull.json"
SUFFIX = ".json.gz"


@dataclass(frozen=True)
class Kept:
    """An answer that was kept, and the question."""

    file: str
    stat: Stat
    metric: str
    query: str
    start: int
    end: int
    step: int
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Pull:
    """The window, who answered, and every question with the file of its answer."""

    start: int  # seconds since 1970, a whole hour
    end: int  # not in it
    server: str  # its address, without credentials
    version: str
    dialect: str
    holds_start: bool  # whether its ranges hold their first moment
    scrape_interval: int  # seconds
    node_label: str | None
    team_label: str
    answers: tuple[Kept, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the server warned of, each once."""
        return tuple(dict.fromkeys(warning for kept in self.answers for warning in kept.warnings))


_PULL = TypeAdapter(Pull)


def read_pull(files: Sequence[SourceFile]) -> tuple[Pull, Iterator[tuple[Kept, list[dict[str, Any]]]]]:
    """The description among `files`, and each answer with its series, one at a time.

    Raises BadInput when the description or an answer that it names is not there, or cannot be read.
    """
    by_name = {file.name.rsplit("/", 1)[-1]: file for file in files}
    if DESCRIPTION not in by_name:
        raise BadInput(f"There is no {DESCRIPTION} among the files. Hand over the whole folder of a pull.")
    try:
        told = _PULL.validate_json(by_name[DESCRIPTION].path.read_bytes())
    except ValidationError as error:
        raise BadInput(f"{DESCRIPTION} is no description of a pull: {error.errors()[0]['msg']}.") from None
    missing = [kept.file for kept in told.answers if kept.file not in by_name]
    if missing:
        raise BadInput(f"{missing[0]} is not among the files. Hand over the whole folder of a pull.")
    return told, ((kept, _series(by_name[kept.file])) for kept in told.answers)


def _series(file: SourceFile) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = orjson.loads(gzip.decompress(file.path.read_bytes()))["data"]["result"]
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{file.name} is no answer of a Prometheus ({error!r}). Pull it again.") from error
    return found
