"""From answers to `gpu_hours`: what each owner had of each board and hour, as `ingest.telemetry.board_sql` wants it.

A pod that began again, or an exporter that moved, is another series with the same owner: averages weight each by its
samples. Two Prometheus servers that scrape the same exporter tell every minute twice: a sample counts once, so the
count is cut down to the minutes that were seen at all.
"""

from ibis.backends.duckdb import Backend

from app.db.gpu_catalogue import accelerator
from ingest.engine.duckdb import quoted
from ingest.telemetry.board_sql import facts_sql
from ingest.telemetry.group_sql import BUSY_WATTS
from ingest.telemetry.hour_columns import MEASURES, OWNER_COLUMNS, TABLE
from ingest.telemetry.hours import IDLE_TIMES, empty_hours
from ingest.telemetry.prometheus.ownership import OWNED
from ingest.telemetry.prometheus.queries import HOUR
from ingest.telemetry.prometheus.questions import Stat

_SOURCES = {"sm": "sm_active_ratio", "gr": "gr_engine_active_ratio", "util": "gpu_util_percent"}
_AVERAGED = {"sm": _SOURCES["sm"], "gr": _SOURCES["gr"], **MEASURES}
_LONGEST_GAP = HOUR  # seconds without a reading after which nobody knows when the energy was used


def hours_of_answers(backend: Backend) -> None:
    """Makes `gpu_hours` from the tables of `ingest.telemetry.prometheus.reading`."""
    empty_hours(backend)
    backend.raw_sql(f"CREATE OR REPLACE TEMP TABLE gpu_owned AS {OWNED}")
    backend.raw_sql(f"CREATE OR REPLACE TEMP TABLE gpu_strange AS {_strange(_busy_watts(backend))}")
    backend.raw_sql(f"CREATE OR REPLACE TEMP TABLE gpu_increase AS {_INCREASE}")
    backend.raw_sql(f"CREATE OR REPLACE TEMP TABLE gpu_group AS {_GROUPS}")
    backend.raw_sql(f"INSERT INTO {TABLE} {facts_sql('gpu_group', 'gpu_increase', shared=True)}")


def _busy_watts(backend: Backend) -> str:
    """The power above which a board of a model is at work, as a CASE of `model`."""
    models = backend.raw_sql("SELECT DISTINCT model FROM pulled_series WHERE model IS NOT NULL ORDER BY 1").fetchall()
    known = [(str(model), accelerator(model)) for (model,) in models]
    limits = "".join(
        f" WHEN {quoted(model)} THEN {IDLE_TIMES * each.idle_watts}"
        for model, each in known
        if each and each.idle_watts
    )
    return f"CASE model{limits} ELSE {BUSY_WATTS} END" if limits else str(BUSY_WATTS)


def _strange(busy_watts: str) -> str:
    """By board and hour, the minutes in which profiling says 0 and cannot be believed, and those of a fatal Xid."""
    bit = "1::BIGINT << minute"
    contradicted = f"stat = '{Stat.UTIL_CONTRADICTS}' OR (stat = '{Stat.POWER_CONTRADICTS}' AND value > {busy_watts})"
    return (
        f"SELECT gpu_uuid, hour_number, bit_or(CASE WHEN {contradicted} THEN {bit} ELSE 0 END) AS strange,"
        f" bit_or(CASE WHEN stat = '{Stat.BROKEN}' THEN {bit} ELSE 0 END) AS xid"
        " FROM pulled_board LEFT JOIN (SELECT gpu_uuid, any_value(model) AS model FROM pulled_series GROUP BY 1)"
        " USING (gpu_uuid) GROUP BY 1, 2"
    )


# What the counter of a board grew by in each hour; after a reset it begins at 0.
_INCREASE = f"""
SELECT (moment - 1) // {HOUR} AS hour_number, gpu_uuid,
       sum(CASE WHEN moment - before_moment > {_LONGEST_GAP} THEN 0
                WHEN value >= before THEN value - before ELSE value END) AS increase
FROM (
    SELECT gpu_uuid, moment, value, lag(value) OVER board AS before, lag(moment) OVER board AS before_moment
    FROM (SELECT gpu_uuid, moment, max(value) AS value FROM pulled_counter GROUP BY 1, 2)
    WINDOW board AS (PARTITION BY gpu_uuid ORDER BY moment)
) WHERE before IS NOT NULL GROUP BY 1, 2
"""


