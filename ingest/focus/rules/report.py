"""Which rules of FOCUS a delivery breaks, with how many rows and one example of each. It warns; it changes nothing.

Dimensions are judged once for each distinct combination (the first line of each charge key, as `ingest.bill` found
them), numbers and instants on every row.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ibis.backends.duckdb import Backend

from app.domain.charge import KEY_COLUMNS
from ingest.delivery import OpenDelivery
from ingest.engine.duckdb import FILE, FILE_OF_POSITION, POSITION, ROW, quoted
from ingest.finding import Finding
from ingest.focus.lines import PLACE, UNREADABLE
from ingest.focus.rules.cells import Cells
from ingest.focus.rules.examples import ROW_OF_POSITION, places, told
from ingest.focus.rules.layout_rules import Columns, layout_findings
from ingest.focus.rules.rule import FIRST, LAST, Clause, OneParent, Rule
from ingest.focus.rules.table import ONE_PARENT, RULES, applies
from ingest.focus.rules.tally import Broken, tally
from ingest.focus.spec import layout, snake

_FOCUS = "FOCUS "
# A bill in a vendor's own format becomes FOCUS of this version.
_MAPPED_TO = "1.2"
# The columns that a charge key tells apart (ProviderName is our service_provider_name before FOCUS 1.3).
_BY_KEY = {*KEY_COLUMNS, "provider_name", "tags"}
# DuckDB takes four times as long over 150 conditions in one query as over four queries with a share of them each.
_AT_ONCE = 40


def rule_findings(backend: Backend, delivery: OpenDelivery) -> tuple[Finding, ...]:
    """The rules that a delivery breaks, after `read_bill` has read it with the same backend.

    What the kind of its source noted comes first. A bill in a vendor's own format is judged by what its rows say, not
    by how they are written: it never claimed to be FOCUS.
    """
    notes = delivery.notes
    if not delivery.has_charges:
        return notes
    columns = _columns(delivery)
    cells = columns.cells
    is_focus = delivery.version.startswith(_FOCUS)
    rules = [rule for rule in RULES if _judged(rule, columns, is_focus=is_focus)]
    parents = [rule for rule in ONE_PARENT if applies(rule, columns.version) and rule.column in cells.names]
    by_key = [rule for rule in rules if _is_by_key(rule.columns)]
    by_row = [rule for rule in rules if rule not in by_key]
    backend.raw_sql(f"CREATE OR REPLACE TEMP VIEW rule_row AS {backend.compile(delivery.focus)}")
    _read_keys(backend, delivery, cells, _dimensions_of([*rules, *parents]))
    broken = [
        *_tally_keys(backend, cells, by_key),
        *tally(backend, "rule_row", cells, _possible(backend, cells, by_row), weight=None),
        *_two_parents(backend, cells, parents),
    ]
    found = _findings(backend, delivery, cells, broken)
    if not is_focus:
        return (*notes, *found)
    (rows,) = backend.raw_sql("SELECT sum(row_count)::BIGINT FROM rolled").fetchone()
    return (*notes, *layout_findings(columns, rows), *found)


def _columns(delivery: OpenDelivery) -> Columns:
    found = layout(tuple(name for name in delivery.focus.columns if name not in {*PLACE, UNREADABLE}))
    schema = delivery.focus.schema()
    version = delivery.version.removeprefix(_FOCUS) if delivery.version.startswith(_FOCUS) else _MAPPED_TO
    return Columns(
        Cells(found.columns, {name: schema[written] for name, written in found.columns.items()}),
        found.extras,
        typed=not any(each.rewritten for each in delivery.files),
        version=version if FIRST <= version <= LAST else _MAPPED_TO,
    )


def _judged(rule: Rule, columns: Columns, *, is_focus: bool) -> bool:
    """Whether a rule is one of this version, about a column that is there, and about FOCUS or any bill."""
    return applies(rule, columns.version) and rule.column in columns.cells.names and (is_focus or not rule.as_written)


def _dimensions_of(rules: Iterable[Rule | OneParent]) -> set[str]:
    return {name for rule in rules for name in rule.columns if _is_by_key([name])}


def _read_keys(backend: Backend, delivery: OpenDelivery, cells: Cells, wanted: Iterable[str]) -> None:
    """Puts the first line of each charge key, with how many lines have it, where `rule_key` is."""
    columns = "".join(f", f.{cells.raw(name)}" for name in sorted(wanted) if name in cells.names)
    numbers = backend.raw_sql(f"SELECT DISTINCT {FILE_OF_POSITION} FROM line_key").fetchall()
    files = ", ".join(quoted(str(delivery.files[number].parquet)) for (number,) in numbers)
    backend.raw_sql(
        f"CREATE OR REPLACE TEMP TABLE rule_key AS SELECT k.{POSITION}, k.row_count{columns} FROM rule_row AS f"
        # By row as well as by position: what is no candidate is then not even decompressed.
        f" JOIN (SELECT *, {ROW_OF_POSITION} AS {ROW} FROM line_key) AS k"
        f" ON f.{ROW} = k.{ROW} AND f.{POSITION} = k.{POSITION} WHERE f.{FILE} IN ({files})"
    )


def _tally_keys(backend: Backend, cells: Cells, rules: Sequence[Rule]) -> Iterator[Broken]:
    for start in range(0, len(rules), _AT_ONCE):
        yield from tally(backend, "rule_key", cells, rules[start : start + _AT_ONCE], weight="row_count")


def _possible(backend: Backend, cells: Cells, rules: Sequence[Rule]) -> list[Rule]:
    """Those rules of rows whose dimensions occur: a bill without credits need not be read for rules about credits."""
    dimensions = {rule: replace(rule, broken=tuple(map(_of_dimensions, rule.broken))) for rule in rules}
    found = {each.rule for each in _tally_keys(backend, cells, list(dict.fromkeys(dimensions.values())))}
    return [rule for rule in rules if dimensions[rule] in found]


def _of_dimensions(clause: Clause) -> Clause:
    return tuple(term for term in clause if _is_by_key(term.fact.columns))


def _is_by_key(columns: Iterable[str]) -> bool:
    return all(snake(name) in _BY_KEY for name in columns)


def _two_parents(backend: Backend, cells: Cells, rules: Iterable[OneParent]) -> Iterator[Broken]:
    for rule in rules:
        child, parent = cells.text(rule.column), cells.text(rule.parent)
        present = f"NOT {cells.null(rule.column)} AND NOT {cells.null(rule.parent)}"
        rows, first = backend.raw_sql(
            f"SELECT sum(rows)::BIGINT, min(first) FROM (SELECT sum(row_count) AS rows, min({POSITION}) AS first"
            f" FROM rule_key WHERE {present} GROUP BY {child} HAVING count(DISTINCT {parent}) > 1)"
        ).fetchone()
        if rows:
            yield Broken(rule, rows, first)


def _findings(backend: Backend, delivery: OpenDelivery, cells: Cells, broken: Sequence[Broken]) -> Iterator[Finding]:
    wanted: dict[int, set[str]] = {}
    for each in broken:
        wanted.setdefault(each.first, set()).update(each.rule.columns)
    found = places(backend, delivery, "rule_row", cells, wanted)
    for each in broken:
        place, rule = found[each.first], each.rule
        yield Finding(
            rule.kind,
            rule.column,
            rule.words,
            each.rows,
            told(place, rule.columns),
            rule.ids[0] if rule.ids else None,
            place.file,
            place.row_number,
        )
