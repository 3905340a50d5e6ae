"""What a rule is: a condition on the cells of a row, in plain data, so that a test can break each and mend it again."""

from dataclasses import dataclass
from typing import Protocol

from ingest.focus.rules.cells import Cells


class Fact(Protocol):
    """Something that is so or not so in a row. Facts are compared by value: two rules share what they both ask."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The FOCUS columns it is told from."""

    def sql(self, cells: Cells) -> str | None:
        """The fact as a condition; None where the type of the cells rules it out. Null counts as not so."""


@dataclass(frozen=True)
class Term:
    """A fact that must be so, or must not be so."""

    fact: Fact
    so: bool = True


Clause = tuple[Term, ...]
FIRST, LAST = "1.0", "1.4"


@dataclass(frozen=True)
class Rule:
    """A requirement of FOCUS that one row can break."""

    kind: str  # of the check, for people: not-null, allowed-values, …
    column: str
    words: str  # what is wrong where it is broken; read after the column's name
    broken: tuple[Clause, ...]  # broken where all terms of any clause hold
    ids: tuple[str, ...] = ()  # requirements of the official FOCUS 1.2 model that it stands for, the closest first
    since: str = FIRST
    until: str = LAST
    as_written: bool = False  # about how a file is written: it says nothing about a bill in a vendor's own format

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose cells decide, its own first."""
        told = (name for clause in self.broken for term in clause for name in term.fact.columns)
        return tuple(dict.fromkeys((self.column, *told)))


@dataclass(frozen=True)
class OneParent:
    """A requirement that a value of `column` always comes with the same value of `parent`."""

    kind: str
    column: str
    parent: str
    words: str
    ids: tuple[str, ...]
    since: str = FIRST
    until: str = LAST

    @property
    def columns(self) -> tuple[str, ...]:
        """The column and its parent."""
        return (self.column, self.parent)


def clause(*terms: Term) -> tuple[Clause, ...]:
    """A condition that holds where all `terms` do."""
    return (terms,)
