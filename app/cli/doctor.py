"""`trueup doctor`: is everything as it should be?"""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import typer
from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError

from app.cli.output import AsJson, answer, say
from app.db.session import engine
from app.settings import Settings, settings

MIN_POSTGRES = 150_000
MIN_FREE_BYTES = 5 * 10**9


def doctor(as_json: AsJson = False) -> None:
    """Print the settings, secrets masked, and check that Trueup can work with them.

    Example: trueup doctor
    """
    config = settings()
    results = [_run(check, config) for check in (_data_folder, _room, _archive, _database, _schema, _source_folders)]
    results += _source_access()
    if as_json:
        answer({"settings": masked(config), "checks": [{"ok": ok, "message": message} for ok, message in results]})
    else:
        for name, value in masked(config).items():
            say(f"{name} = {value}")
        say("")
        for ok, message in results:
            say(f"{'ok  ' if ok else 'FAIL'}  {message}")
    if not all(ok for ok, _ in results):
        raise typer.Exit(1)


def masked(config: Settings) -> dict[str, str]:
    """The settings as environment variables, passwords left out. Of a webhook even the path is one."""
    values = {f"TRUEUP_{name.upper()}": str(value) for name, value in config.model_dump().items() if value is not None}
    if config.database_url:
        values["TRUEUP_DATABASE_URL"] = make_url(config.database_url).render_as_string(hide_password=True)
    if config.smtp_url:
        values["TRUEUP_SMTP_URL"] = _without_secrets(config.smtp_url.get_secret_value(), path=True)
    if config.webhook_url:
        values["TRUEUP_WEBHOOK_URL"] = _without_secrets(config.webhook_url.get_secret_value(), path=False)
    return values


def _without_secrets(url: str, *, path: bool) -> str:
    """An address with stars for its user's password and, unless `path`, for all that follows the host."""
    parts = urlsplit(url)
    where = parts.netloc.rpartition("@")[2]
    user = f"{parts.username}:***@" if parts.username is not None else ""
    return f"{parts.scheme}://{user}{where}{parts.path if path else '/***'}" if parts.hostname else "***"


Check = Callable[[Settings], tuple[bool, str]]


def _run(check: Check, config: Settings) -> tuple[bool, str]:
    try:
        return check(config)
    except Exception as error:  # noqa: BLE001  (whatever is wrong, the other checks still tell something)
        return False, f"{type(error).__name__}: {str(error).splitlines()[0]}"


def _data_folder(config: Settings) -> tuple[bool, str]:
    config.data_dir.mkdir(parents=True, exist_ok=True)
    probe = config.data_dir / ".doctor"
    probe.touch()
    probe.unlink()
    return True, f"{config.data_dir} can be written to"


def _room(config: Settings) -> tuple[bool, str]:
    free = shutil.disk_usage(config.data_dir).free
    enough = free >= MIN_FREE_BYTES
    return enough, f"{free / 10**9:.0f} GB free in {config.data_dir}" + ("" if enough else "; make room: bills need it")


def _archive(config: Settings) -> tuple[bool, str]:
    from app.archive.copies import probe
    from app.archive.store import object_store

    store = object_store(config)
    return True, probe(store, config.temp_dir) if store else f"bills are kept in {config.archive_dir} only"


def _database(_config: Settings) -> tuple[bool, str]:
    with engine().connect() as connection:
        version = int(connection.scalar(text("SHOW server_version_num")) or 0)
        name = connection.scalar(text("SHOW server_version"))
    if version < MIN_POSTGRES:
        return False, f"PostgreSQL {name} is too old; Trueup needs 15 or newer"
    return True, f"PostgreSQL {name} answers"


def _schema(_config: Settings) -> tuple[bool, str]:
    from app.db.migrate import is_current

    if is_current(engine()):
        return True, "the schema is this version's"
    return False, "the schema is not this version's; run `trueup db upgrade`"


def _source_access() -> list[tuple[bool, str]]:
    """What each source that is fetched from elsewhere says about its credentials and permissions."""
    from ingest.source_kinds import source_kind

    try:
        with engine().connect() as connection:
            rows = connection.execute(text("SELECT name, kind, config FROM source ORDER BY name")).all()
    except SQLAlchemyError:
        return []  # the check of the database has said so
    results = []
    for name, kind_name, config in rows:
        found = source_kind(kind_name)
        if found.check is None or "path" in config or config.get("by_hand"):
            continue
        try:
            told = found.settings.model_validate(config)
            results += [(access.ok, f"{name}: {access.message}") for access in found.check(told)]
        except Exception as error:  # noqa: BLE001  (one source's fault must not hide the others')
            results.append((False, f"{name}: {str(error).splitlines()[0]}"))
    return results


def _source_folders(_config: Settings) -> tuple[bool, str]:
    with engine().connect() as connection:
        rows = connection.execute(text("SELECT name, config ->> 'path' FROM source WHERE config ? 'path'")).all()
    gone = [f"{name} ({path})" for name, path in rows if not Path(path).exists()]
    if gone:
        return False, f"folders of sources that do not exist: {', '.join(gone)}"
    return True, f"{len(rows)} sources have a folder, all present; Python {sys.version.split()[0]}"
