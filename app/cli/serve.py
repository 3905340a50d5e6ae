"""`trueup serve`: the dashboard and the API."""

import ipaddress
import signal
import sys
from typing import Annotated

import typer

from app.cli.output import say
from app.db.session import engine
from app.errors import Refused
from app.settings import Auth, settings

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on.")]


def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the dashboard and the API until Ctrl-C.

    Example: trueup serve --port 9000
    """
    from app.db.migrate import is_current, upgrade

    check_exposure(host)
    if settings().database_url is None:
        upgrade(engine())  # an embedded database has nobody else to do it
    elif not is_current(engine()):
        raise Refused("The database does not have this version's schema. Run `trueup db upgrade` first.")
    run(host, port)


def check_exposure(host: str) -> None:
    """Raises Refused when everybody on the network could read the figures without proving who they are."""
    if settings().auth is Auth.NONE and not _is_loopback(host):
        raise Refused(
            f"TRUEUP_AUTH=none serves on loopback only, not on {host}. Set TRUEUP_AUTH=keys and make a key with"
            " `trueup keys create`."
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def run(host: str, port: int) -> None:
    """Runs the server in this process until it is told to stop."""
    import uvicorn

    # Leaving by SystemExit runs the exit handlers, which stop the embedded Postgres.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(0))
    say(f"Trueup is on http://{host}:{port} (Ctrl-C stops it)")
    sys.stdout.flush()
    uvicorn.run("app.main:create_app", factory=True, host=host, port=port, log_level="warning")
