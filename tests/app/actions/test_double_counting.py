"""A vendor on a marketplace's bill and on one of its own is found, through every door, until somebody decides."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from dash import html
from starlette.testclient import TestClient

from app.actions.ingest import run_source
from app.actions.sources import change_source
from app.api.deps import reading
from app.db.session import read_session, write_session
from app.domain.double_counting import Door, TwoDoors
from app.domain.period import Period
from app.domain.viewer import Scope, Viewer, operator
from app.errors import Unavailable
from app.main import create_app
from app.reports.double_counting import double_counting
from frontend.components.double_counting_card import double_counting_card
from tests.ingest import shelf
from tests.ingest.bills import focus_row, write_csv
from tests.ingest.shelf import offer
from tests.trueup import Trueup

MAY, DAY = Period.month(2026, 5), "2026-05-02"
LIMITED = Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset({"ai"}))


def answers(path: Path) -> Path:
    """What Anthropic answers about a day of May: USD 6.5 for output tokens, and 2,000 of these."""
    day = {"starting_at": "2026-05-01T00:00:00Z", "ending_at": "2026-05-02T00:00:00Z"}
    group = {"model": "claude-opus-5-5", "workspace_id": "w-1", "cost_type": "tokens", "token_type": "output_tokens"}
    cost = {"amount": "650", "list_amount": "650", "currency": "USD"}  # in cents
    usage = {"output_tokens": 2000, "requests": 3}
    entries = [{**day, "group": group, "cost": cost}, {**day, "group": {}, "usage": usage}]
    path.write_text(json.dumps({"data": entries, "has_more": False, "next_page": None}))
    return path


@pytest.fixture
def twice(trueup: Trueup, tmp_path: Path) -> Path:
    """AWS bills USD 10 of machines and 7 of Anthropic's from the marketplace, Anthropic itself 6.5; its file."""
    market = focus_row("7", day=DAY, PublisherName="Anthropic, PBC", ServiceName="Claude Enterprise")
    trueup.ingest(
        write_csv(tmp_path / "aws.csv", [focus_row("4", day=DAY), focus_row("6", day=DAY), market]), source="aws"
    )
    own = answers(tmp_path / "claude.json")
    trueup.ingest(own, source="claude", file_format="anthropic")
    return own


def found(trueup: Trueup, viewer: Viewer | None = None) -> tuple[TwoDoors, ...]:
    with read_session(trueup.engine) as session:
        return double_counting(session, viewer or operator(), MAY).vendors


def change(trueup: Trueup, **config: bool) -> None:
    with write_session(trueup.engine) as session:
        change_source(session, operator(), "claude", config)


def test_both_amounts_are_told_with_what_to_do(trueup: Trueup, twice: Path) -> None:
    assert str(trueup.total()) == "23.5"
    (vendor,) = found(trueup)
    assert (vendor.vendor, vendor.settled) == ("Anthropic", False)
    assert [(each.source, each.door, each.billed_cost, each.services) for each in vendor.doors] == [
        ("claude", Door.OWN, Decimal("6.5"), ("Claude",)),
        ("aws", Door.RESOLD, Decimal(7), ("Claude Enterprise",)),
    ]
    assert "trueup sources set claude --billed-elsewhere" in vendor.advice


def test_doing_so_ends_it(trueup: Trueup, twice: Path) -> None:
    change(trueup, billed_elsewhere=True)
    (load,) = trueup.ingest(twice, source="claude").loads
    assert (load.drivers, trueup.total(), found(trueup)) == (2, Decimal(17), ())


def test_what_is_fetched_gives_way_with_the_next_run_though_it_is_unchanged(
    trueup: Trueup, on_shelf: list[shelf.On]
) -> None:
    metered = {"SkuMeter": "USE1-Claude4.5Sonnet-output-tokens", "ConsumedQuantity": "2", "ConsumedUnit": "1K tokens"}
    on_shelf.append(offer("2026-05", "v1", [focus_row("3", day=DAY, ServiceName="Amazon Bedrock", **metered)]))
    run_source(trueup.engine, operator(), trueup.config, "vendor", month=MAY.start)
    with write_session(trueup.engine) as session:
        change_source(session, operator(), "vendor", {"billed_elsewhere": True})
    (outcome,) = run_source(trueup.engine, operator(), trueup.config, "vendor", month=MAY.start).outcomes
    assert ([each.rows for each in outcome.loads], trueup.costs()) == ([0], {})
    # From then on its version is known again: fetching it would fail.
    on_shelf[:] = [offer("2026-05", "v1", [], fault=Unavailable("The network is gone."))]
    ran = run_source(trueup.engine, operator(), trueup.config, "vendor", month=MAY.start)
    assert (ran.failures, [each.unchanged for each in ran.outcomes]) == ((), [True])


def test_two_purchases_are_settled_by_saying_so(trueup: Trueup, twice: Path) -> None:
    change(trueup, allow_overlap=True)
    (vendor,) = found(trueup)
    assert vendor.settled


def test_every_door_says_the_same(trueup: Trueup, twice: Path) -> None:
    server = create_app()
    with read_session(trueup.engine) as session:
        server.dependency_overrides = {reading: lambda: session}
        client = TestClient(server, base_url="http://localhost")
        (vendor,) = client.get("/api/v1/double-counting?period=2026-05").json()["vendors"]
        assert [(each["source"], each["billed_cost"]) for each in vendor["doors"]] == [("claude", "6.5"), ("aws", "7")]
        file = client.get("/api/v1/double-counting.csv?period=2026-05").text.splitlines()
        assert file[1].startswith("Anthropic,claude,own,USD,6.5,6.5,Claude,no,")
        assert client.get("/api/v1/double-counting?period=2026-06").json()["vendors"] == []
        card = double_counting_card(session, operator())
        (told,) = [each for each in card._traverse() if isinstance(each, html.Li)]
        assert told.children[0].children == "Anthropic:"
        assert double_counting_card(session, LIMITED).children is None


def test_a_viewer_of_some_teams_is_told_nothing(trueup: Trueup, twice: Path) -> None:
    assert found(trueup, LIMITED) == ()
