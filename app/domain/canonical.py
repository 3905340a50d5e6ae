"""The canonical form of a statement: the same figures are the same bytes, for ever.

`canonical.csv` has the lines, one row each; `canonical.json` the lines, all that the statement rests on, and the
SHA-256 of the CSV, so that the SHA-256 of the JSON vouches for both. Ids of a database are in neither: what a line
rests on is named by the SHA-256 of its bytes. Nothing here is shared with the exports, which may change: a closed
period's bytes may not. A later form gets a number of its own and leaves this one as it is.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.domain.money import plain
from app.domain.named_file import NamedFile
from app.domain.statement import LineKey, StatementLine

FORM = 1
CSV_NAME, JSON_NAME = "canonical.csv", "canonical.json"

# The order of the columns, and the order of the lines.
_KEY = (
    "billing_currency",
    "invoice_issuer_name",
    "invoice_id",
    "team_id",
    "cost_type",
    "pool_id",
    "service_provider_name",
    "service_name",
    "unit",
    "adjusts_period",
    "adjusts_cost_type",
)
_FIGURES = ("share", "quantity", "exact_amount", "amount", "row_count", "rows_without_value")
_PERIOD, _METRIC = "billing_period_start", "metric"

Cell = str | int | date | Decimal | None
# What makes a spreadsheet read a text as a formula (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class LoadOrigin:
    """A load, by what does not depend on a database: its source and the SHA-256 of each delivery it holds."""

    source: str
    deliveries: tuple[str, ...]


@dataclass(frozen=True)
class Grounds:
    """The policy and the loads that figures rest on."""

    policy_sha256: str | None
    loads: tuple[LoadOrigin, ...]


@dataclass(frozen=True)
class Correction:
    """A closed statement that adjustments correct, and what its period rests on instead by then."""

    billing_period_start: date
    statement_sha256: str
    grounds: Grounds


@dataclass(frozen=True)
class Heading:
    """What a statement is of, and what it rests on."""

    billing_period_start: date
    metric: str
    allocation_version: int
    grounds: Grounds
    fx: tuple[Mapping[str, object], ...] = ()  # the rates into the reporting currency
    corrections: tuple[Correction, ...] = ()


def canonical_files(heading: Heading, lines: Iterable[StatementLine]) -> tuple[NamedFile, NamedFile]:
    """The CSV and the JSON of a statement, in this order. The order of `lines` is of no matter."""
    ordered = _ordered(lines)
    csv = NamedFile(CSV_NAME, "text/csv", _csv(heading, ordered))
    return csv, NamedFile(JSON_NAME, "application/json", _json(heading, ordered, csv.sha256))


@dataclass(frozen=True)
class Difference:
    """The first text line in which two files differ, counted from 1; None where a file has ended before it."""

    file: str
    line: int
    stored: str | None
    rebuilt: str | None


def first_difference(stored: NamedFile, rebuilt: NamedFile) -> Difference | None:
    """Where `rebuilt` begins to differ from `stored`, or None when they are the same, byte for byte."""
    if stored.content == rebuilt.content:
        return None
    old, new = stored.content.split(b"\n"), rebuilt.content.split(b"\n")
    same = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), None)
    at = min(len(old), len(new)) if same is None else same
    return Difference(stored.name, at + 1, _text_at(old, at), _text_at(new, at))


def _text_at(texts: Sequence[bytes], at: int) -> str | None:
    return texts[at].decode(errors="replace") if at < len(texts) else None


def _ordered(lines: Iterable[StatementLine]) -> list[StatementLine]:
    # The figures after the key: should two lines ever share one, their order is still theirs.
    return sorted(lines, key=lambda line: [(cell is not None, _plain(cell) or "") for cell in _cells(line)])


def _cells(line: StatementLine) -> list[Cell]:
    return [*(_key_cell(line.key, name) for name in _KEY), *(getattr(line, name) for name in _FIGURES)]


def _key_cell(key: LineKey, name: str) -> Cell:
    cell: Cell = getattr(key, name)
    return cell


def _plain(cell: Cell) -> str | None:
    match cell:
        case None:
            return None
        case Decimal():
            return plain(cell)
        case date():
            return cell.isoformat()
        case _:
            return str(cell)


def _csv(heading: Heading, lines: Sequence[StatementLine]) -> bytes:
    first: list[Cell] = [heading.billing_period_start, heading.metric]
    rows = [",".join(_csv_cell(cell) for cell in [*first, *_cells(line)]) for line in lines]
    return "".join(f"{row}\n" for row in [",".join((_PERIOD, _METRIC, *_KEY, *_FIGURES)), *rows]).encode()


def _csv_cell(cell: Cell) -> str:
    """Texts in quotes, numbers and days without. A text that a spreadsheet would run gets an apostrophe."""
    text = _plain(cell)
    if text is None:
        return ""
    if not isinstance(cell, str):
        return text
    harmless = f"'{text}" if text.startswith(_FORMULA_STARTS) else text
    return '"' + harmless.replace('"', '""') + '"'


def _json(heading: Heading, lines: Sequence[StatementLine], csv_sha256: str) -> bytes:
    """A member of the heading, an input or a statement line in each line of text, so that a difference is one line."""
    members: list[tuple[str, object]] = [
        ("form", FORM),
        (_PERIOD, heading.billing_period_start.isoformat()),
        (_METRIC, heading.metric),
        ("allocation_version", heading.allocation_version),
        ("policy_sha256", heading.grounds.policy_sha256),
        ("loads", _loads(heading.grounds)),
        ("fx", sorted((dict(sorted(rate.items())) for rate in heading.fx), key=_dumped)),
        ("corrects", [_correction(each) for each in sorted(heading.corrections, key=_period)]),
        ("csv_sha256", csv_sha256),
        ("lines", [_object(line) for line in lines]),
    ]
    return ("{\n" + ",\n".join(_member(name, value) for name, value in members) + "\n}\n").encode()


def _member(name: str, value: object) -> str:
    if isinstance(value, list) and value:
        return f' "{name}": [\n' + ",\n".join(f"  {_dumped(each)}" for each in value) + "\n ]"
    return f' "{name}": {_dumped(value)}'


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _period(correction: Correction) -> date:
    return correction.billing_period_start


def _loads(grounds: Grounds) -> list[object]:
    known = sorted((load.source, sorted(load.deliveries)) for load in grounds.loads)
    return [{"source": source, "deliveries": deliveries} for source, deliveries in known]


def _correction(correction: Correction) -> object:
    return {
        _PERIOD: correction.billing_period_start.isoformat(),
        "statement_sha256": correction.statement_sha256,
        "policy_sha256": correction.grounds.policy_sha256,
        "loads": _loads(correction.grounds),
    }


def _object(line: StatementLine) -> object:
    """A line's cells by name; amounts as text, so that no reader makes a float of them."""
    cells = zip((*_KEY, *_FIGURES), _cells(line), strict=True)
    return {name: cell if isinstance(cell, int) else _plain(cell) for name, cell in cells}
