"""Taking in quantities that are posted one by one."""

from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actions.audit import record
from app.actions.sources import keep_source
from app.chargeback.posting import lock_posting, post
from app.db.source_lock import hold_source
from app.db.tables.bills import Source
from app.domain.posted_quantity import Item, PostedLoad, Taken, posted_quantities
from app.domain.viewer import Scope, Viewer
from app.errors import BadInput
from app.settings import Settings

KIND = "drivers"


def post_drivers(session: Session, viewer: Viewer, config: Settings, items: Iterable[Item]) -> Taken:
    """Makes posted quantities live beside those posted before: all of them, or none when one cannot be used.

    A source is added when its name is new. Raises BadInput with every problem, and Conflict while one of the sources is
    being ingested.
    """
    # Only now: a server should not start slower for what the archive needs.
    from ingest.drivers.posted import take_quantities  # noqa: PLC0415

    viewer.require_everything(Scope.WRITE_DRIVERS)
    quantities = sorted(posted_quantities(items), key=attrgetter("source"))
    taken = Taken()
    for name, of_source in groupby(quantities, attrgetter("source")):
        hold_source(session, name)
        taken += take_quantities(session, config, _source(session, viewer, name), list(of_source))
    if taken.loads:
        lock_posting(session)
        post(session, {load.period for load in taken.loads}, gpus=False)
        _audit(session, viewer, taken)
    return taken


def _source(session: Session, viewer: Viewer, name: str) -> Source:
    found = session.scalars(select(Source).where(Source.name == name)).first()
    if found is None:
        return keep_source(session, viewer, kind=KIND, name=name, config={"by_hand": True})
    if found.kind != KIND:
        raise BadInput(f"The source {name} reads {found.kind} files. Post quantities under another name.")
    return found


def _audit(session: Session, viewer: Viewer, taken: Taken) -> None:
    def periods(loads: Iterable[PostedLoad]) -> list[str]:
        return [f"{load.period:%Y-%m}" for load in loads]

    counts = {"new": taken.new, "replaced": taken.replaced, "removed": taken.removed}
    for name, loads in groupby(taken.loads, attrgetter("source")):
        record(session, viewer, "drivers.post", name, periods=periods(loads), of_the_post=counts)
