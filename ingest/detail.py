"""The detail of a delivery: what drill-down needs to read its line items again.

    detail/<sha256>.parquet   the rows of a CSV file as text (a Parquet file is read where it lies)
    detail/detail.json        the files, and the mapping to lines as SQL over a table called `bill`
    detail/keys.parquet       the charge key of every line digest

The mapping is kept as SQL, so a delivery is read for ever as it was read when it was booked. `app.db.detail` reads it.
"""

import json
import os
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from ingest.archive import Archived
from ingest.bill import Bill
from ingest.delivery import DIGESTED, OpenDelivery
from ingest.staging import StagedFile


def write_detail(
    bill: Bill, archived: Archived, key_map: Path, digests: Mapping[str, str], received_at: datetime
) -> None:
    """Puts the detail of a booked bill beside its archive, replacing what an earlier booking left.

    `received_at` is when the delivery came in: a machine that has an earlier booking's detail sees by it that it does.
    """
    entries = [_entry(staged, archived, digests[staged.file.name]) for staged in bill.delivery.files]
    _put(key_map, archived.keys)
    description = {"files": entries, "sql": _detail_sql(bill.delivery), "extras": list(bill.delivery.mapping.extras)}
    description["received_at"] = received_at.isoformat()
    written = key_map.with_name("detail.json")
    written.write_text(json.dumps(description, indent=1))
    _put(written, archived.description)


def _put(file: Path, target: Path) -> None:
    """Puts `file` at `target` in one step, though the two may be on different disks. It stays readable where it was."""
    beside = target.with_name(f"{target.name}.partial")
    try:
        try:
            os.link(file, beside)
        except OSError:
            shutil.copyfile(file, beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)  # half of it, when the disk is full


def _entry(staged: StagedFile, archived: Archived, sha256: str) -> dict[str, object]:
    if staged.rewritten:
        target = archived.rows(sha256)
        _put(staged.parquet, target)
    else:
        target = archived.file(staged.file.name, sha256)
    return {
        "name": staged.file.name,
        "parquet": target.relative_to(archived.folder).as_posix(),
        "header_rows": staged.header_rows,
    }


def _detail_sql(delivery: OpenDelivery) -> str:
    """Bookable lines with the digest that leads to their charge key, as DuckDB SQL over `bill`."""
    views = ", ".join(f"{name} AS NOT MATERIALIZED ({sql})" for name, sql in delivery.views.items())
    return f"WITH {views} SELECT * FROM {DIGESTED} WHERE problem IS NULL"
