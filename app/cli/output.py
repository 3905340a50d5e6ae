"""How commands speak: tables for people, JSON for machines, progress only on a terminal, errors without traceback."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.domain.money import plain

if TYPE_CHECKING:
    from ingest.files import Progress as Report

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]

_STAGES = {
    "download": ("Downloading", "bytes"),
    "hash": ("Reading", "bytes"),
    "stage": ("Unpacking", "rows"),
    "read": ("Checking", "rows"),
    "upload": ("Archiving", "bytes"),
    "keys": ("Charge keys", "keys"),
    "copy": ("Loading", "rows"),
    "post": ("Posting", "billing periods"),
    "live": ("Live", "billing periods"),
    "rules": ("FOCUS rules", "findings"),
    "pack": ("Finance pack", "files"),
}


def say(text: str) -> None:
    """A line for the person who typed the command."""
    print(text)


def answer(data: object) -> None:
    """An answer as JSON; amounts as text, never as float."""
    print(json.dumps(data, indent=2, default=_plain))


def tell(text: str, data: object, *, as_json: bool) -> None:
    """An answer as a line for a person, or as JSON."""
    if as_json:
        answer(data)
    else:
        say(text)


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def table(headers: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[int] = ()) -> None:
    """A table; the columns at the positions `right` are numbers and aligned so."""
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for position, header in enumerate(headers):
        shown.add_column(header, justify="right" if position in right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*("" if cell is None else _cell(cell) for cell in row))
    # In a pipe a line is never wrapped: scripts count on a row being a line.
    Console(width=None if sys.stdout.isatty() else 10_000, highlight=False, markup=False, emoji=False).print(shown)


def _cell(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return str(value)


@contextmanager
def progress_bar() -> "Iterator[Report]":
    """Reports the stages of an ingest on a terminal; says nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _stage, _done: None
        return
    columns: tuple[Any, ...] = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} {task.fields[unit]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def report(stage: str, done: int) -> None:
            label, unit = _STAGES[stage]
            if stage not in tasks:
                tasks[stage] = bars.add_task(label, total=None, unit=unit)
            bars.update(tasks[stage], advance=done)

        yield report
