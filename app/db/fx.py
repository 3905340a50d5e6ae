"""Keeping rates between currencies. A rate is never changed: a corrected one supersedes it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.db.load import driver
from app.domain.fx import FxQuote

_CORRECTED = """
UPDATE fx_rate SET superseded_at = now() FROM told
WHERE superseded_at IS NULL AND fx_rate.rate <> told.rate
  AND (base_currency, quote_currency, fx_rate.day, fx_rate.monthly) = (base, quote, told.day, told.monthly)
RETURNING base, quote, told.day, told.rate, told.monthly, fx_rate.rate
"""
_ADDED = """
INSERT INTO fx_rate (base_currency, quote_currency, day, monthly, rate, imported_from)
SELECT base, quote, day, monthly, rate, :name FROM told
WHERE NOT EXISTS (
    SELECT FROM fx_rate WHERE superseded_at IS NULL
    AND (base_currency, quote_currency, fx_rate.day, fx_rate.monthly) = (base, quote, told.day, told.monthly)
)
ORDER BY day, base, quote
"""


@dataclass(frozen=True)
class CorrectedRate:
    """A rate that took the place of another."""

    quote: FxQuote
    before: Decimal


@dataclass(frozen=True)
class RecordedRates:
    """What keeping rates changed: how many were new, and which were corrected."""

    new: int
    corrected: tuple[CorrectedRate, ...]


def record_rates(session: Session, quotes: Iterable[FxQuote], *, imported_from: str) -> RecordedRates:
    """Keeps `quotes`, each of another pair and day, in the caller's transaction; those known just so stay."""
    _copy(session, quotes)
    # Two that record at once would each supersede what the other does not see. Readers do not wait for this lock.
    session.execute(text("LOCK TABLE fx_rate IN SHARE ROW EXCLUSIVE MODE"))
    corrected = [_corrected(row) for row in session.execute(text(_CORRECTED))]
    added = session.execute(text(_ADDED), {"name": imported_from})
    session.execute(text("DROP TABLE told"))
    count = int(added.rowcount)  # type: ignore[attr-defined]
    return RecordedRates(count - len(corrected), tuple(sorted(corrected, key=lambda each: _order(each.quote))))


def _copy(session: Session, quotes: Iterable[FxQuote]) -> None:
    session.execute(
        text(
            "CREATE TEMPORARY TABLE told (base text, quote text, day date, rate numeric, monthly boolean)"
            " ON COMMIT DROP"
        )
    )
    with driver(session).cursor() as cursor, cursor.copy("COPY told FROM STDIN") as copy:
        for each in quotes:
            copy.write_row((each.base, each.quote, each.day, each.rate, each.monthly))
    session.execute(text("ANALYZE told"))


def _corrected(row: Sequence[object]) -> CorrectedRate:
    base, quote, day, rate, monthly, before = row
    return CorrectedRate(FxQuote(base, quote, day, rate, monthly), before)  # type: ignore[arg-type]


def _order(quote: FxQuote) -> tuple[object, ...]:
    return (quote.day, quote.base, quote.quote, quote.monthly)
