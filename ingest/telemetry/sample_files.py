"""What the metadata of Parquet files of samples tells without reading a row: which hours, and which columns matter."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from app.domain.gpu.sample import EARLIEST, LATEST
from app.errors import BadInput

_ROWS_AT_ONCE = 10_000_000  # enough for every thread to have work
_EVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


@dataclass(frozen=True)
class SampleFile:
    """A Parquet file of samples."""

    path: Path
    first: datetime  # of its samples; the beginning of time where the file does not say
    last: datetime
    rows: int
    columns: frozenset[str]  # those that it has
    empty: frozenset[str]  # those without any value, as far as the file says
    full: frozenset[str]  # those with a value in every row, as far as the file says


def sample_file(path: Path) -> SampleFile:
    """What the metadata of the file at `path` tells. Raises BadInput for a moment that no sample can be of."""
    metadata = pq.read_metadata(path)
    nulls: dict[str, int | None] = {}
    spans = []
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for column in map(group.column, range(group.num_columns)):
            name, said = column.path_in_schema, column.statistics
            known = said.null_count if said is not None else None
            nulls[name] = None if known is None or nulls.get(name, 0) is None else (nulls.get(name) or 0) + known
            if name == "timestamp":
                spans.append(_span(said))
    rows = metadata.num_rows
    first, last = (
        min((first for first, _ in spans), default=_EVER[0]),
        max((last for _, last in spans), default=_EVER[1]),
    )
    for moment in {first, last} - {*_EVER}:
        if not EARLIEST <= moment < LATEST:
            raise BadInput(
                f"A sample is of {moment:%Y-%m-%dT%H:%M:%SZ}, when nothing can have been sampled. Set the clock of the"
                " machine that told it."
            )
    return SampleFile(
        path=path,
        first=first,
        last=last,
        rows=rows,
        columns=frozenset(metadata.schema.to_arrow_schema().names),
        empty=frozenset(name for name, count in nulls.items() if count == rows),
        full=frozenset(name for name, count in nulls.items() if count == 0),
    )


def _span(statistics: Any) -> tuple[datetime, datetime]:
    if statistics is None or not statistics.has_min_max or not isinstance(statistics.min, datetime):
        return _EVER
    first, last = (each if each.tzinfo else each.replace(tzinfo=UTC) for each in (statistics.min, statistics.max))
    return first, last


def batches(files: Iterable[SampleFile]) -> Iterator[Sequence[SampleFile]]:
    """The files in groups of which no two have an hour in common, so that each can be read for itself.

    However many months there are, no more is looked at at a time than some millions of rows, or what shares its hours.
    """
    group: list[SampleFile] = []
    for file in sorted((each for each in files if each.rows), key=lambda each: each.first):
        enough = sum(each.rows for each in group) >= _ROWS_AT_ONCE
        if enough and _hour(file.first) > _hour(max(each.last for each in group)):
            yield group
            group = []
        group.append(file)
    if group:
        yield group


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