def _filtered(value: str, measure: str) -> str:
    return f"any_value({value}) FILTER (measure = '{measure}')"


_PARTS = ", ".join(
    f"{_filtered(part, measure)} AS {name}_{part}" for name, measure in _AVERAGED.items() for part in ("avg", "max")
)
_FB = ("total", "used", "free", "reserved")
_MEMORY = ", ".join(f"{_filtered('avg', f'fb_{part}_mib')} AS fb_{part}" for part in _FB)
_SETS = ", ".join(
    f"coalesce(bit_or({column}) FILTER (measure = '{measure}'), 0) AS {name}_{what}"
    for name, measure in _SOURCES.items()
    for what, column in (("seen", "seen"), ("on", "is_on"))
)
_ALL_SETS = ("sampled", *(f"{name}_{what}" for name in _SOURCES for what in ("seen", "on")))
# How much of what series count is not told twice. Two that follow each other may share the minute between them.
_ONCE = (
    "CASE WHEN sum(bit_count(seen)) - bit_count(bit_or(seen)) < count(*) THEN 1"
    " ELSE bit_count(bit_or(seen)) / sum(bit_count(seen)) END"
)
# The counter is followed by itself: no first and last reading in samples.
_ENERGY = dict.fromkeys(("energy_first", "energy_last", "energy_least", "energy_most"), "DOUBLE") | dict.fromkeys(
    ("energy_from", "energy_to"), "BIGINT"
)
_BY_DAY = "owned.series = said.series AND owned.day_number = said.hour_number // 24"
_GROUPS = f"""
WITH by_series AS (
    SELECT series, hour_number, metric, measure,
           any_value(value) FILTER (stat = '{Stat.AVERAGE}') AS avg,
           any_value(value) FILTER (stat = '{Stat.MAXIMUM}') AS max,
           any_value(value) FILTER (stat = '{Stat.COUNT}') AS n
    FROM pulled_hour GROUP BY ALL
), by_measure AS (
    SELECT workload, hour_number, measure, sum(avg * n) / sum(n) FILTER (avg IS NOT NULL) AS avg, max(max) AS max
    FROM by_series AS said JOIN gpu_owned AS owned ON {_BY_DAY} GROUP BY ALL
), measured AS (
    SELECT workload, hour_number, {_PARTS}, {_MEMORY} FROM by_measure GROUP BY ALL
), minutes AS (
    SELECT workload, hour_number, bit_or(seen) AS sampled, {_SETS}
    FROM pulled_minute AS said JOIN gpu_owned AS owned ON {_BY_DAY} GROUP BY ALL
), counts AS (
    SELECT series, hour_number, max(n) AS n, coalesce(any_value(seen), 0) AS seen
    FROM by_series LEFT JOIN (SELECT series, hour_number, bit_or(seen) AS seen FROM pulled_minute GROUP BY ALL)
    USING (series, hour_number) GROUP BY ALL
), counted AS (
    SELECT workload, hour_number, round(sum(n) * {_ONCE})::INTEGER AS sample_count
    FROM counts AS said JOIN gpu_owned AS owned ON {_BY_DAY} GROUP BY ALL
), workloads AS (
    SELECT workload, gpu_uuid, gpu_instance_id, {", ".join(OWNER_COLUMNS)}, any_value(mig_profile) AS mig_profile,
           any_value(hostname) AS hostname, any_value(model) AS model
    FROM gpu_owned GROUP BY ALL
)
SELECT workloads.* EXCLUDE (workload), measured.* EXCLUDE (workload, fb_total, fb_used, fb_free, fb_reserved),
       coalesce(fb_total, fb_used + fb_free + coalesce(fb_reserved, 0)) AS fb_total_mib, sample_count,
       {", ".join(f"coalesce({name}, 0) AS {name}" for name in _ALL_SETS)},
       0::BIGINT AS busy, coalesce(strange, 0) AS strange, coalesce(xid, 0) AS xid,
       {", ".join(f"NULL::{kind} AS {name}" for name, kind in _ENERGY.items())}
FROM measured JOIN workloads USING (workload) JOIN counted USING (workload, hour_number)
LEFT JOIN minutes USING (workload, hour_number)
LEFT JOIN gpu_strange USING (gpu_uuid, hour_number)
"""
