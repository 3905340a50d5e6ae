"""Allocating a month of 600,000 daily rows and 50,000 charge keys under 40 rules and 5 shared pools.

python -m bench.allocation [--pairs 5]

The limit is a plain GROUP BY of the same charges by one worker; ours sums them by owner and draws the statement. What
comes out is compared with the tests' reference allocator on the same charges: totals by team and pool, every digit.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from app.actions.policy import apply_policy
from app.chargeback.basis import live_basis
from app.chargeback.draft import draw_from
from app.chargeback.summing import owned_costs
from app.db.load import attach, create_load_table, index_charges
from app.db.session import read_session, write_session
from app.db.tables.bills import Delivery, Load, Source
from app.domain.money import EXACT, ZERO
from app.domain.viewer import operator
from bench.measure import ForeignLoad, in_turn
from bench.place import Place
from tests.app.chargeback.reference_allocator import Statement, statement
from tests.app.chargeback.reference_policy import Charge, read

MONTH = date(2026, 10, 1)
KEYS, DAYS = 50_000, 12
TEAMS, POOLS, RULES = 30, 5, 40
MIDDLE = MONTH + timedelta(days=14)  # from when on half of the rules give their charges to another team
SHARE_OF_LIMIT = 0.17  # of the limit's speed; perf.md has where it comes from
SUMMED = ("row_count", "effective_cost", "contracted_cost", "consumed_quantity")  # what statements sum as well
Totals = dict[tuple[str | None, str | None], Decimal]


def main() -> None:
    """Prints the ratio to the limit, and whether both ways come to the same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    print(*allocation_figures(parser.parse_args().pairs), sep="\n", flush=True)


def allocation_figures(pairs: int) -> list[str]:
    """How long allocating takes, against a GROUP BY of the same charges; ends the program if a total differs."""
    place = Place("bench_allocation").make()
    with write_session(place.engine) as session:
        table = _write_month(session)
        apply_policy(session, operator("bench"), _policy())
    with place.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
    load = ForeignLoad()
    with read_session(place.engine) as session:
        ratio = in_turn(
            f"allocate {KEYS * DAYS:,} rows, {KEYS:,} keys, {RULES} rules, {POOLS} pools",
            1 / SHARE_OF_LIMIT,
            lambda: _group_by(session, table),
            lambda: _allocate(session),
            times=pairs,
        )
        busy = str(load)
        compared = _compared(session)
    return [f"{ratio} (≥ {SHARE_OF_LIMIT} of its speed: {1 / ratio.gate:.2f})", f"    {compared}; {busy}"]


def _group_by(session: Session, table: str) -> float:
    session.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))
    sums = ", ".join(f"sum({column}) AS {column}" for column in SUMMED)
    used = ", ".join(f"max({column})" for column in SUMMED)  # a sum that nobody asks for is not worked out
    began = time.perf_counter()
    session.execute(text(f"SELECT {used} FROM (SELECT {sums} FROM {table} GROUP BY charge_key_id) AS summed")).one()
    took = time.perf_counter() - began
    session.execute(text("RESET max_parallel_workers_per_gather"))
    return took


def _allocate(session: Session) -> float:
    began = time.perf_counter()
    basis = live_basis(session, MONTH)
    draw_from(session, basis, owned_costs(session, basis))
    return time.perf_counter() - began


def _compared(session: Session) -> str:
    basis = live_basis(session, MONTH)
    ours: Totals = defaultdict(Decimal)
    for line in draw_from(session, basis, owned_costs(session, basis)).lines:
        at = line.key.team_id, line.key.pool_id
        ours[at] = EXACT.add(ours.get(at, ZERO), line.exact_amount)
    reference = _totals(statement(read(_policy()), MONTH, _charges(session)))
    assert dict(ours) == reference, {at: (ours.get(at), reference.get(at)) for at in {*ours, *reference}}
    return f"{len(reference)} totals by team and pool are those of the reference allocator, every digit"


def _totals(lines: Statement) -> Totals:
    found: Totals = {}
    for line, amount in lines.items():
        found[line.team, line.pool] = EXACT.add(found.get((line.team, line.pool), ZERO), amount.exact)
    return found


