"""Posted quantities on their way in: archived as they came, and live as a new load of every month they touch."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import now

from app.db.posted_drivers import LiveQuantity, live_quantities, replace_quantities
from app.db.tables.bills import Delivery, Source
from app.domain.money import plain
from app.domain.posted_quantity import PostedLoad, PostedQuantity, Taken
from app.settings import Settings
from ingest.archive import delivery_digest, keep
from ingest.files import SourceFile
from ingest.offsite import offsite

FILE = "posted.json"


def take_quantities(session: Session, config: Settings, source: Source, quantities: Sequence[PostedQuantity]) -> Taken:
    """Makes `quantities` of a source live. The caller holds the source and, then, posts the periods of the loads.

    What is live under the same key already, just so, is left as it is; a post that changes nothing leaves no trace.
    """
    there = {str(row.key): row for row in live_quantities(session, source.id, [each.key for each in quantities])}
    changed = [each for each in quantities if _changes(each, there.get(each.key))]
    counts = Taken(
        new=sum(each.key not in there for each in changed),
        replaced=sum(each.key in there and each.quantity is not None for each in changed),
        removed=sum(each.quantity is None for each in changed),
        unchanged=len(quantities) - len(changed),
    )
    if not changed:
        return counts
    delivery = _delivered(session, config, source, quantities)
    loads = []
    for period in sorted(_periods(changed, there)):
        gone = [each.key for each in changed if each.key in there and there[each.key].billing_period_start == period]
        added = [each for each in changed if each.quantity is not None and each.day.replace(day=1) == period]
        load = replace_quantities(session, delivery, period, gone=gone, added=added)
        loads.append(PostedLoad(source.name, period, load.id))
    return counts + Taken(loads=tuple(loads))


def _changes(each: PostedQuantity, live: LiveQuantity | None) -> bool:
    if live is None:
        return each.quantity is not None
    said = (each.day, each.name, each.unit, each.service_provider_name, json.loads(each.dimensions), each.quantity)
    return said != tuple(live)[2:]


def _periods(changed: Sequence[PostedQuantity], there: Mapping[str, LiveQuantity]) -> set[date]:
    """The months that lose or gain a quantity."""
    left = {there[each.key].billing_period_start for each in changed if each.key in there}
    return left | {each.day.replace(day=1) for each in changed if each.quantity is not None}


def _delivered(session: Session, config: Settings, source: Source, quantities: Sequence[PostedQuantity]) -> Delivery:
    """A delivery of the quantities, in the archive and, where there is one, in the object store."""
    content = _document(quantities)
    digest = sha256(content).hexdigest()
    config.temp_dir.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=config.temp_dir, prefix="posted-") as folder:
        file = SourceFile(Path(folder) / FILE, FILE)
        file.path.write_bytes(content)
        archived = keep(config.archive_dir, source.name, delivery_digest([digest]), [file], {FILE: digest})
    offsite(config, lambda _stage, _done: None).send_files(archived, {FILE: digest})
    delivery = Delivery(
        source_id=source.id,
        sha256=delivery_digest([digest]),
        format=source.kind,
        format_version="drivers, posted",
        files=[{"name": FILE, "sha256": digest, "bytes": len(content)}],
        rows_in=len(quantities),
        state="loaded",
        finished_at=now(),
    )
    session.add(delivery)
    session.flush()
    return delivery


def _document(quantities: Sequence[PostedQuantity]) -> bytes:
    """The quantities as JSON, one on each line, in the order they came; the same ones give the same bytes."""
    lines = (json.dumps(_item(each), ensure_ascii=False) for each in quantities)
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode()


def _item(each: PostedQuantity) -> dict[str, object]:
    quantity: Decimal | None = each.quantity
    told = {"day": each.day.isoformat(), "quantity": None if quantity is None else plain(quantity)}
    return asdict(each) | told | {"dimensions": json.loads(each.dimensions)}
