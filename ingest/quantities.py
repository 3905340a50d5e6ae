"""Daily quantities (tokens, requests, …) of a delivery as the table of drivers that stays beside its charges."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from ibis import Table
from ibis.backends.duckdb import Backend

from app.domain.money import EXACT, ZERO
from app.errors import BadInput
from ingest.delivery import DRIVER_COLUMNS
from ingest.engine.duckdb import literal
from ingest.files import SourceFile
from ingest.staging import stage_rows

_LONGEST_FRACTION = 18


@dataclass(frozen=True)
class Quantity:
    """How much of something was used on a UTC day."""

    day: date
    name: str  # "tokens", "requests"
    unit: str
    dimensions: Mapping[str, str | bool | None]  # model, token_class, …; what is None is not said
    quantity: Decimal


def driver_table(
    backend: Backend, scratch: Path, service_provider_name: str, quantities: Iterable[Quantity]
) -> Table | None:
    """`quantities` as a table of drivers, one row for each combination, without zeros; None when nothing is left.

    Raises BadInput for a quantity with more digits than can be kept.
    """
    totals = {key: value for key, value in _totals(quantities).items() if value}
    if not totals:
        return None
    fraction = max(max(-int(value.as_tuple().exponent), 0) for value in totals.values())
    longest = max(value.adjusted() for value in totals.values()) + 1
    if fraction > _LONGEST_FRACTION or fraction + max(longest, 1) > 38:  # digits of a DECIMAL
        raise BadInput("A quantity of the delivery has more digits than can be kept exactly. Look for a broken number.")
    rows = (
        dict(zip(DRIVER_COLUMNS, (f"{day}", name, unit, service_provider_name, said, format(value, "f")), strict=True))
        for (day, name, unit, said), value in sorted(totals.items())
    )
    staged = stage_rows(SourceFile(scratch / "drivers", "drivers"), rows, DRIVER_COLUMNS, scratch)
    backend.raw_sql(
        f"CREATE OR REPLACE VIEW drivers AS SELECT * REPLACE (CAST(day AS DATE) AS day,"
        f" CAST(quantity AS DECIMAL(38, {fraction})) AS quantity) FROM read_parquet({literal(staged.parquet)})"
    )
    return backend.table("drivers")


_Key = tuple[date, str, str, str]


def _totals(quantities: Iterable[Quantity]) -> dict[_Key, Decimal]:
    totals: dict[_Key, Decimal] = {}
    for each in quantities:
        said = {name: value for name, value in each.dimensions.items() if value is not None}
        key = (each.day, each.name, each.unit, json.dumps(said, sort_keys=True, ensure_ascii=False))
        totals[key] = EXACT.add(totals.get(key, ZERO), each.quantity)
    return totals


def counts(where: str, said: Mapping[str, object], names: Iterable[str]) -> Iterator[tuple[str, Decimal]]:
    """The counts called `names` that an answer states. Raises BadInput, with `where`, for one that is no number."""
    for name in names:
        value = said.get(name)
        if value is None:
            continue
        try:
            number = Decimal(str(value))
        except ArithmeticError:
            number = Decimal("NaN")
        if not number.is_finite():
            raise BadInput(f"{where}: {name} is {value!r}, which is no number. Download the file again.")
        yield name, number
