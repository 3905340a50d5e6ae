"""Something about a delivery that its reader should know: a rule of FOCUS that it breaks, or what its kind noted."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A rule, how many lines break it, and an example of a cell that does. It warns; it stops nothing."""

    rule: str  # the kind of rule: not-null, allowed-values, …
    column: str
    message: str  # read after the column's name
    rows: int
    example: str | None = None
    requirement: str | None = None  # its id in the official FOCUS 1.2 model, where it has one there
    file: str | None = None  # where the example stands, as its reader counts rows
    row_number: int | None = None
