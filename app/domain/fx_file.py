"""Rates as banks publish them, in CSV: three layouts, told apart by their header.

eurofxref   Date, USD, JPY, …: how much of each one euro is worth (the ECB's reference rates, daily or historical)
SDMX        KEY, FREQ, CURRENCY, CURRENCY_DENOM, …, TIME_PERIOD, OBS_VALUE (the ECB's data portal, dataset EXR)
plain       day, base_currency, quote_currency, rate; a `day` that is a month (2026-03) has the month's average
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from app.domain.csv_file import header_and_rows
from app.domain.fx import FIRST_PIVOT, FxQuote
from app.domain.invoice_cells import WrongCellError, text_of, value_of
from app.errors import BadInput

PLAIN = ("day", "base_currency", "quote_currency", "rate")
SDMX = ("FREQ", "CURRENCY", "CURRENCY_DENOM", "TIME_PERIOD", "OBS_VALUE")
_SPOT, _AVERAGE = "SP00", "A"  # ECB code lists CL_EXR_TYPE and CL_EXR_SUFFIX
_NONE = frozenset({"N/A", "NaN"})
_CODE = re.compile("[A-Z]{3}")
_DAY, _MONTH = re.compile(r"\d{4}-\d{2}-\d{2}"), re.compile(r"\d{4}-\d{2}")
_PROBLEMS_TOLD = 20
Row = Mapping[str, str | None]
Reader = Callable[[Row], Iterator[FxQuote]]


def rates_of(text: str, name: str) -> tuple[FxQuote, ...]:
    """The rates in the CSV `text` called `name`. Raises BadInput with everything that is wrong in it, by row."""
    header, rows = header_and_rows(text, name)
    if not header:
        raise BadInput(f"{name} is empty. Download it again.")
    columns = [each.strip() for each in header]
    reader = _layout(columns, name)
    _check_lengths(columns, rows, name)
    return _read((dict(zip(columns, row, strict=False)) for row in rows), reader, name)


def rates_listed(items: Sequence[Row], name: str) -> tuple[FxQuote, ...]:
    """The rates in a list of `items` under the plain layout's names, counted from 1. Raises BadInput as `rates_of`."""
    return _read(items, _of_plain, name, first_row=1)


def _check_lengths(columns: Sequence[str], rows: Sequence[Sequence[str]], name: str) -> None:
    """Raises BadInput for rows whose cells are not those of the header; empty ones at the end do not count."""
    count = len(_filled(columns))
    lengths = ((number, len(row), len(_filled(row))) for number, row in enumerate(rows, start=2))
    _refuse(
        [
            f"row {number}: {cells} cells where the header has {count}; it is cut off, or has decimal commas"
            for number, cells, filled in lengths
            if filled and (filled > count or cells < count)
        ],
        name,
    )


def _filled(cells: Sequence[str]) -> Sequence[str]:
    """`cells` without the empty ones at their end."""
    return cells[: max((place for place, cell in enumerate(cells, start=1) if cell.strip()), default=0)]


def _layout(columns: Sequence[str], name: str) -> Reader:
    if len(columns) == 1 and ";" in columns[0]:
        raise BadInput(
            f"{name}, row 1: the columns are separated by semicolons. Export it with commas between the columns, and"
            " points in the numbers."
        )
    if set(PLAIN) <= set(columns):
        return _of_plain
    if set(SDMX) <= set(columns):
        return _of_sdmx
    currencies = [each for each in columns[1:] if each]  # the ECB's header ends in a comma
    if columns[0] == "Date" and currencies and all(map(_CODE.fullmatch, currencies)):
        return _of_eurofxref
    raise BadInput(
        f"{name}, row 1: this is no table of rates. Its columns are {', '.join(PLAIN)}; or take the European Central"
        " Bank's eurofxref-hist.csv, or the CSV of its data portal (dataset EXR)."
    )


def _read(rows: Iterator[Row] | Sequence[Row], reader: Reader, name: str, *, first_row: int = 2) -> tuple[FxQuote, ...]:
    found: dict[tuple[str, str, date, bool], FxQuote] = {}
    problems: list[str] = []
    for number, row in enumerate(rows, start=first_row):
        if not any(row.values()):
            continue
        try:
            for each in reader(row):
                before = found.setdefault((each.base, each.quote, each.day, each.monthly), each)
                if before.rate != each.rate:
                    told = f"{each.quote} for {each.base} on {each.day} was {before.rate} in a row before"
                    problems.append(f"row {number}: {told}")
        except WrongCellError as error:
            problems.append(f"row {number}: {error}")
    if not found and not problems:
        problems = ["there is no rate in it"]
    _refuse(problems, name)
    return tuple(found.values())


