"""The manifest of a finance pack: every other file with its SHA-256, and what made it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version

from app.domain.named_file import NamedFile
from app.exports.pack.files import Listed
from app.reports.finance_pack import StatementFacts

NAME = "manifest.json"
FORM = 1
# What the bytes of XLSX, PDF and Parquet depend on beside the figures.
_WRITERS = ("trueup", "xlsxwriter", "typst", "manimgx-fonts", "manimgx-fonts-cjk", "pyarrow")


def versions() -> dict[str, str]:
    """The versions of what writes the files now."""
    return {name: version(name) for name in _WRITERS}


def manifest(statement: StatementFacts, wrote: Mapping[str, str], files: Iterable[Listed]) -> NamedFile:
    """The manifest of a pack of `files`, of which those that are kept were written by the versions `wrote`."""
    data = {
        "form": FORM,
        "billing_period_start": statement.period.start.isoformat(),
        "statement": _statement(statement),
        "versions": dict(wrote),
        "files": [asdict(file) for file in sorted(files, key=lambda file: file.name)],
    }
    return NamedFile(NAME, "application/json", (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode())


def _statement(statement: StatementFacts) -> dict[str, object]:
    return {
        "id": statement.id,
        "state": statement.state.value,
        "metric": statement.metric,
        "sha256": statement.sha256,
        "allocation_version": statement.allocation_version,
        "policy_version": statement.policy_version,
        "policy_sha256": statement.policy_sha256,
        "drawn_at": _moment(statement.drawn_at),
        "issued_at": _moment(statement.issued_at),
        "issued_by": statement.issued_by,
        "closed_at": _moment(statement.closed_at),
        "closed_by": statement.closed_by,
        "override_reason": statement.override_reason,
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