def _charges(session: Session) -> Iterator[Charge]:
    """The charges as Postgres holds them, those of a key added up for each half of the month."""
    sums: defaultdict[tuple[int, bool], Decimal] = defaultdict(Decimal)
    query = text("SELECT charge_key_id, charge_day >= :middle, effective_cost FROM charge")
    for key, late, cost in session.execute(query, {"middle": MIDDLE}):
        sums[key, late] = EXACT.add(sums[key, late], cost)
    names = text("SELECT id, sub_account_id, service_name, resource_id, tags FROM charge_key")
    said = {key: (columns, tags) for key, *columns, tags in session.execute(names)}
    for (key, late), cost in sums.items():
        (account, service, resource), tags = said[key]
        columns = {"sub_account_id": account, "service_name": service, "resource_id": resource, **ALWAYS}
        yield Charge(MONTH, MIDDLE if late else MONTH, columns, {"effective_cost": cost}, tags=tags)


ALWAYS = {
    "billing_currency": "USD",
    "charge_category": "Usage",
    "service_provider_name": "AWS",
    "consumed_unit": "Hours",
}


def _policy() -> str:
    """Rules by tag, by account with and without a validity, by pattern; a tenth of the keys match none."""
    pools = [
        "  - {id: pool-0, split: proportional}",
        "  - {id: pool-1, split: even}",
        "  - {id: pool-2, split: fixed, weights: {team-1: 3, team-2: 1, team-3: 1.5}}",
        "  - {id: pool-3, split: proportional, among: [team-4, team-5, team-6]}",
        "  - {id: pool-4, split: even, among: [team-7, team-8, team-9]}",
    ]
    assert len(pools) == POOLS
    shared = [
        f"  - {{name: pool {n}, when: {{column: service_name, glob: '*Service {n}0*'}}, pool: pool-{n}}}"
        for n in range(POOLS)
    ]
    half = (RULES - POOLS - 1) // 2
    moving = [
        f"  - {{name: early {n}, when: {{column: sub_account_id, equals: account-{n}}}, team: team-{n},"
        f" valid_to: {MIDDLE}}}"
        for n in range(half)
    ]
    staying = [
        f"  - {{name: any {n}, when: {{all: [{{column: sub_account_id, equals: account-{n}}},"
        f" {{not: {{column: resource_id, regex: '0$'}}}}]}}, team: team-{n + 10}}}"
        for n in range(half)
    ]
    tagged = "  - {name: tagged, when: {tag: team, present: true}, team_from_tag: team}"
    rules = [tagged, *shared, *moving, *staying]
    assert len(rules) == RULES
    teams = [f"  - {{id: team-{n}}}" for n in range(TEAMS)]
    return "\n".join(["name: allocation", "teams:", *teams, "pools:", *pools, "rules:", *rules, ""])


def _write_month(session: Session) -> str:
    """The month as one live load, made in Postgres itself; returns its table."""
    source = session.scalars(insert(Source).values(name="bench", kind="focus", config={}).returning(Source.id)).one()
    delivery = Delivery(source_id=source, sha256="", format="focus", files=[], control_totals=[], state="loaded")
    session.add(delivery)
    session.flush()
    load = Load(
        source_id=source,
        delivery_id=delivery.id,
        billing_period_start=MONTH,
        rows_loaded=KEYS * DAYS,
        first_charge_day=MONTH,
        last_charge_day=MONTH + timedelta(days=2 * DAYS),
        totals=[],
        billing_account_ids=[],
    )
    session.add(load)
    session.flush()
    table = create_load_table(session, load.id, MONTH)
    session.execute(text(_KEYS), {"keys": KEYS, **ALWAYS})
    session.execute(text(_CHARGES.format(table=table)), {"days": DAYS, "start": MONTH})
    index_charges(session, table)
    attach(session, table, load.id, MONTH)
    return table


_KEYS = """
INSERT INTO charge_key (digest, tags, extras, billing_currency, charge_category, service_provider_name, consumed_unit,
    sub_account_id, service_name, resource_id)
SELECT int8send(n), CASE n % 4 WHEN 0 THEN jsonb_build_object('team', 'team-' || n % 37) ELSE '{}' END, '{}',
    :billing_currency, :charge_category, :service_provider_name, :consumed_unit,
    'account-' || n % 19, 'Service ' || n % 90, 'i-' || n
FROM generate_series(1, :keys) AS n
"""
_CHARGES = """
INSERT INTO {table} (charge_day, charge_key_id, row_count, billed_cost, effective_cost, list_cost, contracted_cost,
    consumed_quantity)
SELECT CAST(:start AS date) + 2 * day, id, 24, cost, cost * 0.9, cost * 1.25, cost, cost / 2
FROM charge_key, generate_series(0, :days - 1) AS day,
    LATERAL (SELECT ((id * 7919 + day * 104729) % 1000003 - 20000)::numeric / 1000000000) AS priced (cost)
"""


if __name__ == "__main__":
    main()