def _refuse(problems: Sequence[str], name: str) -> None:
    if problems:
        more = [f"and {len(problems) - _PROBLEMS_TOLD:,} more"] if len(problems) > _PROBLEMS_TOLD else []
        raise BadInput("\n  ".join([f"{name}: no rate was taken.", *problems[:_PROBLEMS_TOLD], *more]))


def _of_eurofxref(row: Row) -> Iterator[FxQuote]:
    cells = iter(row.items())
    _, written = next(cells)
    day, monthly = _day("Date", written)
    for currency, cell in cells:
        text = text_of(cell)
        if currency and text and text not in _NONE:
            yield FxQuote(FIRST_PIVOT, currency, day, _rate(currency, text), monthly)


def _of_sdmx(row: Row) -> Iterator[FxQuote]:
    if text_of(row.get("EXR_TYPE")) not in {None, _SPOT}:
        raise WrongCellError(f"EXR_TYPE {row.get('EXR_TYPE')} is no spot rate ({_SPOT}). Export spot rates alone")
    frequency, suffix = text_of(row["FREQ"]), text_of(row.get("EXR_SUFFIX"))
    if frequency not in {"D", "M"}:
        raise WrongCellError(f"FREQ {frequency} is neither D nor M. Export daily or monthly rates")
    if frequency == "M" and suffix not in {None, _AVERAGE}:
        raise WrongCellError(f"EXR_SUFFIX {suffix} is no average ({_AVERAGE}). Export daily rates instead")
    text = text_of(row["OBS_VALUE"])
    if text and text not in _NONE:
        day, monthly = _day("TIME_PERIOD", row["TIME_PERIOD"])
        yield _quote(row, "CURRENCY_DENOM", "CURRENCY", day, _rate("OBS_VALUE", text), monthly=monthly)


def _of_plain(row: Row) -> Iterator[FxQuote]:
    day, monthly = _day("day", row.get("day"))
    rate = _rate("rate", text_of(row.get("rate")) or "")
    yield _quote(row, "base_currency", "quote_currency", day, rate, monthly=monthly)


def _quote(row: Row, base: str, quote: str, day: date, rate: Decimal, *, monthly: bool) -> FxQuote:
    one, other = (_currency(name, row.get(name)) for name in (base, quote))
    if one == other:
        raise WrongCellError(f"{base} and {quote} are both {one}")
    return FxQuote(one, other, day, rate, monthly)


def _currency(name: str, cell: str | None) -> str:
    try:
        return str(value_of("billing_currency", text_of(cell) or ""))
    except WrongCellError as error:
        raise WrongCellError(f"{name} {error}") from None


def _rate(name: str, text: str) -> Decimal:
    if "," in text:
        raise WrongCellError(f"{name} '{text}' has a decimal comma. Write rates with a point, such as 1.0921")
    try:
        rate = value_of("amount", text)
    except WrongCellError as error:
        raise WrongCellError(f"{name} {error}") from None
    assert isinstance(rate, Decimal)
    if rate <= 0:
        raise WrongCellError(f"{name} '{text}' is no rate: it must be more than 0")
    return rate


def _day(name: str, cell: str | None) -> tuple[date, bool]:
    """A day, and whether it stands for its month: 2026-03-05, 2026-03, and 5 March 2026 as the ECB's daily file has."""
    text = text_of(cell) or ""
    try:
        if _DAY.fullmatch(text):
            return _plausible(date.fromisoformat(text)), False
        if _MONTH.fullmatch(text):
            return _plausible(date.fromisoformat(f"{text}-01")), True
        return _plausible(datetime.strptime(text, "%d %B %Y").date()), False  # noqa: DTZ007  (a date has no zone)
    except ValueError:
        raise WrongCellError(f"{name} '{text[:40]}' is not a day. Write it as 2026-03-05") from None


def _plausible(day: date) -> date:
    if not 1999 <= day.year < 2200:
        raise ValueError
    return day
