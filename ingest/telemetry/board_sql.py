"""From what each owner had of a board to facts: what only shows when all that is known of the board is together."""

from app.domain.gpu.hour import ActivitySource
from app.domain.gpu.sample import WHOLE_BOARD
from ingest.engine.duckdb import quoted
from ingest.telemetry.hour_columns import HOUR_COLUMNS, HOUR_TYPES, OWNER_COLUMNS

_SOURCES = {"sm": ActivitySource.SM_ACTIVE, "gr": ActivitySource.GR_ENGINE_ACTIVE, "util": ActivitySource.GPU_UTIL}
_OWNED = f"coalesce({', '.join(OWNER_COLUMNS)}) IS NOT NULL"
_WHOLE = f"gpu_instance_id = {WHOLE_BOARD}"
_OF_BOARD = "OVER board"
_OF_INSTANCE = "OVER instance"
NO_INCREASE_SQL = "SELECT NULL::BIGINT AS hour_number, NULL::VARCHAR AS gpu_uuid, NULL::DOUBLE AS increase WHERE false"


def shared_sql(groups: str) -> str:
    """Hours and boards with more than one group: of several owners, or MIG instances."""
    return f"SELECT hour_number, gpu_uuid FROM {groups} GROUP BY ALL HAVING count(*) > 1"


def facts_sql(groups: str, energy: str, *, shared: bool) -> str:
    """Rows of HOUR_COLUMNS from the groups of `groups` that are alone on their board and hour, or from `shared` ones.

    `energy` is a table of hours in which a board's counter was reset.

    - Activity is of one source in a fact: SM_ACTIVE, else GR_ENGINE_ACTIVE, else GPU_UTIL, which says nothing of a MIG
      instance. A minute is observed when a sample of it has that source, or a fatal Xid.
    - Rows of a pod that say nothing of activity are as active as the device they share.
    - Beside owners, or beside MIG instances, a row without an owner is the device, no unallocated minute.
    - What is strange of one instance is not when another one works: power is the whole board's.
    - While a board works, the Xid that its exporter still shows is an old one.
    """
    return (
        f"WITH sourced AS ({_sourced(groups)}), together AS ({_together() if shared else _ALONE}), seen AS ({_seen()})"
        f" SELECT {', '.join(_facts())} FROM seen LEFT JOIN {energy} AS resets USING (hour_number, gpu_uuid)"
    )


# What `_together` comes to where there is nothing to look at together: most boards have one owner in an hour.
_ALONE = """
SELECT *, busy AS board_busy, xid AS board_xid, source_on AS board_on, 0 AS instances_sampled, 0 AS owned_sampled,
    0 AS device_seen, 0 AS device_on, NULL AS device_source, NULL AS device_avg, NULL AS device_max,
    energy_first AS board_first, energy_last AS board_last, 1 AS place
FROM sourced
"""


def resets_sql(groups: str) -> str:
    """Hours and boards in which the energy counter does not begin at its least and end at its greatest reading."""
    return (
        f"SELECT hour_number, gpu_uuid FROM {groups} WHERE energy_from IS NOT NULL GROUP BY hour_number, gpu_uuid"
        " HAVING arg_min(energy_first, energy_from) > min(energy_least)"
        " OR arg_max(energy_last, energy_to) < max(energy_most)"
    )


def increase_sql(samples: str, wanted: str, hour_us: int) -> str:
    """The increase of the counter in the hours and boards of the table `wanted`, reset by reset."""
    return f"""
SELECT hour_number, gpu_uuid, sum(
    CASE WHEN before IS NULL THEN 0 WHEN reading < before THEN reading ELSE reading - before END) AS increase
FROM (
    SELECT hour_number, gpu_uuid, reading,
           lag(reading) OVER (PARTITION BY hour_number, gpu_uuid ORDER BY us) AS before
    FROM (
        SELECT us, us // {hour_us} AS hour_number, gpu_uuid, max(energy_mj) AS reading
        FROM (SELECT *, epoch_us(timestamp) AS us FROM ({samples}) WHERE energy_mj IS NOT NULL) GROUP BY ALL
    ) JOIN {wanted} USING (hour_number, gpu_uuid)
) GROUP BY hour_number, gpu_uuid
"""


