"""`trueup gpu price`: prices for the GPUs of bills that are live already."""

from dataclasses import asdict

from app.cli.output import AsJson, tell
from app.db.session import write_session
from app.domain.viewer import operator


def price(*, as_json: AsJson = False) -> None:
    """Give a price to the GPUs of live bills that have none: after an upgrade, or when the catalogue has grown.

    A bill that is ingested is priced by itself, by the hour where it is hourly; what is live already, by the day.

    Example: trueup gpu price
    """
    from app.actions.gpu_prices import price_gpus

    with write_session() as session:
        priced = price_gpus(session, operator())
    months = ", ".join(f"{period:%Y-%m}" for period in priced.periods)
    said = f"{priced.charge_keys:,} charge keys are priced now, in {months}." if months else "All of them have a price."
    tell(said, asdict(priced), as_json=as_json)
