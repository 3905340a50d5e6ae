"""What the reader of a pair of actual and amortized cost should know about how the two agree."""

from collections.abc import Iterator

from ibis.backends.duckdb import Backend

from ingest.finding import Finding

_RULE, _DIFFERENCE = "Azure-Pair", "Azure-Pair-Difference"
_AMOUNT = "TRY_CAST({} AS DECIMAL(38, 20))"  # in a message only; what is booked keeps every digit
# Rows that both files should have: all but purchases, what they cover, and what went unused.
_COMMON = "NOT committed"
_WITHOUT_TWIN = (
    "half = '{half}' AND " + _COMMON + " AND (file, row) NOT IN (SELECT ({half}_file, {half}_row) FROM azure_twin)"
)


def pair_notes(backend: Backend) -> tuple[Finding, ...]:
    """The notes on the tables `azure_row` and `azure_twin`."""
    return tuple(_notes(backend))


def _notes(backend: Backend) -> Iterator[Finding]:
    (pairs,) = backend.raw_sql("SELECT count(*) FROM azure_twin").fetchone()
    if pairs:
        yield Finding(
            _RULE,
            "BilledCost",
            "rows of actual and of amortized cost are about one usage; each pair became one row",
            pairs,
        )
    differing = (
        "SELECT count(*), amortized.currency,"
        f" sum({_AMOUNT.format('twin.cost')} - {_AMOUNT.format('amortized.cost')})"
        " FROM azure_twin AS twin JOIN azure_row AS amortized ON amortized.file = amortized_file"
        f" AND amortized.row = amortized_row WHERE {_COMMON}"
        f" AND {_AMOUNT.format('twin.cost')} <> {_AMOUNT.format('amortized.cost')} GROUP BY amortized.currency"
    )
    for rows, currency, amount in backend.raw_sql(differing).fetchall():
        message = "usage outside reservations and savings plans is billed at another cost than it is amortized"
        yield Finding(_DIFFERENCE, "BilledCost", message, rows, f"{_plain(amount)} {currency} more is billed")
    for half, other, effect in (
        ("actual", "amortized", "billed and not effective"),
        ("amortized", "actual", "effective and not billed"),
    ):
        query = (
            f"SELECT count(*), currency, sum({_AMOUNT.format('cost')}) FROM azure_row"
            f" WHERE {_WITHOUT_TWIN.format(half=half)}"
            f" AND coalesce({_AMOUNT.format('cost')} <> 0, true) GROUP BY currency ORDER BY currency"
        )
        for rows, currency, amount in backend.raw_sql(query).fetchall():
            message = f"rows outside reservations and savings plans are only in the {half} cost, not in the {other}"
            yield Finding(_DIFFERENCE, "BilledCost", message, rows, f"{_plain(amount)} {currency} is {effect}")


def _plain(amount: object) -> str:
    text = f"{amount:f}" if amount is not None else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text
