"""Taking in rates between currencies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.actions.audit import record
from app.db.fx import CorrectedRate, record_rates
from app.domain.fx import FxQuote
from app.domain.fx_file import rates_listed, rates_of
from app.domain.money import plain
from app.domain.viewer import Scope, Viewer

_AUDITED = 100  # corrections that an audit entry tells one by one


@dataclass(frozen=True)
class ImportedRates:
    """What an import changed: how many rates it held, how many are new, and which are corrected."""

    rates: int
    new: int
    corrected: tuple[CorrectedRate, ...]

    @property
    def unchanged(self) -> int:
        """How many were known already, just so."""
        return self.rates - self.new - len(self.corrected)


def import_rates(session: Session, viewer: Viewer, document: str, name: str) -> ImportedRates:
    """Takes in the CSV `document` called `name`, in any layout that `fx_file` knows.

    All of it or, when a row cannot be read, nothing: then BadInput tells every problem by row. The same file again
    changes nothing. Statements that are closed keep the rates they were closed with.
    """
    viewer.require_everything(Scope.WRITE_INGEST)
    return _keep(session, viewer, rates_of(document, name), name)


def add_rates(session: Session, viewer: Viewer, items: Sequence[Mapping[str, str | None]], name: str) -> ImportedRates:
    """Takes in a list of rates whose cells are texts. Raises BadInput as `import_rates` does."""
    viewer.require_everything(Scope.WRITE_INGEST)
    return _keep(session, viewer, rates_listed(items, name), name)


def _keep(session: Session, viewer: Viewer, quotes: Sequence[FxQuote], name: str) -> ImportedRates:
    recorded = record_rates(session, quotes, imported_from=name)
    if recorded.new or recorded.corrected:
        corrections = [_audited(each) for each in recorded.corrected[:_AUDITED]]
        counts = {"new": recorded.new, "corrected": len(recorded.corrected)}
        record(session, viewer, "fx.import", name, **counts, corrections=corrections)
    return ImportedRates(len(quotes), recorded.new, recorded.corrected)


def _audited(each: CorrectedRate) -> dict[str, str]:
    quote = each.quote
    day = f"{quote.day:%Y-%m}" if quote.monthly else quote.day.isoformat()
    pair = {"base_currency": quote.base, "quote_currency": quote.quote, "day": day}
    return pair | {"before": plain(each.before), "after": plain(quote.rate)}
