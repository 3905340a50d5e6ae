"""What became of deliveries of telemetry, said on a terminal."""

from typing import TYPE_CHECKING

from app.cli.output import say

if TYPE_CHECKING:
    from ingest.telemetry.pipeline import TelemetryOutcome

REFUSALS_SHOWN = 5


def tell_telemetry(outcome: "TelemetryOutcome") -> None:
    """Says what a delivery told of, what could not be read, and what its reader should know."""
    what = outcome.label or "this delivery"
    if outcome.unchanged:
        say(f"{outcome.source}: {what} is booked already; nothing changed.")
        return
    say(f"{outcome.source}: {what}, {outcome.rows_in:,} {'jobs and nodes' if _jobs(outcome) else 'samples'}.")
    hours = outcome.hours
    if hours.first_hour and hours.last_hour:
        say(
            f"{hours.facts:,} hours of {hours.boards:,} boards from {hours.first_hour:%Y-%m-%d %H:%M} to"
            f" {hours.last_hour:%Y-%m-%d %H:%M} UTC; {hours.replaced:,} took the place of others."
        )
    if outcome.refused:
        say(f"{outcome.refused:,} rows or values could not be read:")
    for refusal in outcome.refusals[:REFUSALS_SHOWN]:
        say(f"  {refusal}")
    for note in outcome.notes:
        say(f"note: {note}")


def _jobs(outcome: "TelemetryOutcome") -> bool:
    return bool(outcome.jobs.jobs or outcome.jobs.nodes)
