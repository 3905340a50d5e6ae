"""`trueup chargeback focus`: allocated cost as a FOCUS file."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import AsJson, tell
from app.db.session import read_session
from app.domain.focus import FocusVersion
from app.domain.period import Period
from app.domain.viewer import operator


def focus(
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="The billing period, YYYY-MM.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; .csv or .parquet.")],
    version: Annotated[FocusVersion, typer.Option(help="Which version of FOCUS.")] = FocusVersion.V1_2,
    as_json: AsJson = False,
) -> None:
    """Write the allocated charges of a billing period as a FOCUS file: a row for each team that pays for a charge.

    Example: trueup chargeback focus 2026-03 march.parquet --version 1.3
    """
    from app.exports.focus.files import write_focus_file
    from app.reports.focus_export import focus_export

    with read_session() as session:
        export = focus_export(session, operator(), Period.parse_month(period), version)
        write_focus_file(export, file)
    closed = export.statement_id is not None
    tell(f"Wrote {file}.", {"file": file, "version": version.value, "closed": closed}, as_json=as_json)
