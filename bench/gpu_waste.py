"""Posting the waste of a month of 2,048 boards: prices and hourly facts in Postgres → the waterfall, tied to the bill.

python -m bench.gpu_waste [--nodes 256]

The facts are made in Postgres itself: 256 nodes of 8 boards, 30 days, a fifth of the hours partly or wholly idle.
"""

import argparse
import cProfile
import pstats
import time
from datetime import date

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from app.chargeback.gpu_waste import post_waste
from app.chargeback.posting import lock_posting
from app.db.queries.gpu_prices import gpu_cost
from app.db.session import write_session
from app.db.tables.bills import Delivery, Load, Source
from bench.measure import ForeignLoad, peak_memory_bytes
from bench.place import Place

MONTH = date(2026, 9, 1)
BOARDS, DAYS = 8, 30
GIB = 1024**3


def main() -> None:
    """Prints the seconds, and whether the waterfall comes to the bill."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=256)
    parser.add_argument("--profile", action="store_true", help="say where the time goes")
    options = parser.parse_args()
    print(*waste_figures(options.nodes, profile=options.profile), sep="\n", flush=True)


def waste_figures(nodes: int, *, profile: bool = False) -> list[str]:
    """How long posting takes; ends the program if the waterfall is not the GPU part of the bill."""
    place = Place("bench_gpu_waste").make()
    with write_session(place.engine) as session:
        write_month(session, nodes)
    with place.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
    load = ForeignLoad()
    with write_session(place.engine) as session:
        lock_posting(session)
        profiler = cProfile.Profile()
        if profile:
            profiler.enable()
        began = time.perf_counter()
        post_waste(session, [MONTH])
        took = time.perf_counter() - began
        if profile:
            profiler.disable()
            pstats.Stats(profiler).sort_stats("cumtime").print_stats(60)
        rows, cost = session.execute(text("SELECT count(*), sum(effective_cost) FROM gpu_waste")).one()
        by_state = session.execute(text(_BY_STATE)).all()
        bill = gpu_cost(session, MONTH)
    assert [each.effective_cost for each in bill] == [cost], (bill, cost)
    facts = nodes * BOARDS * 24 * DAYS
    speed = f"{facts / took:,.0f} facts/s, peak {peak_memory_bytes() / GIB:.2f} GiB"
    shares = ", ".join(f"{state} {hours:,}" for state, hours in by_state)
    return [
        f"GPU waste of {nodes * BOARDS:,} boards x {DAYS} days: {rows:,} rows in {took:.1f} s ({speed}); {load}",
        f"    the states come to the GPU part of the bill, {cost:,.2f} USD, every digit; GPU-hours: {shares}",
    ]


_BY_STATE = "SELECT state, round(sum(board_minutes) / 60) FROM gpu_waste GROUP BY 1 ORDER BY 2 DESC"


def write_month(session: Session, nodes: int) -> None:
    """A month of prices and facts."""
    source = session.scalars(insert(Source).values(name="gpus", kind="focus", config={}).returning(Source.id)).one()
    delivery = Delivery(source_id=source, sha256="", format="focus", files=[], control_totals=[], state="loaded")
    session.add(delivery)
    session.flush()
    load = Load(
        source_id=source,
        delivery_id=delivery.id,
        billing_period_start=MONTH,
        rows_loaded=0,
        first_charge_day=MONTH,
        last_charge_day=MONTH,
        totals=[],
        billing_account_ids=[],
    )
    session.add(load)
    session.flush()
    values = {
        "nodes": nodes,
        "boards": BOARDS,
        "hours": DAYS * 24,
        "start": MONTH,
        "source": source,
        "delivery": delivery.id,
        "load": load.id,
    }
    for statement in _MONTH:
        session.execute(text(statement), values)


_MONTH = (
    "INSERT INTO gpu_node (name, resource_id) SELECT 'node-' || n, 'i-' || n FROM generate_series(1, :nodes) AS n",
    """
    INSERT INTO gpu_board (gpu_uuid, model, node_id)
    SELECT 'GPU-' || node.id || '-' || b, 'NVIDIA H100 80GB HBM3', node.id
    FROM gpu_node AS node, generate_series(1, :boards) AS b
    """,
    """
    INSERT INTO gpu_owner (namespace, pod, team)
    SELECT 'team-' || n % 10, 'pod-' || n, 'team-' || n % 10 FROM generate_series(1, :nodes * 8) AS n
    """,
    """
    INSERT INTO charge_key (digest, tags, extras, billing_currency, charge_category, service_provider_name,
        consumed_unit, pricing_unit, pricing_category, resource_id, sku_price_details, charge_description)
    SELECT int8send(n), '{}', '{}', 'USD', 'Usage', 'AWS', 'Hours', 'Hours', 'Standard', 'i-' || n,
        NULL, '$55.04 per On Demand Linux p5.48xlarge Instance Hour'
    FROM generate_series(1, :nodes) AS n
    """,
    """
    INSERT INTO gpu_price (load_id, charge_key_id, hour, is_daily, effective_cost, node_hours)
    SELECT :load, charge_key.id, CAST(:start AS date)::timestamp AT TIME ZONE 'UTC' + h * interval '1 hour', false,
        55.04 + (h / 400) * 0.1234567, 1
    FROM charge_key, generate_series(0, :hours - 1) AS h
    """,
    """
    INSERT INTO gpu_hour (source_id, delivery_id, hour, board_id, gpu_instance_id, owner_id, node_id, sample_count,
        observed, active, activity_source, activity_avg, tensor_active_avg, dram_active_avg)
    SELECT :source, :delivery, CAST(:start AS date)::timestamp AT TIME ZONE 'UTC' + h * interval '1 hour', board.id, -1,
        CASE WHEN (board.id * 31 + h / 24) % 19 = 0 THEN NULL
             ELSE 1 + (board.node_id * 7 + h / 30) % (:nodes * 8) END,
        board.node_id, 60, (1::bigint << 60) - 1,
        CASE (board.id * 7919 + h * 104729) % 10
             WHEN 0 THEN 0 WHEN 1 THEN 0 WHEN 2 THEN (1::bigint << 20) - 1 WHEN 3 THEN 1152640029630136320
             ELSE (1::bigint << 60) - 1 END,
        'gr_engine_active', ((board.id * 7 + h) % 100) / 100.0, 0.3, 0.2
    FROM gpu_board AS board, generate_series(0, :hours - 1) AS h
    """,
)


if __name__ == "__main__":
    main()
