"""YAML files that people write for a source (a mapping, a rate card): read by line, kept as text in its settings."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from app.domain.policy import PolicyProblem
from app.domain.policy_yaml.nodes import load
from app.errors import BadInput

LARGEST = 4 << 20  # bytes


def root_of(text: str, what: str) -> yaml.Node:
    """The root node of a document. Raises BadInput, with the line, when it is no YAML."""
    if not text.strip():
        raise BadInput(f"{what} is empty. Write it as docs/sources describes.")
    root = load(text)
    if isinstance(root, PolicyProblem):
        raise refusal(what, [root])
    return root


def refusal(what: str, problems: Iterable[PolicyProblem]) -> BadInput:
    """The error that tells everything that is wrong with a document, by line."""
    found = [str(problem) for problem in sorted(set(problems))]
    count = "a problem" if len(found) == 1 else f"{len(found)} problems"
    return BadInput("\n  ".join([f"{what} has {count}; nothing was changed:", *found]))


def with_text(data: Any, *, path_field: str, text_field: str) -> Any:
    """Settings in which the content of the file at `path_field` stands at `text_field`, and the path no more.

    A source keeps the content, so that what it did can be done again when the file has changed or gone; who names a
    file anew has it read anew. Raises BadInput when the file cannot be read.
    """
    if not isinstance(data, Mapping) or not data.get(path_field):
        return data
    return {**data, path_field: None, text_field: text_of(Path(data[path_field]))}


def text_of(path: Path) -> str:
    """The text of a file. Raises BadInput when there is none."""
    try:
        if path.stat().st_size > LARGEST:
            raise BadInput(f"{path.name} has more than {LARGEST >> 20} MiB. Check that it is the YAML file.")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as a text file in UTF-8 ({error}). Check the path.") from error
