"""The one pass over samples: what each owner had of each board and hour, minutes as bits (docs/decisions/0014)."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.gpu.sample import FATAL_XIDS, SAMPLE_COLUMNS, WHOLE_BOARD
from ingest.engine.duckdb import identifier, literal, quoted
from ingest.telemetry.hour_columns import MEASURES, OWNER_COLUMNS
from ingest.telemetry.sample_files import SampleFile

HOUR_US, MINUTE_US = 3_600_000_000, 60_000_000
# GPU_UTIL at which something runs for certain: it counts any kernel, so a few percent may be the exporter's own.
BUSY_PERCENT = 10
# Power that no idle board draws, for a model that the catalogue does not know: an idle H100 or H200 draws 69-77 W.
BUSY_WATTS = 200
_PROFILED = ("sm_active_ratio", "gr_engine_active_ratio", "tensor_active_ratio", "dram_active_ratio")
# The columns of a group that a NaN among its samples shows in: DuckDB takes it for the greatest number.
GREATEST = (*(f"{name}_max" for name in ("sm", "gr", *MEASURES)), "fb_total_mib", "energy_most")
GROUP = ("hour_number", "gpu_uuid", "gpu_instance_id", *OWNER_COLUMNS)


@dataclass(frozen=True)
class Reading:
    """Files that are read together, and the power above which a board of a model is at work."""

    files: Sequence[SampleFile]
    busy_watts: Sequence[tuple[str, float]] = ()  # by model
    has_nan: bool = False  # whether numbers are among them that are none; what the files say of nulls is not all then

    def has(self, column: str) -> bool:
        """Whether any row may have a value in `column`."""
        return any(column in file.columns and column not in file.empty for file in self.files)

    def always(self, column: str) -> bool:
        """Whether every row is known to have a value in `column`."""
        return not self.has_nan and all(column in file.full for file in self.files)


def samples_sql(reading: Reading) -> str:
    """The samples with all their columns, those that no file has as NULL. A missing instance is the whole board."""
    paths = ", ".join(literal(file.path) for file in reading.files)
    cells = (
        f"CAST({identifier(each.name) if reading.has(each.name) else 'NULL'} AS {each.type}) AS {each.name}"
        for each in SAMPLE_COLUMNS
        if each.name != "gpu_instance_id"
    )
    instance = f"coalesce(gpu_instance_id, {WHOLE_BOARD})" if reading.has("gpu_instance_id") else str(WHOLE_BOARD)
    return (
        f"SELECT {', '.join(cells)}, CAST({instance} AS SMALLINT) AS gpu_instance_id"
        f" FROM read_parquet([{paths}], union_by_name = true)"
    )


def without_nan_sql(samples: str) -> str:
    """`samples`, what is not a number as no value."""
    numbers = (each.name for each in SAMPLE_COLUMNS if each.type == "DOUBLE")
    cells = ", ".join(f"CASE WHEN NOT isnan({name}) THEN {name} END AS {name}" for name in numbers)
    return f"SELECT * REPLACE ({cells}) FROM ({samples})"


def once_sql(samples: str) -> str:
    """`samples`, one for each board, instance, owner and moment: several exporters of a board tell it once."""
    keys = ("timestamp", "gpu_uuid", "gpu_instance_id", *OWNER_COLUMNS)
    values = ", ".join(f"max({each.name}) AS {each.name}" for each in SAMPLE_COLUMNS if each.name not in keys)
    return f"SELECT {', '.join(keys)}, {values} FROM ({samples}) GROUP BY {', '.join(keys)}"


def groups_sql(reading: Reading, samples: str) -> str:
    """What each owner had of each board and hour, before owners and instances of a board are looked at together.

    Sets of minutes: `sampled`, `sm_seen` and `sm_on` (SM_ACTIVE is there; and above 0), likewise `gr_` and `util_`,
    `busy` (a profiling metric is above 0), `strange` (they are 0 while GPU_UTIL or power say otherwise), `xid` (fatal).
    """
    moments = f"SELECT *, epoch_us(timestamp) AS us FROM ({samples})"
    rows = f"SELECT *, us // {HOUR_US} AS hour_number, 1::BIGINT << (us // {MINUTE_US} % 60) AS bit FROM ({moments})"
    keys = [each for each in GROUP if each in {"hour_number", "gpu_uuid", "gpu_instance_id"} or reading.has(each)]
    absent = [f"NULL::VARCHAR AS {each}" for each in GROUP if each not in keys]
    parts = [*keys, *absent, "count(*) AS sample_count", *_minutes(reading), *_measures(reading), *_energy(reading)]
    about = (f"any_value({each}) AS {each}" for each in ("mig_profile", "hostname", "model"))
    return (
        f"SELECT {', '.join([*parts, *about])}, max(fb_total_mib) AS fb_total_mib FROM ({rows})"
        f" GROUP BY {', '.join(keys)}"
    )


def _minutes(reading: Reading) -> list[str]:
    sources = {"sm": "sm_active_ratio", "gr": "gr_engine_active_ratio", "util": "gpu_util_percent"}
    found = ["bit_or(bit) AS sampled"]
    enough = False  # whether every sample has a better source: then nobody asks this one
    for name, column in sources.items():
        counts = reading.has(column) and not enough
        enough = enough or reading.always(column)
        seen = "bit_or(bit)" if reading.always(column) else _minutes_when(f"{column} IS NOT NULL")
        found.append(f"{seen if counts else '0::BIGINT'} AS {name}_seen")
        found.append(f"{_minutes_when(f'{column} > 0') if counts else '0::BIGINT'} AS {name}_on")
    profiled = [each for each in _PROFILED if reading.has(each)]
    if not {"sm_active_ratio", "gr_engine_active_ratio"} & set(profiled):
        # Tensor cores and memory may well be idle on a busy board: alone they make nothing strange.
        return [*found, "0::BIGINT AS busy", "0::BIGINT AS strange", _xid(reading)]
    most = f"greatest({', '.join(profiled)})" if len(profiled) > 1 else profiled[0]
    found.append(f"{_minutes_when(f'{most} > 0')} AS busy")
    found.append(f"bit_or({_strange(reading, most)}) AS strange")
    return [*found, _xid(reading)]


def _strange(reading: Reading, most: str) -> str:
    """The bit of a sample whose profiling metrics are 0 on a board that works."""
    limits = "".join(f" WHEN {quoted(model)} THEN {watts}" for model, watts in reading.busy_watts)
    limit = f"CASE model{limits} ELSE {BUSY_WATTS} END" if limits else str(BUSY_WATTS)
    profiled = [each for each in _PROFILED[:2] if reading.has(each)]
    at_work = f"(gpu_instance_id = {WHOLE_BOARD} AND gpu_util_percent >= {BUSY_PERCENT}) OR power_watts > {limit}"
    told = f"coalesce({', '.join(profiled)}) IS NOT NULL"
    return f"CASE WHEN {most} = 0 THEN CASE WHEN {told} AND ({at_work}) THEN bit ELSE 0 END ELSE 0 END"


def _xid(reading: Reading) -> str:
    fatal = f"xid IN ({', '.join(map(str, FATAL_XIDS))})"
    return f"{_minutes_when(fatal) if reading.has('xid') else '0::BIGINT'} AS xid"


def _minutes_when(condition: str) -> str:
    return f"bit_or(CASE WHEN {condition} THEN bit ELSE 0 END)"


def _measures(reading: Reading) -> list[str]:
    names = {"sm": "sm_active_ratio", "gr": "gr_engine_active_ratio", **MEASURES}
    return [
        f"{part}({column}) AS {name}_{part}" if reading.has(column) else f"NULL::DOUBLE AS {name}_{part}"
        for name, column in names.items()
        for part in ("avg", "max")
    ]


def _energy(reading: Reading) -> list[str]:
    """The first and last reading of the board's counter, with their moments, and the least and greatest."""
    names = ("energy_first", "energy_last", "energy_least", "energy_most", "energy_from", "energy_to")
    if not reading.has("energy_mj"):
        return [f"NULL::{'BIGINT' if name in names[4:] else 'DOUBLE'} AS {name}" for name in names]
    told = "us" if reading.always("energy_mj") else "CASE WHEN energy_mj IS NOT NULL THEN us END"
    values = ("arg_min(energy_mj, us)", "arg_max(energy_mj, us)", "min(energy_mj)", "max(energy_mj)")
    return [f"{value} AS {name}" for name, value in zip(names, (*values, f"min({told})", f"max({told})"), strict=True)]
