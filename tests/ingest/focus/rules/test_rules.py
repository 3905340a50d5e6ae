"""Every rule of rows is broken by a row made to break it, and kept by each twin that differs in one thing."""

from collections.abc import Iterator, Sequence

import ibis.expr.datatypes as dt
import pytest
from ibis.backends.duckdb import Backend

from ingest.focus.rules.cells import Cells
from ingest.focus.rules.columns import COLUMN_RULES
from ingest.focus.rules.facts import NoColumn
from ingest.focus.rules.rule import Clause, Rule, Term
from ingest.focus.rules.table import RULES
from ingest.focus.rules.tally import tally
from tests.ingest.bills import Row
from tests.ingest.focus.rules.rows import COVERED, duckdb
from tests.ingest.focus.rules.seeds import seeded

NAMES = tuple(each.name for each in COLUMN_RULES)
CASES = [(rule, clause) for rule in RULES for clause in rule.broken]


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    with duckdb(tmp_path_factory.mktemp("rules")) as opened:
        yield opened


def with_terms(clause: Clause, flipped: Term | None) -> Row:
    """A row for which every term holds, save for one that is flipped."""
    row = COVERED
    for term in clause:
        row = seeded(row, term.fact, so=term.so)
    return row if flipped is None else seeded(row, flipped.fact, so=not flipped.so)


def is_broken(backend: Backend, rule: Rule, row: Row, hidden: Sequence[str]) -> bool:
    names = [name for name in NAMES if name not in hidden]
    columns = ", ".join(f'{_literal(row.get(name))} AS "{name}"' for name in names)
    cells = Cells({name: name for name in names}, dict.fromkeys(names, dt.string))
    relation = f"(SELECT {columns}, 7::BIGINT AS trueup_position)"
    found = tally(backend, relation, cells, [rule], weight=None)
    assert found in ([], [type(found[0])(rule, 1, 7)] if found else [])
    return bool(found)


def _literal(value: str | None) -> str:
    return "NULL::VARCHAR" if value is None else "'" + value.replace("'", "''") + "'"


def hidden_by(clause: Clause, flipped: Term | None) -> list[str]:
    """The columns that must not be there."""
    return [term.fact.column for term in clause if isinstance(term.fact, NoColumn) and term.so is not (term is flipped)]


@pytest.mark.parametrize(("rule", "clause"), CASES, ids=[f"{r.column}-{r.kind}-{n}" for n, (r, _) in enumerate(CASES)])
def test_a_rule_is_broken_by_its_seed_and_by_no_twin(backend: Backend, rule: Rule, clause: Clause) -> None:
    assert is_broken(backend, rule, with_terms(clause, None), hidden_by(clause, None))
    for term in clause:
        assert not is_broken(backend, rule, with_terms(clause, term), hidden_by(clause, term)), term


def test_a_text_that_no_type_can_hold_is_not_looked_for(backend: Backend) -> None:
    numbers = Cells({"BilledCost": "BilledCost"}, {"BilledCost": dt.Decimal(20, 10)})
    written = [rule for rule in RULES if rule.column == "BilledCost" and rule.kind == "number"]
    relation = '(SELECT 1::DECIMAL(20, 10) AS "BilledCost", 0::BIGINT AS trueup_position)'
    assert len(written) == 1
    assert tally(backend, relation, numbers, written, weight=None) == []


def test_every_rule_says_what_is_wrong_in_its_own_words() -> None:
    said = [(rule.column, rule.words) for rule in RULES]
    assert len(said) == len(set(said))
    assert all(rule.column in NAMES for rule in RULES)
