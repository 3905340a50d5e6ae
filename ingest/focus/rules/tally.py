"""One pass over many rows that tells how many break each rule, and which is the first.

What rules ask of a row becomes a bit of a number; rows with the same number are counted together, so that however many
rules there are, DuckDB groups by a few numbers once and the rules are judged on what comes out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ibis.backends.duckdb import Backend

from ingest.engine.duckdb import POSITION, quoted
from ingest.focus.rules.cells import Cells
from ingest.focus.rules.facts import Is
from ingest.focus.rules.rule import Clause, Fact, OneParent, Rule

_BITS = 62  # of a BIGINT that stay clear of its sign


@dataclass(frozen=True)
class Broken:
    """A rule that rows break: how many, and the position of the first."""

    rule: Rule | OneParent
    rows: int
    first: int


def tally(backend: Backend, relation: str, cells: Cells, rules: Sequence[Rule], *, weight: str | None) -> list[Broken]:
    """The rules that rows of `relation` break; each stands for as many as its column `weight` says, or for itself."""
    rules = [rule for rule in rules if any(_possible(clause, cells) for clause in rule.broken)]
    if not rules:
        return []
    facts = _facts(rules)
    bits = {fact: number for number, fact in enumerate(facts)}
    words = [facts[start : start + _BITS] for start in range(0, max(len(facts), 1), _BITS)]
    masks = ", ".join(f"{_mask(word, cells)} AS m{number}" for number, word in enumerate(words))
    keys = ", ".join(f"m{number}" for number in range(len(words)))
    found = backend.raw_sql(
        f"SELECT {keys}, {f'sum({weight})::BIGINT' if weight else 'count(*)'}, min({POSITION}) FROM"
        f" (SELECT {masks}{f', {weight}' if weight else ''}, {POSITION} FROM {relation}) GROUP BY {keys}"
    ).fetchall()
    groups = [(_joined(row[: len(words)]), row[-2], row[-1]) for row in found]
    return list(_broken(rules, bits, groups))


def _possible(clause: Clause, cells: Cells) -> bool:
    return not any(term.so and term.fact.sql(cells) is None for term in clause)


def _facts(rules: Iterable[Rule]) -> list[Fact]:
    return list(dict.fromkeys(term.fact for rule in rules for clause in rule.broken for term in clause))


def _mask(facts: Sequence[Fact], cells: Cells) -> str:
    """A number with a bit for each of the facts that is so."""
    enumerations = dict.fromkeys(fact.column for fact in facts if isinstance(fact, Is))
    parts = [_enumeration(column, facts, cells) for column in enumerations]
    for number, fact in enumerate(facts):
        condition = None if isinstance(fact, Is) else fact.sql(cells)
        if condition is not None:
            parts.append(f"CASE WHEN {condition} THEN {1 << number}::BIGINT ELSE 0::BIGINT END")
    return " + ".join(parts) if parts else "0::BIGINT"


def _enumeration(column: str, facts: Sequence[Fact], cells: Cells) -> str:
    """The bits of all `Is` facts of a column, in one comparison."""
    values = {
        fact.value.lower(): 1 << n for n, fact in enumerate(facts) if isinstance(fact, Is) and fact.column == column
    }
    cases = " ".join(f"WHEN {quoted(value)} THEN {bit}::BIGINT" for value, bit in values.items())
    return f"CASE lower({cells.text(column)}) {cases} ELSE 0::BIGINT END"


def _joined(words: Sequence[int]) -> int:
    return sum(word << (_BITS * number) for number, word in enumerate(words))


def _broken(rules: Sequence[Rule], bits: dict[Fact, int], groups: Sequence[tuple[int, int, int]]) -> Iterable[Broken]:
    for rule in rules:
        tests = [_test(clause, bits) for clause in rule.broken]
        hit = [(rows, first) for mask, rows, first in groups if any(mask & asked == wanted for asked, wanted in tests)]
        if hit:
            yield Broken(rule, sum(rows for rows, _ in hit), min(first for _, first in hit))


def _test(clause: Clause, bits: dict[Fact, int]) -> tuple[int, int]:
    """The bits that a clause looks at, and what they must be."""
    asked = sum(1 << bits[term.fact] for term in clause)
    return asked, sum(1 << bits[term.fact] for term in clause if term.so)
