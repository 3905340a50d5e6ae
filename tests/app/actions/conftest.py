"""A source whose vendor is a shelf that the test fills."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

import ingest.kinds
from app.actions.sources import add_source
from app.db.session import write_session
from app.domain.viewer import operator
from tests.ingest import shelf
from tests.trueup import Trueup


@pytest.fixture
def on_shelf(trueup: Trueup, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[shelf.On]]:
    """What the source `vendor` offers; `guesses` offers the same, as estimates."""
    monkeypatch.setitem(ingest.kinds._MODULES, "shelf", "tests.ingest.shelf")
    monkeypatch.setitem(ingest.kinds._MODULES, "shelf-estimates", "tests.ingest.shelf")
    estimates = replace(shelf.KIND, name="shelf-estimates", estimates=True)
    found = ingest.kinds.kind

    def kind(name: str) -> object:
        return estimates if name == "shelf-estimates" else found(name)

    for name in ("app.actions.ingest.kind", "app.actions.source_runs.kind", "ingest.pipeline.kind"):
        monkeypatch.setattr(name, kind)
    monkeypatch.setattr("ingest.source_kinds.bill_kind", kind)
    with write_session(trueup.engine) as session:
        add_source(session, operator(), kind="shelf", name="vendor", config={})
        add_source(session, operator(), kind="shelf-estimates", name="guesses", config={})
    shelf.SHELF.clear()
    shelf.WINDOWS.clear()
    yield shelf.SHELF
    ingest.kinds.kind.cache_clear()
