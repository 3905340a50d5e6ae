"""How long a sample stands: until the next one, as far as its own interval goes.

A board that is sampled every five minutes is known in every minute, not in one of five. The interval is measured: it is
the least number of minutes at which most samples of a fact follow one another. So far each sample stands, for at most
MOST_MINUTES, as long as a Prometheus server answers with the last one (staleness, five minutes). One minute more is
bridged where the next sample comes right after it, because scrapes drift past the turn of a minute.
"""

from ibis.backends.duckdb import Backend

from app.domain.gpu.minutes import MINUTES, WHOLE_HOUR
from ingest.telemetry.hour_columns import HOUR_COLUMNS, OWNER_COLUMNS, TABLE

MOST_MINUTES = 5
_SETS = ("observed", "active", "suspect", "unavailable")
_STEPS = range(1, MOST_MINUTES)
_SAME = ("gpu_uuid", "gpu_instance_id", *OWNER_COLUMNS)


def stand(backend: Backend) -> None:
    """Lets each sample in `gpu_hours` stand for its interval, also into the hour that follows.

    Where every minute has its own, as a scrape each minute or oftener gives, nothing is done.
    """
    gap = f"{_later('observed', 1)} & ~observed & (observed >> 1) <> 0"
    if backend.raw_sql(f"SELECT 1 FROM {TABLE} WHERE {_interval()} > 1 OR {gap} LIMIT 1").fetchone():
        backend.raw_sql(f"CREATE OR REPLACE TABLE {TABLE} AS {_standing_sql(TABLE)}")


def _standing_sql(facts: str) -> str:
    return f"""
WITH spaced AS (SELECT *, {_interval()} AS every FROM {facts}),
     moved AS (SELECT *, {", ".join(_moved(name, step) for name in _SETS for step in _STEPS)} FROM spaced
               WINDOW workload AS (PARTITION BY {", ".join(_SAME)} ORDER BY hour)),
     standing AS (SELECT * REPLACE ({", ".join(f"{_stood(name)} AS {name}" for name in _SETS)}) FROM moved),
     bridged AS (SELECT *, {_later("observed", 1)} & ~observed & (observed_0 >> 1) AS bridge FROM standing)
SELECT {", ".join(f"{_bridged(name)} AS {name}" if name in _SETS else name for name in HOUR_COLUMNS)} FROM bridged
"""


def _interval() -> str:
    """Minutes from one sample to the next; 1 where that cannot be told."""
    cases = (
        f"WHEN 2 * bit_count(observed & (observed >> {step})) >= bit_count(observed) - 1 THEN {step}"
        for step in range(1, MOST_MINUTES + 1)
    )
    return f"CASE WHEN bit_count(observed) < 3 THEN 1 {' '.join(cases)} ELSE 1 END"


def _later(name: str, step: int) -> str:
    """A set of minutes, each so many later, within the hour. What leaves it is cut first: BIGINT would overflow."""
    return f"(({name} & {WHOLE_HOUR >> step}) << {step})"


def _moved(name: str, step: int) -> str:
    """The set moved by a step that the interval reaches, with what the hour before reaches over."""
    before = (
        f"CASE WHEN lag(hour) OVER workload = hour - INTERVAL 1 HOUR THEN lag({name}) OVER workload >> {MINUTES - step}"
        " ELSE 0 END"
    )
    first = f", {name} AS {name}_0" if step == 1 else ""
    return f"CASE WHEN every > {step} THEN {_later(name, step)} | {before} ELSE 0 END AS {name}_{step}{first}"


def _stood(name: str) -> str:
    """What is true of a minute without a sample is what the nearest one before it said."""
    parts = [f"{name}_0"]
    for step in _STEPS:
        nearer = " | ".join(f"observed_{each}" for each in range(step))
        parts.append(f"({name}_{step} & ~({nearer}))")
    return " | ".join(parts)


def _bridged(name: str) -> str:
    return f"{name} | bridge" if name == "observed" else f"{name} | ({_later(name, 1)} & bridge)"
