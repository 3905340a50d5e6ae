"""Bringing a database to the schema of this version."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("migrations")))
    return config


def upgrade(bound: Engine, revision: str = "head") -> None:
    """Migrates the database up to `revision`; does nothing when it is there already."""
    config = _config()
    with bound.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def downgrade(bound: Engine, revision: str = "base") -> None:
    """Migrates the database back to `revision`, dropping what later ones made."""
    config = _config()
    with bound.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def is_current(bound: Engine) -> bool:
    """Whether the database has the schema that this version of Trueup expects."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    with bound.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head
