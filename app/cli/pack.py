"""`trueup chargeback export PERIOD --to DIR`: the finance pack of a billing period."""

from pathlib import Path

from app.cli.output import progress_bar, tell
from app.db.session import read_session
from app.domain.period import Period
from app.domain.viewer import operator


def write(period: Period, folder: Path, *, force: bool, focus: bool, as_json: bool) -> None:
    """Writes the pack to `folder` and says so."""
    from app.exports.pack.folder import check_folder, write_pack
    from app.exports.pack.pack import open_pack

    check_folder(folder, force=force)  # before minutes of work
    with read_session() as session, progress_bar() as progress:
        pack = open_pack(session, operator(), period, focus=focus)
        files = write_pack(pack, folder, progress, force=force)
    state = pack.statement.state.value
    told = f"Wrote {files} files to {folder}: the {state} statement of {period.label}."
    data = {"folder": folder, "files": files, "state": state, "sha256": pack.statement.sha256}
    tell(told, data, as_json=as_json)
