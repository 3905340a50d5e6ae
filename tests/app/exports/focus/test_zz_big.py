import os, resource, sys, time, threading
from decimal import Decimal
from datetime import date
from pathlib import Path
import psycopg, pytest
from sqlalchemy import text
from app.db.session import read_session, write_session
from app.db.load import attach, create_load_table, driver, index_charges
from app.domain.focus import FocusVersion
from app.domain.period import Period
from app.domain.viewer import operator
from app.exports.focus.files import write_focus_file
from app.reports.focus_export import focus_export
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

POLICY = """
name: big
teams: [%s]
pools:
  - {id: p, name: P, split: even}
rules:
  - {name: pool, when: {column: service_name, equals: Shared}, pool: p}
  - {name: tag, when: {tag: team, present: true}, team_from_tag: team}
""" % ", ".join("{id: t%d}" % i for i in range(40))

def rss():
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmRSS")).split()[1]) // 1024

def test_big(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "b.csv", [focus_row("1")]))
    trueup.policy(POLICY)
    with write_session(trueup.engine) as s:
        c = driver(s)
        cols = [r[0] for r in c.execute("SELECT column_name FROM information_schema.columns WHERE table_name='charge_key' AND column_name NOT IN ('id','digest','tags','resource_id','service_name','sku_price_details','charge_description')").fetchall()]
        names = ", ".join(cols)
        c.execute(f"INSERT INTO charge_key (digest, tags, resource_id, service_name, charge_description, sku_price_details, {names}) SELECT int8send(n), CASE WHEN n % 100 < 4 THEN '{{}}' ELSE jsonb_build_object('team', 't' || n % 40, 'project', 'project-' || n % 1000, 'env', 'prod') END, 'arn:aws:ec2:eu-west-1:123456789012:instance/i-' || md5(n::text), CASE WHEN n % 100 < 2 THEN 'Shared' ELSE 'EC2 ' || n % 50 END, 'An hour of a machine of a rather long name ' || n % 100, '{{\"CoreCount\": \"8\", \"InstanceType\": \"m5.large\"}}', {names} FROM charge_key, generate_series(1, 50000) n")
        load = s.scalar(text("SELECT id FROM load")); c.execute("ALTER TABLE charge_p202603_l1 DROP CONSTRAINT ck_charge_p202603_l1_instants")
        c.execute(f"INSERT INTO charge (billing_period_start, load_id, charge_day, charge_key_id, row_count, billed_cost, effective_cost, list_cost, contracted_cost, consumed_quantity, pricing_quantity) SELECT '2026-03-01', {load}, date '2026-03-01' + d, id, 24, 1.2345678901+d, 1.2345678901+d, 2.5+d, 1.75+d, 24, 24 FROM charge_key, generate_series(0, 11) d WHERE id > 1")
        c.execute("ANALYZE charge_key, charge")
        from app.chargeback.applying import put_in_force
        put_in_force(s, POLICY + "# again", applied_by="x")
    from dataclasses import replace
    from app.db.queries import allocated_charges as a
    with read_session(trueup.engine) as s:
        x = focus_export(s, operator(), Period.month(2026, 3), FocusVersion.V1_2)
        def timed(label, cols, order=True):
            t = time.time(); cells = ", ".join(f"({c.sql})" for c in cols)
            q = f"COPY (SELECT {cells} {a._ALLOCATED} {a._IN_ORDER if order else ''}) TO STDOUT (FORMAT csv)"
            n = 0
            with driver(s).cursor() as cu, cu.copy(q.encode(), a._values(x.allocation)) as cp:
                for l in cp: n += len(l)
            print(f"RESULT {label} {time.time()-t:.1f}s {n/1e6:.0f}MB load={os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
        t = time.time(); x.digits(); print(f"RESULT digits {time.time()-t:.1f}", file=sys.stderr)
        timed("all", x.columns)
        timed("all unordered", x.columns, False)
        from app.db.queries.focus_columns import Content as C
        timed("no numbers", [c for c in x.columns if c.content is not C.NUMBER])
        timed("no instants", [c for c in x.columns if c.content is not C.INSTANT])
        timed("no objects", [c for c in x.columns if c.content is not C.OBJECT])
        timed("only text", [c for c in x.columns if c.content is C.TEXT])
        timed("one", x.columns[:1])
