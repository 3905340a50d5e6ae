"""The one law: what the teams owe and what is unallocated add up to the bill, whatever the bill and the policy say."""

import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.db.session import read_session
from app.domain.charge import Axis, Metric
from app.domain.money import total
from app.domain.period import Period
from app.domain.viewer import operator
from app.reports.chargeback import chargeback
from tests.ingest.bills import Row, focus_row, write_csv
from tests.trueup import Amounts, Trueup

COLUMNS = {
    Metric.BILLED: "BilledCost",
    Metric.EFFECTIVE: "EffectiveCost",
    Metric.LIST: "ListCost",
    Metric.CONTRACTED: "ContractedCost",
}
MONTHS = ("2026-02", "2026-03")
CURRENCIES = ("USD", "EUR")
SERVICES = ("Amazon EC2", "Amazon S3", "AWS Support", "Tax")
TEAMS = ("search", "speech", "data")

costs = st.none() | st.decimals("-1000", "1000", allow_nan=False, places=9) | st.decimals("-1", "1", places=18)


def a_row(month: str, currency: str = "USD", **drawn: Any) -> Row:
    """A row billed in `month`, used on the drawn day, which may lie in the month before."""
    billed = {"BillingPeriodStart": f"{month}-01T00:00:00Z", "BillingPeriodEnd": "2026-04-01T00:00:00Z"}
    amounts: dict[str, Any] = {
        name: None if drawn[name] is None else format(drawn[name], "f") for name in COLUMNS.values()
    }
    tags = json.dumps({"team": drawn["team"]}) if drawn["team"] else None
    day = {"ChargePeriodStart": f"{drawn['day']}T00:00:00Z", "ChargePeriodEnd": f"{drawn['day']}T12:00:00Z"}
    return focus_row(**amounts, **billed, **day, BillingCurrency=currency, ServiceName=drawn["service"], Tags=tags)


rows = st.builds(
    a_row,
    st.sampled_from(MONTHS),
    st.sampled_from(CURRENCIES),
    **dict.fromkeys(COLUMNS.values(), costs),
    day=st.sampled_from(("2026-01-31", "2026-02-01", "2026-02-28", "2026-03-15")),
    service=st.sampled_from(SERVICES),
    team=st.none() | st.sampled_from((*TEAMS, "nobody")),
)
EMPTY: dict[str, Any] = dict.fromkeys(COLUMNS.values()) | {"day": "2026-02-01", "service": "Tax", "team": None}
# A row in each month, so that every example replaces the one before it completely.
bills = st.lists(rows, max_size=12).map(lambda drawn: [*drawn, *(a_row(month, **EMPTY) for month in MONTHS)])

targets = st.sampled_from(
    ("team: search", "team: speech", "pool: even", "pool: fixed", "pool: proportional", "unallocated: true")
)
since = st.sampled_from(("", ", valid_from: 2026-02-15", ", valid_to: 2026-02-15"))
teams = st.sampled_from(("", ", valid_from: 2026-03-01", ", valid_to: 2026-02-20"))
among = st.sampled_from(("", ", among: [search]", ", among: [speech, data]"))
weights = st.sampled_from(("search: 1, speech: 2", "data: 0.3, search: 7, speech: 1"))


@st.composite
def policies(draw: st.DrawFn) -> str:
    rules = [
        f"  - {{name: Rule {service}, when: {{column: ServiceName, equals: {service}}}, {draw(targets)}{draw(since)}}}"
        for service in draw(st.lists(st.sampled_from(SERVICES), unique=True))
    ]
    tagged = "  - {name: Tagged, when: {tag: team, present: true}, team_from_tag: team}"
    return "\n".join(
        [
            "name: drawn",
            f"teams: [{{id: search}}, {{id: speech, parent: search{draw(teams)}}}, {{id: data{draw(teams)}}}]",
            "pools:",
            f"  - {{id: even, split: even{draw(among)}}}",
            f"  - {{id: proportional, split: proportional{draw(among)}}}",
            f"  - {{id: fixed, split: fixed, weights: {{{draw(weights)}}}}}",
            "rules:",
            *draw(st.permutations([tagged, *rules])),
        ]
    )


def added(amounts: Iterable[Decimal | None]) -> Decimal:
    """The exact sum of what has a value."""
    return total(amount for amount in amounts if amount is not None)


