"""`trueup db`: the database."""

import typer
from sqlalchemy import text

from app.cli.output import AsJson, answer, table, tell
from app.db.session import database_url, engine, read_session
from app.settings import settings

app = typer.Typer(help="The database.", no_args_is_help=True)


@app.command()
def upgrade(as_json: AsJson = False) -> None:
    """Bring the database to the schema of this version.

    Example: trueup db upgrade
    """
    from app.db.migrate import upgrade as migrate

    migrate(engine())
    tell("The database is up to date.", {"current": True}, as_json=as_json)


@app.command()
def url(as_json: AsJson = False) -> None:
    """Print where the database is, for psql and BI tools: they read the view focus_cost_and_usage.

    An embedded one answers while `trueup serve` runs.

    Example: psql "$(trueup db url)"
    """
    found = database_url(settings())
    tell(found, {"url": found}, as_json=as_json)


@app.command()
def size(as_json: AsJson = False) -> None:
    """Show how much room each table takes, its partitions included.

    Example: trueup db size
    """
    query = text(
        "SELECT coalesce(pg_partition_root(oid), oid)::regclass::text AS name, sum(pg_total_relation_size(oid))::bigint"
        " FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace GROUP BY 1 ORDER BY 2 DESC"
    )
    with read_session() as session:
        rows = [(name, int(size)) for name, size in session.execute(query)]
    if as_json:
        answer([{"table": name, "bytes": size} for name, size in rows])
        return
    table(("table", "bytes"), [(name, f"{size:,}") for name, size in rows], right=(1,))
