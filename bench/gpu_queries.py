"""How long questions about GPUs take at 2,048 boards × 30 days: waste from its roll-up, telemetry from hourly facts.

`python -m bench.gpu_queries` makes a database of its own (1.5 million facts, 0.4 million rows of waste) and prints
milliseconds.
"""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from statistics import median

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.db.session import read_session
from app.domain.gpu.states import STATES
from app.domain.viewer import operator
from app.reports.gpu_boards import gpu_boards
from app.reports.gpu_heat import gpu_heat
from app.reports.gpu_query import HeatQuestion, UtilizationQuestion, WasteQuestion, gpu_filters
from app.reports.gpu_utilization import gpu_utilization
from app.reports.gpu_waste import gpu_waste
from bench.place import Place

BOARDS, PER_NODE, DAYS = 2048, 8, 30
START, END = date(2026, 10, 1), date(2026, 10, 31)
VIEWER = operator("bench")
TEAM = gpu_filters(["team:team-7"])
NODE = gpu_filters(["node:node-0007"])
Ask = Callable[[Session], object]

QUESTIONS: dict[str, Ask] = {
    "waste by state": lambda s: gpu_waste(s, VIEWER, WasteQuestion(START, END)),
    "waste by team and state": lambda s: gpu_waste(s, VIEWER, WasteQuestion(START, END, group_by=("team", "state"))),
    "waste by day and state": lambda s: gpu_waste(s, VIEWER, WasteQuestion(START, END, group_by=("day", "state"))),
    "waste by node": lambda s: gpu_waste(s, VIEWER, WasteQuestion(START, END, group_by=("node",))),
    "waste of a team by state": lambda s: gpu_waste(s, VIEWER, WasteQuestion(START, END, filters=TEAM)),
    "boards": lambda s: gpu_boards(s, VIEWER, WasteQuestion(START, END)),
    "heat map, 30 days": lambda s: gpu_heat(s, VIEWER, HeatQuestion(_at(1), _at(31))),
    "heat map, zoomed to a day": lambda s: gpu_heat(s, VIEWER, HeatQuestion(_at(7), _at(8))),
    "heat map of a node": lambda s: gpu_heat(s, VIEWER, HeatQuestion(_at(1), _at(31), filters=NODE)),
    "utilisation by node": lambda s: gpu_utilization(s, VIEWER, UtilizationQuestion(START, END, group_by=("node",))),
    "utilisation by team and workload": lambda s: gpu_utilization(
        s, VIEWER, UtilizationQuestion(START, END, group_by=("team", "owner"))
    ),
}


def main() -> None:
    """Makes the database and prints how long each question takes."""
    place = Place("bench_gpu").make()
    with place.engine.begin() as connection:
        for statement in _rows():
            connection.execute(text(statement))
    with place.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
    for name, ask in QUESTIONS.items():
        taken = []
        with read_session(place.engine) as session:
            for _ in range(4):
                began = time.perf_counter()
                ask(session)
                taken.append((time.perf_counter() - began) * 1000)
        print(f"{name}: {median(taken[1:]):,.0f} ms", flush=True)


def _at(day: int) -> datetime:
    return datetime(2026, 10, day, tzinfo=UTC)


def _rows() -> list[str]:
    """Boards, facts and waste straight into the tables: what a large month comes to."""
    nodes, states = BOARDS // PER_NODE, ", ".join(f"'{state}'" for state in STATES)
    month = (
        f"generate_series(timestamptz '{START}Z', timestamptz '{START}Z' + interval '{DAYS * 24 - 1} hours', '1 hour')"
    )
    held = "1 + (b * 13 + {day}) % 2000"  # whose a board is on a day
    return [
        "INSERT INTO source (name, kind, config) VALUES ('telemetry', 'samples', '{}')",
        """INSERT INTO delivery (source_id, sha256, format, files, state)
           SELECT id, '', 'samples', '[]', 'loaded' FROM source""",
        f"INSERT INTO gpu_node (name) SELECT 'node-' || lpad(i::text, 4, '0') FROM generate_series(1, {nodes}) i",
        f"""INSERT INTO gpu_board (gpu_uuid, accelerator, fb_total_mib, node_id)
            SELECT 'GPU-' || md5(i::text), 'H100', 81920, 1 + (i - 1) / {PER_NODE}
            FROM generate_series(1, {BOARDS}) i""",
        "INSERT INTO gpu_owner (namespace, pod) SELECT 'n' || i % 40, 'job-' || i FROM generate_series(1, 2000) i",
        f"""INSERT INTO gpu_hour (source_id, delivery_id, hour, board_id, gpu_instance_id, owner_id, node_id,
                sample_count, observed, active, suspect, unavailable, activity_source, activity_avg, activity_max,
                gpu_util_avg, tensor_active_avg, dram_active_avg, fb_used_mib_avg, fb_used_mib_max, power_watts_avg)
            SELECT source.id, delivery.id, hour, b, -1, {held.format(day="extract(day FROM hour)::int")},
                1 + (b - 1) / {PER_NODE}, 60, (1::bigint << 60) - 1, (1::bigint << (b % 60)::int) - 1, 0, 0,
                'sm_active', random(), 1, 50, random(), random(), 40000, 60000, 400
            FROM source, delivery, {month} hour, generate_series(1, {BOARDS}) b""",
        f"""INSERT INTO gpu_waste (billing_period_start, day, state, team_id, node_id, board_id, owner_id, accelerator,
                purchase_option, billing_currency, board_minutes, effective_cost)
            SELECT '{START}', date '{START}' + d, (ARRAY[{states}])[3 + (b + s + d) % 9], 'team-' || owner % 40,
                1 + (b - 1) / {PER_NODE}, b, owner, 'H100', 'on_demand', 'USD', 240, 17.123456789012
            FROM generate_series(0, {DAYS - 1}) d, generate_series(1, {BOARDS}) b, generate_series(1, 6) s,
                LATERAL (SELECT {held.format(day="d + 1")} AS owner) held""",
    ]


if __name__ == "__main__":
    main()
