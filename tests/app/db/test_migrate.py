"""From nothing to this version's schema and back, on every PostgreSQL that Trueup supports."""

import io
from contextlib import redirect_stdout
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine, text

from app.db.migrate import _config, downgrade, is_current, upgrade
from app.db.session import read_session
from app.domain.charge import Axis, Metric
from app.domain.period import Period
from app.domain.viewer import operator
from app.reports.chargeback import chargeback
from app.reports.cost_query import Granularity
from app.settings import Settings, settings
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

LEFT = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
                 AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
"""


def test_the_schema_comes_and_goes_without_a_trace(empty_engine: Engine) -> None:
    assert not is_current(empty_engine)
    for _ in range(2):
        upgrade(empty_engine)
        assert is_current(empty_engine)
        upgrade(empty_engine)  # again, to no effect
        downgrade(empty_engine)
        assert not is_current(empty_engine)
        with empty_engine.connect() as connection:
            left = set(connection.scalars(text(LEFT)))
        assert left <= {"alembic_version", "alembic_version_pkc"}


def test_migrations_and_mapped_classes_say_the_same(empty_engine: Engine) -> None:
    upgrade(empty_engine)
    config = _config()
    with empty_engine.begin() as connection, redirect_stdout(io.StringIO()):
        config.attributes["connection"] = connection
        command.check(config)  # raises when autogenerate would find something to do


def test_a_bill_becomes_a_statement_on_every_postgres(
    empty_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade(empty_engine)
    config = Settings(data_dir=tmp_path / "data", threads=2)
    monkeypatch.setenv("TRUEUP_DATA_DIR", str(config.data_dir))
    settings.cache_clear()
    trueup = Trueup(empty_engine, config)
    trueup.policy(
        "name: x\nteams: [{id: search}, {id: speech}]\npools: [{id: shared, split: even}]\nrules:\n"
        "  - {name: Direct, when: {column: ServiceName, equals: Amazon EC2}, team: search}\n"
        "  - {name: Shared, when: {column: ServiceName, equals: AWS Support}, pool: shared}\n"
    )
    rows = [focus_row("10"), focus_row("2", ServiceName="AWS Support"), focus_row("1.5", ServiceName="Tax")]
    trueup.ingest(write_csv(tmp_path / "old.csv", rows))
    outcome = trueup.ingest(write_csv(tmp_path / "new.csv", [*rows, focus_row("0.5", day="2026-03-31")]))
    assert trueup.differences(outcome.loads[0].load_id) == [
        ("search", "Amazon EC2", Decimal(10), Decimal("10.5")),
    ]
    with read_session(empty_engine) as session:
        (block,) = chargeback(session, operator(), Period.month(2026, 3), Metric.BILLED).blocks
    assert {team.team_id: team.total for team in block.teams} == {"search": Decimal("11.5"), "speech": 1}
    assert block.unallocated.total == Decimal("1.5")
    assert block.total == 14
    by_team = {"search": Decimal("11.5"), "speech": Decimal(1), None: Decimal("1.5")}
    assert trueup.costs("team", "tag:x") == {"USD": {(team, None): amount for team, amount in by_team.items()}}
    # A server in another time zone moves no charge to another day.
    span = (date(2026, 3, 1), date(2026, 4, 1))
    assert trueup.costs(axis=Axis.CHARGE, granularity=Granularity.DAY, span=span) == {
        "USD": {"2026-03-02": Decimal("13.5"), "2026-03-31": Decimal("0.5")}
    }
    assert trueup.costs(axis=Axis.CHARGE, granularity=Granularity.MONTH) == {"USD": {"2026-03-01": 14}}
    assert trueup.lines().totals == {"USD": 14}
    downgrade(empty_engine)
    settings.cache_clear()
