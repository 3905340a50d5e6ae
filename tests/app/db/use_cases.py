"""The queries of the FOCUS use-case library, asked of the view in Postgres and of DuckDB over the same CSV file.

DuckDB is the oracle: it reads the file's own lines. Where a query has a LIMIT, its ties are anybody's choice, so the
answers are compared without it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml
from sqlalchemy import Engine

from ingest.focus.spec import SINCE_1_0, SINCE_1_1, SINCE_1_2

COLUMNS = (*SINCE_1_0, *SINCE_1_1, *SINCE_1_2)
VIEW = "focus_cost_and_usage"
_LIMIT = re.compile(r"\s+LIMIT (\d+)\s*;?\s*$")
_PARAMETER = re.compile(r"(\S+)\s*(>=|<=|<|=|\|\|)\s*\?")


@dataclass(frozen=True)
class UseCase:
    """A query of the library with what is asked for."""

    name: str
    sql: str
    values: tuple[str, ...]

    @property
    def limit(self) -> int | None:
        found = _LIMIT.search(self.sql)
        return int(found[1]) if found else None

    @property
    def unlimited(self) -> "UseCase":
        return UseCase(self.name, _LIMIT.sub("", self.sql), self.values)


def use_cases(folder: Path, asked: Mapping[str, str]) -> list[UseCase]:
    """Every query in `folder`; `asked` says, by column, what each leaves open, and "since" and "until"."""
    found = []
    for path in sorted(folder.glob("*.yaml")):
        sql = yaml.safe_load(path.read_text(encoding="utf-8"))["sql"]
        values = tuple(asked[_asked(column, operator)] for column, operator in _PARAMETER.findall(sql))
        assert len(values) == sql.count("?")
        found.append(UseCase(path.stem, sql, values))
    return found


def _asked(column: str, operator: str) -> str:
    if column.endswith(("Start", "End")):
        return "since" if operator == ">=" else "until"
    return "tag" if operator == "||" else re.sub(r"\W", "", column).lower()


@dataclass
class Answers:
    """What both said."""

    ran: set[str] = field(default_factory=set)
    different: set[str] = field(default_factory=set)
    empty: set[str] = field(default_factory=set)


def compare(cases: Iterable[UseCase], engine: Engine, lines: duckdb.DuckDBPyConnection) -> Answers:
    answers = Answers()
    for case in cases:
        as_written = in_postgres(case, engine)
        answers.ran.add(case.name)
        ours, theirs = in_postgres(case.unlimited, engine), in_duckdb(case.unlimited, lines)
        assert len(as_written) == min(len(ours), case.limit or len(ours))
        if not theirs:
            answers.empty.add(case.name)
        ratios = {i for row in theirs for i, value in enumerate(row) if isinstance(value, float)}
        if _bag(ours, ratios) != _bag(theirs, ratios):
            answers.different.add(case.name)
    return answers


def in_postgres(case: UseCase, engine: Engine) -> list[tuple[Any, ...]]:
    sql = case.sql.replace("focus_data_table", VIEW).replace("%", "%%").replace("?", "%s")
    with engine.connect() as connection:
        connection.exec_driver_sql("SET TIME ZONE 'UTC'")
        return [tuple(row) for row in connection.exec_driver_sql(sql, case.values)]


def in_duckdb(case: UseCase, lines: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return lines.execute(case.sql, list(case.values)).fetchall()


def lines_of(bill: Path, *, hours_as_days: bool) -> duckdb.DuckDBPyConnection:
    """The lines of a FOCUS 1.2 CSV in DuckDB, every number exact; charge periods widened to whole days if asked."""
    connection = duckdb.connect()
    connection.execute(
        f"CREATE TABLE focus_data_table AS SELECT {', '.join(map(_typed, COLUMNS))}"
        f" FROM read_csv('{bill}', all_varchar = true, nullstr = '')"
    )
    if hours_as_days:
        connection.execute(
            "UPDATE focus_data_table SET ChargePeriodStart = date_trunc('day', ChargePeriodStart),"
            " ChargePeriodEnd = date_trunc('day', ChargePeriodEnd - INTERVAL 1 MICROSECOND) + INTERVAL 1 DAY"
        )
    return connection


def _typed(column: str) -> str:
    kind = "VARCHAR"
    if column.endswith(("Start", "End")):
        kind = "TIMESTAMP"
    elif column.endswith(("Cost", "Price", "Quantity")):
        kind = "DECIMAL(38, 18)"
    elif column in {"Tags", "SkuPriceDetails"}:
        kind = "JSON"
    return f"CAST({column} AS {kind}) AS {column}"


def _bag(rows: Iterable[tuple[Any, ...]], ratios: set[int]) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(_plain(value, ratio=i in ratios) for i, value in enumerate(row)) for row in rows)


def _plain(value: Any, *, ratio: bool) -> Any:
    """A value in one form for both; DuckDB divides into floats, of which ten digits are to be trusted."""
    if ratio and value is not None:
        return f"{float(value):.9e}"
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value