def by_team(amounts: Amounts) -> dict[str | None, Decimal]:
    """Amounts by (team, tag) as amounts by team."""
    found: dict[str | None, list[Decimal | None]] = {}
    for (team, _), amount in amounts.items():
        found.setdefault(team, []).append(amount)
    return {team: added(each) for team, each in found.items()}


@pytest.mark.slow
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(bill=bills, policy=policies(), lines_of=st.sampled_from(Metric))
def test_teams_and_unallocated_add_up_to_the_bill(
    trueup: Trueup, tmp_path: Path, bill: list[Row], policy: str, lines_of: Metric
) -> None:
    trueup.policy(policy)
    trueup.ingest(write_csv(tmp_path / "bill.csv", bill))
    for currency in {row["BillingCurrency"] for row in bill}:
        for metric, column in COLUMNS.items():
            cells = [row[column] for row in bill if row["BillingCurrency"] == currency]
            expected = added(None if cell is None else Decimal(cell) for cell in cells)
            for axis in Axis:
                in_cube = trueup.costs("team", metric=metric, axis=axis)[currency]
                in_facts = by_team(trueup.costs("team", "tag:x", metric=metric, axis=axis)[currency])
                assert added(in_cube.values()) == expected
                assert {team: added([amount]) for team, amount in in_cube.items()} == in_facts
                assert added([trueup.total(metric, axis=axis, currency=currency)]) == expected
                if metric is lines_of:
                    assert trueup.lines(metric=metric, axis=axis).totals.get(currency, Decimal(0)) == expected
    for metric, column in COLUMNS.items():
        for month in MONTHS:
            with read_session(trueup.engine) as session:
                report = chargeback(session, operator(), Period.parse_month(month), metric)
            billed = [row for row in bill if row["BillingPeriodStart"].startswith(month)]
            for block in report.blocks:
                cells = [row[column] for row in billed if row["BillingCurrency"] == block.currency]
                expected = added(None if cell is None else Decimal(cell) for cell in cells)
                assert added([block.unallocated.total, *(team.total for team in block.teams)]) == expected
                assert block.total == expected


@pytest.mark.parametrize(
    ("split", "search", "speech"),
    [
        ("split: even", "15", "5"),
        ("split: fixed, weights: {search: 3, speech: 1}", "17.5", "2.5"),
        ("split: proportional", "20", "0"),
        ("split: even, among: [speech]", "10", "10"),
    ],
)
def test_a_pool_is_shared_as_it_says(trueup: Trueup, tmp_path: Path, split: str, search: str, speech: str) -> None:
    trueup.policy(
        f"name: x\nteams: [{{id: search}}, {{id: speech}}]\npools: [{{id: shared, {split}}}]\nrules:\n"
        "  - {name: Direct, when: {column: ServiceName, equals: Amazon EC2}, team: search}\n"
        "  - {name: Shared, pool: shared}\n"
    )
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("10"), focus_row("10", ServiceName="AWS Support")]))
    paid = {team: Decimal(amount) for team, amount in {"search": search, "speech": speech}.items() if amount != "0"}
    assert trueup.costs("team") == {"USD": paid}
    assert trueup.costs("team", "tag:x") == {"USD": {(team, None): amount for team, amount in paid.items()}}
    shares = {team: trueup.lines(filters=[f"team:{team}"]).totals for team in paid}
    assert shares == {team: {"USD": amount} for team, amount in paid.items()}


def test_a_third_of_a_cent_is_not_lost(trueup: Trueup, tmp_path: Path) -> None:
    trueup.policy(
        "name: x\nteams: [{id: a}, {id: b}, {id: c}]\npools: [{id: shared, split: even}]\nrules:\n"
        "  - {name: Shared, pool: shared}\n"
    )
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("0.01")]))
    paid = trueup.costs("team")["USD"]
    assert paid == {
        "a": Decimal("0.00333333333334"),
        "b": Decimal("0.00333333333333"),
        "c": Decimal("0.00333333333333"),
    }
    assert added(paid.values()) == Decimal("0.01")


def test_a_new_policy_moves_the_past_as_well(trueup: Trueup, tmp_path: Path) -> None:
    trueup.ingest(write_csv(tmp_path / "bill.csv", [focus_row("10")]))
    assert trueup.costs("team") == {"USD": {None: 10}}
    for team in ("search", "speech"):
        trueup.policy(f"name: x\nteams: [{{id: {team}}}]\nrules: [{{name: All, team: {team}}}]\n")
        assert trueup.costs("team") == {"USD": {team: 10}}
        assert trueup.costs("team", "tag:x") == {"USD": {(team, None): 10}}
