"""Budgets as a CSV file, or a list of the same cells. Either every row can be used or none is; each bad one is told.

team_id, period, currency, amount, thresholds; the last may be left out. Thresholds are percentages: `50 80 100`.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.domain.budget import DEFAULT_THRESHOLDS, Budget, rising
from app.domain.csv_file import header_and_rows
from app.domain.invoice_cells import WrongCellError, text_of, value_of
from app.errors import BadInput

COLUMNS = ("team_id", "period", "currency", "amount", "thresholds")
_OPTIONAL = frozenset({"thresholds"})
_READ_AS = {"period": "billing_period_start", "currency": "billing_currency"}
_BETWEEN = re.compile(r"[\s,;|]+")
Row = Mapping[str, str | None]


@dataclass(frozen=True)
class _Reader:
    """Turns rows into budgets and collects what is wrong with them."""

    teams: Collection[str]
    found: dict[tuple[str, date, str], tuple[int, Budget]]
    problems: list[str]

    def take(self, number: int, row: Row) -> None:
        wrong: list[str] = []
        values = {name: _value(name, row.get(name), wrong) for name in COLUMNS}
        team_id = values["team_id"]
        if isinstance(team_id, str) and team_id not in self.teams:
            wrong.append(f"the policy in force has no team '{team_id}'")
        if not wrong:
            self._keep(number, values, wrong)
        self.problems.extend(f"row {number}: {each}" for each in wrong)

    def _keep(self, number: int, values: Mapping[str, object], wrong: list[str]) -> None:
        try:
            budget = Budget(*values.values())  # type: ignore[arg-type]
        except BadInput as error:
            wrong.append(str(error))
            return
        before, _ = self.found.setdefault(budget.identity, (number, budget))
        if before != number:
            wrong.append(f"the same team, period and currency as row {before}")


def budgets_of(text: str, name: str, teams: Collection[str]) -> tuple[Budget, ...]:
    """The budgets in the CSV `text` called `name`. Raises BadInput with every bad row; `teams` are those there are."""
    header, lines = header_and_rows(text, name)
    columns = [each.strip().casefold() for each in header]
    missing = [each for each in COLUMNS if columns.count(each) != 1 and (each not in _OPTIONAL or each in columns)]
    unknown = [each for each in columns if each not in COLUMNS]
    if missing or unknown:
        raise BadInput(f"{name}: its first row must name the columns {', '.join(COLUMNS)}, each once, and no other.")
    reader = _Reader(teams, {}, [])
    for number, line in enumerate(lines, start=2):
        if len(line) == len(columns):
            if any(line):
                reader.take(number, dict(zip(columns, line, strict=True)))
        elif line:
            reader.problems.append(f"row {number}: {len(line)} cells where the header has {len(columns)}")
    return _all_of(reader, name)


def budgets_listed(rows: Iterable[Row], name: str, teams: Collection[str]) -> tuple[Budget, ...]:
    """The budgets in a list of `rows` under the file's names, counted from 1. Raises BadInput as `budgets_of`."""
    reader = _Reader(teams, {}, [])
    for number, row in enumerate(rows, start=1):
        reader.take(number, row)
    return _all_of(reader, name)


def thresholds_of(text: str | None) -> tuple[Decimal, ...]:
    """The percentages written as `50,80,100`; the default ones of nothing. Raises WrongCellError."""
    parts = [part.removesuffix("%") for part in _BETWEEN.split((text or "").strip()) if part]
    return rising(_number(part) for part in parts) if parts else DEFAULT_THRESHOLDS


def _value(name: str, cell: str | None, wrong: list[str]) -> object:
    text = text_of(cell)
    try:
        if name in _OPTIONAL:
            return thresholds_of(text)
        if text is not None:
            return value_of(_READ_AS.get(name, name), text)
        wrong.append(f"{name} is empty")
    except WrongCellError as error:
        wrong.append(f"{name} {error}")
    return None


def _number(text: str) -> Decimal:
    number = value_of("amount", text)
    assert isinstance(number, Decimal)
    return number


def _all_of(reader: _Reader, name: str) -> tuple[Budget, ...]:
    if not reader.found and not reader.problems:
        reader.problems.append("there is no budget in it")
    _refuse(reader.problems, name)
    return tuple(budget for _, budget in reader.found.values())


def _refuse(problems: Sequence[str], name: str) -> None:
    """Raises BadInput with all of `problems`, if there are any: who mends a file wants to mend it once."""
    if problems:
        raise BadInput("\n  ".join([f"{name}: no budget was set.", *problems]))
