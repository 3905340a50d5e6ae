"""Where the bench works: a folder of its own, an embedded server, a database per run."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import Engine

from app.actions.policy import apply_policy
from app.db.embedded import server_url
from app.db.migrate import upgrade
from app.db.session import database_url, make_engine, write_session
from app.domain.viewer import operator
from app.settings import Settings, settings
from bench.bill import policy

ROOT = Path(os.environ.get("TRUEUP_BENCH_DIR") or Path(tempfile.gettempdir()) / "trueup-bench")


@dataclass(frozen=True)
class Place:
    """An empty Trueup with the bench's policy in force."""

    database: str

    @cached_property
    def config(self) -> Settings:
        """Its settings: the defaults, in the bench's folder."""
        return Settings(
            database_url=database_url(Settings(data_dir=ROOT), self.database), data_dir=ROOT / self.database
        )

    @cached_property
    def engine(self) -> Engine:
        """Its database."""
        return make_engine(str(self.config.database_url))

    def use(self) -> None:
        """Lets reports find its archive, as they do in a served Trueup: by the environment."""
        os.environ["TRUEUP_DATA_DIR"] = str(self.config.data_dir)
        settings.cache_clear()

    def make(self) -> "Place":
        """Makes it anew."""
        with psycopg.connect(server_url(ROOT / "postgres"), autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self.database)))
        shutil.rmtree(ROOT / self.database, ignore_errors=True)
        upgrade(self.engine)
        with write_session(self.engine) as session:
            apply_policy(session, operator("bench"), policy())
        return self