def _sourced(groups: str) -> str:
    """Each group with its own source, and what was seen and on by it."""
    usable = {"sm": "sm_seen <> 0", "gr": "gr_seen <> 0", "util": f"util_seen <> 0 AND {_WHOLE}"}
    averages = {"sm": "sm_{}", "gr": "gr_{}", "util": "gpu_util_{} / 100"}

    def chosen(values: dict[str, str], otherwise: str) -> str:
        return "CASE " + " ".join(f"WHEN {usable[key]} THEN {values[key]}" for key in usable) + f" ELSE {otherwise} END"

    return (
        f"SELECT *, {_OWNED} AS owned,"
        f" {chosen({key: quoted(source) for key, source in _SOURCES.items()}, 'NULL')} AS source,"
        f" {chosen({key: f'{key}_seen' for key in usable}, '0')} AS source_seen,"
        f" {chosen({key: f'{key}_on' for key in usable}, '0')} AS source_on,"
        f" {chosen({key: value.format('avg') for key, value in averages.items()}, 'NULL')} AS activity_avg,"
        f" {chosen({key: value.format('max') for key, value in averages.items()}, 'NULL')} AS activity_max"
        f" FROM {groups}"
    )


def _together() -> str:
    """Each group beside all there is of its board, and of its instance, in the hour."""
    device = "FILTER (NOT owned)"
    return f"""
SELECT *,
    bit_or(busy) {_OF_BOARD} AS board_busy,
    bit_or(xid) {_OF_BOARD} AS board_xid,
    bit_or(source_on) {_OF_BOARD} AS board_on,
    coalesce(bit_or(sampled) FILTER (NOT {_WHOLE}) {_OF_BOARD}, 0) AS instances_sampled,
    coalesce(bit_or(sampled) FILTER (owned) {_OF_INSTANCE}, 0) AS owned_sampled,
    coalesce(bit_or(source_seen) {device} {_OF_INSTANCE}, 0) AS device_seen,
    coalesce(bit_or(source_on) {device} {_OF_INSTANCE}, 0) AS device_on,
    any_value(source) {device} {_OF_INSTANCE} AS device_source,
    any_value(activity_avg) {device} {_OF_INSTANCE} AS device_avg,
    any_value(activity_max) {device} {_OF_INSTANCE} AS device_max,
    arg_min(energy_first, energy_from) {_OF_BOARD} AS board_first,
    arg_max(energy_last, energy_to) {_OF_BOARD} AS board_last,
    row_number() OVER (PARTITION BY hour_number, gpu_uuid
                       ORDER BY gpu_instance_id, {", ".join(f"{each} NULLS FIRST" for each in OWNER_COLUMNS)}) AS place
FROM sourced
WINDOW board AS (PARTITION BY hour_number, gpu_uuid),
       instance AS (PARTITION BY hour_number, gpu_uuid, gpu_instance_id)
"""


def _seen() -> str:
    """Each group with the minutes that count as its own."""
    borrows = "source IS NULL AND owned"
    shared = f"CASE WHEN owned THEN 0 WHEN {_WHOLE} THEN owned_sampled | instances_sampled ELSE owned_sampled END"
    return (
        "SELECT * REPLACE (coalesce(source, CASE WHEN owned THEN device_source END) AS source,"
        f" CASE WHEN {borrows} THEN device_avg ELSE activity_avg END AS activity_avg,"
        f" CASE WHEN {borrows} THEN device_max ELSE activity_max END AS activity_max),"
        f" CASE WHEN {borrows} THEN device_on ELSE source_on END AS is_on,"
        f" ((CASE WHEN {borrows} THEN device_seen ELSE source_seen END | board_xid) & sampled & ~({shared}))"
        " AS observed FROM together"
    )


def _facts() -> list[str]:
    told = {
        "hour": "to_timestamp(hour_number * 3600)",
        "active": "observed & is_on",
        "suspect": "observed & strange & ~board_busy",
        "unavailable": "CASE WHEN board_xid & board_on = 0 THEN observed & board_xid ELSE 0 END",
        "activity_source": "source",
        # Beside a MIG instance, GPU_UTIL is absent or 0 and says nothing.
        **{f"gpu_util_{part}": f"CASE WHEN {_WHOLE} THEN gpu_util_{part} END" for part in ("avg", "max")},
        "energy_mj": "CASE WHEN place = 1 THEN coalesce(resets.increase, board_last - board_first) END",
    }
    return [f"CAST({told.get(name, name)} AS {HOUR_TYPES[name]}) AS {name}" for name in HOUR_COLUMNS]
