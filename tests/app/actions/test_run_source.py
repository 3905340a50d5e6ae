"""Running a source that is fetched from elsewhere: what is new is taken, once; what fails leaves the rest alone."""

from datetime import date
from errno import ENOSPC
from pathlib import Path

from app.actions.ingest import Run, run_source
from app.actions.sources import change_source
from app.db.session import write_session
from app.db.tables.bills import Delivery
from app.domain.period import months_back, next_month
from app.domain.viewer import operator
from app.errors import BadInput, NotPermitted, Unavailable
from ingest.kind import Offer
from tests.ingest import shelf
from tests.ingest.bills import focus_row
from tests.ingest.shelf import offer
from tests.trueup import Trueup

MARCH, APRIL = [focus_row("1")], [focus_row("2", day="2026-04-01")]


def run(trueup: Trueup, name: str = "vendor", month: date | None = None) -> Run:
    return run_source(trueup.engine, operator(), trueup.config, name, month=month)


def test_what_a_vendor_offers_is_taken_once(trueup: Trueup, on_shelf: list[shelf.On]) -> None:
    on_shelf += [offer("2026-03", "v1", MARCH), offer("2026-04", "v1", APRIL)]
    assert [each.unchanged for each in run(trueup).outcomes] == [False, False]
    # A version that is live already is not fetched again: fetching it would fail.
    on_shelf[:] = [offer("2026-03", "v1", [], fault=Unavailable("the network is gone")), offer("2026-04", "v1", APRIL)]
    again = run(trueup)
    assert ([each.unchanged for each in again.outcomes], again.failures) == ([True, True], ())
    assert trueup.total() == 3


def test_a_new_version_replaces_what_it_is_a_snapshot_of(trueup: Trueup, on_shelf: list[shelf.On]) -> None:
    on_shelf += [offer("2026-03", "v1", MARCH), offer("2026-04", "v1", APRIL)]
    run(trueup)
    on_shelf[0] = offer("2026-03", "v2", [focus_row("1.5")])
    (load,) = run(trueup).outcomes[0].loads
    assert (load.replaced is not None, load.differences) == (True, 1)
    assert str(trueup.total()) == "3.5"


def test_a_new_name_for_the_same_bytes_changes_nothing_and_is_remembered(
    trueup: Trueup, on_shelf: list[shelf.On]
) -> None:
    on_shelf.append(offer("2026-03", "v1", MARCH))
    run(trueup)
    on_shelf[:] = [offer("2026-03", "v2", MARCH)]
    assert run(trueup).outcomes[0].unchanged
    assert [(each.scope, each.version) for each in trueup.all(Delivery)] == [("2026-03", "v2")]


def test_a_delivery_that_cannot_be_used_does_not_keep_the_others_out(trueup: Trueup, on_shelf: list[shelf.On]) -> None:
    broken = offer("2026-03", "v1", MARCH, fault=BadInput("part-2.csv is missing. Export the month again."))
    on_shelf += [broken, offer("2026-04", "v1", APRIL)]
    ran = run(trueup)
    assert [str(each) for each in ran.failures] == ["part-2.csv is missing. Export the month again."]
    assert trueup.live() == [("2026-04", 1)]
    states = [(each.scope, each.state, each.message) for each in trueup.all(Delivery)]
    assert states == [
        ("2026-03", "refused", "the bill of 2026-03: part-2.csv is missing. Export the month again."),
        ("2026-04", "loaded", None),
    ]
    assert not ran.worth_a_retry


def test_a_vendor_that_cannot_be_reached_ends_the_run_and_keeps_the_figures(
    trueup: Trueup, on_shelf: list[shelf.On]
) -> None:
    on_shelf.append(offer("2026-03", "v1", MARCH))
    run(trueup)
    before = trueup.figures()
    on_shelf[:] = [offer("2026-03", "v2", [], fault=Unavailable("Cut off.")), offer("2026-04", "v1", APRIL)]
    ran = run(trueup)
    assert ran.worth_a_retry
    assert trueup.figures() == before
    on_shelf[:] = [NotPermitted("The key has expired. Make a new one.")]
    ran = run(trueup)
    assert ([str(each) for each in ran.failures], ran.worth_a_retry) == (
        ["The key has expired. Make a new one."],
        False,
    )
    assert not list(trueup.config.temp_dir.iterdir())


def test_the_first_run_asks_further_back_than_the_next(trueup: Trueup, on_shelf: list[shelf.On]) -> None:
    on_shelf.append(offer("2026-03", "v1", MARCH))
    run(trueup)
    run(trueup)
    run(trueup, month=date(2026, 3, 1))
    first, second, third = shelf.WINDOWS
    assert (first.start, second.start) == (months_back(first.today, 13), months_back(second.today, 2))
    assert (third.start, third.end) == (date(2026, 3, 1), date(2026, 4, 1))
    assert first.end == next_month(first.today)


def test_a_source_can_be_told_since_when(trueup: Trueup, on_shelf: list[shelf.On]) -> None:
    with write_session(trueup.engine) as session:
        change_source(session, operator(), "vendor", {"since": "2025-02-15"})
    run(trueup)
    assert shelf.WINDOWS[0].start == date(2025, 2, 1)


def test_estimates_count_until_a_bill_of_the_same_account_is_there(trueup: Trueup, on_shelf: list[shelf.On]) -> None:
    on_shelf.append(offer("2026-03", "v1", [focus_row("9")]))
    run(trueup, "guesses")
    assert trueup.total() == 9
    on_shelf[:] = [offer("2026-03", "v1", [focus_row("10")])]
    (outcome,) = run(trueup, "vendor").outcomes
    assert trueup.total() == 10
    assert outcome.loads[0].differences == 1
    on_shelf[:] = [offer("2026-03", "v2", [focus_row("9.5")])]
    (outcome,) = run(trueup, "guesses").outcomes
    assert outcome.loads[0].counted_in == "vendor"
    assert trueup.total() == 10
    assert run(trueup, "guesses").outcomes[0].unchanged


def test_a_disk_that_fills_up_during_a_download_is_on_record_and_tried_again(
    trueup: Trueup, on_shelf: list[shelf.On]
) -> None:
    def fetch(*_: object) -> list[Path]:
        raise OSError(ENOSPC, "No space left on device")

    on_shelf.append(Offer("2026-03", "v1", "the bill of March", fetch))
    assert run(trueup).worth_a_retry
    ((state, message),) = trueup.deliveries("vendor")
    assert state == "refused"
    assert str(message).startswith(f"the bill of March: {trueup.config.data_dir} is full: no space is left.")
