"""Files of Azure cost details opened: told apart, paired, and mapped to FOCUS."""

from collections.abc import Mapping, Sequence

from ibis import Table
from ibis.backends.duckdb import Backend

from app.errors import BadInput
from ingest.azure.charges import focus_rows
from ingest.azure.columns import missing
from ingest.azure.enrich import CostFile, Rewriter, look_up
from ingest.azure.halves import Half, half_of_name, halves, same_usage
from ingest.azure.pair_notes import pair_notes
from ingest.azure.services import OPENAI
from ingest.azure.tokens import token_drivers
from ingest.azure.twins import list_rows, pair_rows, shared_rows, traces
from ingest.delivery import OpenDelivery, open_rows
from ingest.engine.duckdb import bill_table
from ingest.files import SourceFile
from ingest.finding import Finding
from ingest.focus.spec import Dataset, layout
from ingest.kind import Opening
from ingest.staging import StagedFile, TableFile, open_table, stage_table

_TOKEN_SERVICES = (OPENAI.name, "Microsoft Foundry Models")


def open_cost_details(opening: Opening, files: Sequence[SourceFile], told: Mapping[str, Half]) -> OpenDelivery:
    """Opens cost details as one delivery; `told` is the half of files of which a manifest tells it.

    Raises BadInput when a file holds something else, when one half of a pair is missing, and when the two halves are
    not of the same months.
    """
    tables = [open_table(file, opening.scratch) for file in files]
    for table in tables:
        _check(table)
    columns = {table.file.name: table.columns for table in tables}
    staged = [stage_table(opening.backend, table, opening.scratch, opening.progress) for table in tables]
    found = _halves(opening, staged, columns, told)
    paired = Half.ACTUAL in found.values()
    described = [
        CostFile(number, each.parquet, columns[each.file.name], found[each.file.name])
        for number, each in enumerate(staged)
    ]
    if paired:
        _check_months(opening, described, staged)
        pair_rows(opening.backend)
    rewriter = Rewriter(opening.backend, look_up(opening.backend, described), paired=paired)
    rewritten = [_rewritten(opening, rewriter, *each) for each in zip(staged, described, strict=True)]
    return open_rows(
        opening.backend,
        rewritten,
        version="Azure cost details, actual and amortized" if paired else "Azure cost details",
        focus_rows=focus_rows,
        key_extras=opening.settings.key_extras,
        drivers=_tokens(opening, rewritten),
        notes=pair_notes(opening.backend) if paired else _single_notes(opening.backend),
    )


def _check(table: TableFile) -> None:
    lacking = missing(table.columns)
    if not lacking:
        return
    name, found = table.file.name, layout(table.columns)
    if found.dataset is not Dataset.COST_AND_USAGE or not found.missing:
        raise BadInput(f"{name} is a FOCUS file, not cost details. Ingest it with --format focus or azure-export.")
    raise BadInput(
        f"{name}, row 1: this is not a file of Azure cost details; it lacks {', '.join(lacking)} (in any spelling)."
        " Export actual cost and amortized cost in Cost Management, and hand over both files."
    )


def _halves(
    opening: Opening,
    staged: Sequence[StagedFile],
    columns: Mapping[str, Sequence[str]],
    told: Mapping[str, Half],
) -> dict[str, Half]:
    names = [each.file.name for each in staged]
    parquet = {each.file.name: each.parquet for each in staged}
    seen = {name: traces(opening.backend, parquet[name], columns[name]) for name in names}
    found = halves(seen, told)
    list_rows(opening.backend, {parquet[name]: columns[name] for name in names}, [found[name] for name in names])
    if len(names) > 1 and Half.BOTH in found.values():
        for number, name in enumerate(names):
            if same_usage(seen[name].rows, shared_rows(opening.backend, number)):
                raise BadInput(
                    f"{name} holds the same usage as another of the files. If one is actual and the other amortized"
                    " cost, put these words in their names; if not, take one away."
                )
    elif len(names) == 2:
        guessed = [n for n, name in enumerate(names) if not (told.get(name) or seen[name].half or half_of_name(name))]
        for number in guessed:
            if not same_usage(seen[names[number]].rows, shared_rows(opening.backend, number)):
                raise BadInput(
                    f"{names[number]} may be actual or amortized cost: it shows no reservation or savings plan, and its"
                    " usage is not that of the other file. Put actual or amortized in its name."
                )
    return found


def _check_months(opening: Opening, files: Sequence[CostFile], staged: Sequence[StagedFile]) -> None:
    """Raises BadInput when one half has a billing period that the other lacks: it would be billed or used by halves."""
    query = (
        "SELECT period, min(file), count(DISTINCT half) FROM azure_row WHERE period IS NOT NULL GROUP BY period"
        " HAVING count(DISTINCT half) = 1 ORDER BY period"
    )
    odd = opening.backend.raw_sql(query).fetchone()
    if odd:
        period, number, _ = odd
        lacks = Half.AMORTIZED if files[number].half is Half.ACTUAL else Half.ACTUAL
        raise BadInput(
            f"{staged[number].file.name} has the billing period {period:%Y-%m}, of which there is no {lacks} cost."
            " Export both for the same months and ingest them together."
        )


def _rewritten(opening: Opening, rewriter: Rewriter, staged: StagedFile, file: CostFile) -> StagedFile:
    target = opening.scratch / "azure" / f"{file.number}.parquet"
    rewriter.rewrite(file, target)
    if staged.rewritten:
        staged.parquet.unlink()
    return StagedFile(staged.file, target, rewritten=True, header_rows=staged.header_rows)


def _tokens(opening: Opening, rewritten: Sequence[StagedFile]) -> Table | None:
    rows = focus_rows(bill_table(opening.backend, [each.parquet for each in rewritten]))
    of_models = rows.filter(rows.ServiceName.isin(_TOKEN_SERVICES) & rows.ConsumedQuantity.notnull())
    return token_drivers(
        of_models.select(
            day=of_models.ChargePeriodStart.cast("date"),
            meter=of_models.SkuMeter,
            quantity=of_models.ConsumedQuantity,
            sub_account_id=of_models.SubAccountId,
        )
    )


def _single_notes(backend: Backend) -> tuple[Finding, ...]:
    (rows,) = backend.raw_sql("SELECT count(*) FROM azure_row").fetchone()
    message = (
        "no reservation or savings plan shows in these files, so effective cost is billed cost; if one went unused all"
        " month, hand over the amortized cost too"
    )
    return (Finding("Azure-Single-File", "EffectiveCost", message, rows),)
