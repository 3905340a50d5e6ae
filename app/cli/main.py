"""The command line: `trueup …`.

Exit codes: 0 done, 1 refused or failed (nothing changed), 2 wrong usage. Imports that take long stay inside commands.
"""

import sys
from typing import NoReturn

import typer
from psycopg.errors import UndefinedTable
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.cli import (
    agent,
    budgets,
    chargeback,
    cross_check,
    db,
    demo,
    doctor,
    drivers,
    explain,
    fx,
    gateway,
    gpu,
    ingest,
    invoices,
    keys,
    loads,
    notify,
    policy,
    schedule,
    serve,
    sources,
    teams,
)
from app.errors import TrueupError

app = typer.Typer(
    name="trueup",
    help="Cost visibility for AI: who spent it, on what, and did the optimisation pay?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("schedule")(schedule.schedule)
app.command("agent")(agent.agent)
app.command("doctor")(doctor.doctor)
app.command("explain")(explain.explain)
app.command("loads")(loads.loads)
app.command("cross-check")(cross_check.cross_check)
app.command("double-counting")(cross_check.double_counting)
app.add_typer(ingest.app, name="ingest")
app.add_typer(sources.app, name="sources")
app.add_typer(invoices.app, name="invoices")
app.add_typer(policy.app, name="policy")
app.add_typer(teams.app, name="teams")
app.add_typer(chargeback.app, name="chargeback")
app.add_typer(budgets.app, name="budgets")
app.add_typer(notify.app, name="notify")
app.add_typer(drivers.app, name="drivers")
app.add_typer(fx.app, name="fx")
app.add_typer(gateway.app, name="gateway")
app.add_typer(gpu.app, name="gpu")
app.add_typer(keys.app, name="keys")
app.add_typer(db.app, name="db")


def main() -> None:
    """Runs a command; an error a person can act on is one message on stderr and exit code 1."""
    try:
        app()
    except TrueupError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or 'The system'}: {error.strerror or error}. Check the path and its permissions.")
    except OperationalError as error:
        reason = str(error.orig or error).splitlines()[0]
        _fail(f"The database cannot be used: {reason}. Check TRUEUP_DATABASE_URL; `trueup doctor` tells more.")
    except ProgrammingError as error:
        if not isinstance(error.orig, UndefinedTable):
            raise
        _fail("The database has no tables of this version yet. Run `trueup db upgrade`.")


def _fail(message: str) -> NoReturn:
    print(f"trueup: {message}", file=sys.stderr)
    sys.exit(1)
