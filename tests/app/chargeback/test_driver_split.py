"""Pools split by a driver: a gateway's spend shares the vendor's invoice, and is never a cost itself."""

from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from app.db.session import read_session
from app.domain.charge import Metric
from app.domain.money import EXACT, total
from app.domain.period import Period
from app.domain.viewer import Scope, Viewer, operator
from app.reports.chargeback import ChargebackBlock, chargeback
from app.reports.policy_preview import policy_preview
from app.reports.pool_splits import split_sentence
from app.reports.team_statement import team_statement
from tests.app.gateway_files import a_log, bring_logs, bring_openai, bucket, cost
from tests.trueup import Trueup

pytestmark = pytest.mark.slow
MAY = Period.month(2026, 5)
POLICY = """
name: x
teams: [{id: search}, {id: speech}, {id: data}]
pools:
  - {id: llm, name: Models, split: {driver: gateway_spend, fallback: even%s}}
rules:
  - {name: OpenAI, when: {column: ServiceProviderName, equals: OpenAI}, pool: llm}
"""


@pytest.fixture
def invoice(trueup: Trueup, tmp_path: Path) -> Trueup:
    """OpenAI bills 100.01 dollars of May."""
    trueup.policy(POLICY % "")
    day = bucket("2026-05-01", cost("90", "gpt-4o, input"), cost("10.01", "gpt-4o, output"))
    bring_openai(trueup, tmp_path / "openai.json", day)
    return trueup


def spent(trueup: Trueup, folder: Path, **by_team: str) -> None:
    rows = [a_log(team, "2026-05-03", spend, team_id=team) for team, spend in by_team.items()]
    bring_logs(trueup, folder / "logs.jsonl", *rows)


def block(trueup: Trueup, viewer: Viewer | None = None) -> ChargebackBlock:
    with read_session(trueup.engine) as session:
        (found,) = chargeback(session, viewer or operator(), MAY).blocks
    return found


def owed(trueup: Trueup) -> dict[str | None, Decimal]:
    found = block(trueup)
    return {each.team_id: each.total for each in (*found.teams, found.unallocated) if each.total}


def test_the_vendor_s_invoice_is_shared_by_the_gateway_s_spend_and_nothing_is_added(
    invoice: Trueup, tmp_path: Path
) -> None:
    spent(invoice, tmp_path, search="30", speech="10")
    assert owed(invoice) == {"search": Decimal("75.0075"), "speech": Decimal("25.0025")}
    assert invoice.total() == Decimal("100.01")  # the gateway's 40 dollars are nowhere
    assert invoice.costs("team", metric=Metric.EFFECTIVE)["USD"] == {
        "search": Decimal("75.0075"), "speech": Decimal("25.0025"),
    }  # fmt: skip


def test_shares_move_when_the_gateway_s_load_goes_live(invoice: Trueup, tmp_path: Path) -> None:
    third = Decimal("100.01") / 3
    assert {team: round(amount, 6) for team, amount in owed(invoice).items()} == dict.fromkeys(
        ("search", "speech", "data"), round(third, 6)
    )
    assert block(invoice).pools[0].words == "evenly, because there is no gateway_spend in the month"
    version = invoice.version()
    spent(invoice, tmp_path, search="1")
    assert owed(invoice) == {"search": Decimal("100.01")}
    assert invoice.version() > version
    spent(invoice, tmp_path, search="1", data="1")  # a later delivery of the month
    assert owed(invoice) == {"data": Decimal("50.005"), "search": Decimal("50.005")}


def test_what_no_team_answers_for_is_left_out_and_told(invoice: Trueup, tmp_path: Path) -> None:
    rows = [
        a_log("r-1", "2026-05-03", "6", team_id="search"),
        a_log("r-2", "2026-05-03", "2", team_id="t-unknown"),
        a_log("r-3", "2026-05-03", "0.5"),
        a_log("r-4", "2026-05-03", "2", team_id="speech"),
    ]
    bring_logs(invoice, tmp_path / "logs.jsonl", *rows)
    assert owed(invoice) == {"search": Decimal("75.0075"), "speech": Decimal("25.0025")}
    (pool,) = block(invoice).pools
    assert (pool.quantity, pool.left_out, pool.unit) == (Decimal(8), Decimal("2.5"), "USD")
    assert [(each.value, each.quantity) for each in pool.left_out_values] == [("t-unknown", 2), (None, Decimal("0.5"))]
    assert split_sentence(pool) == (
        "Models is split by gateway_spend; left out, for no team that pays: 2.5 USD (t-unknown, no team)."
    )


def test_a_pool_may_go_by_keys_and_by_part_of_the_spend(invoice: Trueup, tmp_path: Path) -> None:
    rows = [
        a_log("r-1", "2026-05-03", "1", api_key="sk-1"),
        a_log("r-2", "2026-05-03", "3", api_key="sk-2"),
        a_log("r-3", "2026-05-03", "5", api_key="sk-2", custom_llm_provider="anthropic"),
        a_log("r-4", "2026-05-03", "7", api_key="sk-3"),
    ]
    bring_logs(invoice, tmp_path / "logs.jsonl", *rows)
    keys = ", dimension: api_key, teams: {sk-1: search, sk-2: data}, filter: {service_provider_name: [OpenAI]}"
    invoice.policy(POLICY % keys)
    assert owed(invoice) == {"search": Decimal("25.0025"), "data": Decimal("75.0075")}
    assert block(invoice).pools[0].left_out == 7


def test_a_namespace_of_a_cluster_stands_for_a_team(trueup: Trueup, tmp_path: Path) -> None:
    trueup.policy(
        POLICY.replace("gateway_spend", "opencost_cost") % ", dimension: namespace, teams: {web: search, ml: data}"
    )
    bring_openai(trueup, tmp_path / "openai.json", bucket("2026-05-01", cost("8", "gpt-4o, input")))
    file = tmp_path / "opencost.csv"
    file.write_text("Date,Namespace,TotalCost\n2026-05-02,web,1\n2026-05-02,ml,3\n2026-05-02,kube-system,9\n")
    trueup.ingest(file, source="cluster", file_format="opencost")
    assert owed(trueup) == {"search": 2, "data": 6}


def test_idle_hours_of_a_cluster_go_where_the_policy_says(trueup: Trueup, tmp_path: Path) -> None:
    split = ", dimension: namespace, teams: {web: search, ml: data}"
    policy = POLICY.replace("gateway_spend", "opencost_cost") % split
    trueup.policy(policy)
    bring_openai(trueup, tmp_path / "openai.json", bucket("2026-05-01", cost("8", "gpt-4o, input")))
    file = tmp_path / "opencost.csv"
    file.write_text("Date,Namespace,TotalCost\n2026-05-02,web,1\n2026-05-02,ml,1\n2026-05-02,__idle__,2\n")
    trueup.ingest(file, source="cluster", file_format="opencost")
    assert owed(trueup) == {"search": 4, "data": 4}
    trueup.policy(f"{policy}\ntreatments: {{idle: {{team: speech}}}}\n")
    assert owed(trueup) == {"search": 2, "data": 2, "speech": 4}


def test_a_statement_says_how_its_shared_part_was_split(invoice: Trueup, tmp_path: Path) -> None:
    spent(invoice, tmp_path, search="1")
    limited = Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset({"search"}))
    with read_session(invoice.engine) as session:
        (found,) = team_statement(session, limited, MAY, "search").blocks
    assert [(part.pool_name, part.amount, part.split) for part in found.charge.shared] == [
        ("Models", Decimal("100.01"), "by gateway_spend")
    ]
    assert block(invoice, limited).pools == ()  # quantities of other teams


def test_a_preview_of_a_split_by_driver_is_what_applying_it_does(invoice: Trueup, tmp_path: Path) -> None:
    spent(invoice, tmp_path, search="1", data="3")
    even = (
        "name: x\nteams: [{id: search}, {id: data}]\npools: [{id: llm, split: even}]\nrules: [{name: A, pool: llm}]\n"
    )
    moves = policy_preview(invoice.engine, operator(), even, MAY)
    assert [(move.team_id, move.before, move.after) for move in moves if move.change] == [
        ("data", Decimal("75.0075"), Decimal("50.005")),
        ("search", Decimal("25.0025"), Decimal("50.005")),
    ]
    invoice.policy(even)
    assert owed(invoice) == {"search": Decimal("50.005"), "data": Decimal("50.005")}


amounts = st.decimals("0", "1000", places=12, allow_nan=False)


@how(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    spends=st.dictionaries(st.sampled_from(("search", "speech", "data", "gone")), amounts, min_size=1),
    costs=st.lists(st.decimals("-1000", "1000", places=15, allow_nan=False), min_size=1, max_size=3),
)
def test_shares_add_up_to_the_invoice_whatever_was_spent(
    trueup: Trueup, spends: dict[str, Decimal], costs: list[Decimal]
) -> None:
    trueup.policy(POLICY % "")
    results: list[Any] = [cost(format(each, "f"), f"gpt-{n}, input") for n, each in enumerate(costs)]
    with TemporaryDirectory() as folder:
        # A request of nothing, so that a delivery with no spend is still one.
        rows = [
            a_log(team, "2026-05-03", format(spend, "f"), {"input": 1}, team_id=team) for team, spend in spends.items()
        ]
        bring_logs(trueup, Path(folder) / "logs.jsonl", *rows)
        bring_openai(trueup, Path(folder) / "openai.json", bucket("2026-05-01", *results))
    whole = total(costs)
    assert total(owed(trueup).values()) == whole
    paid = {team: spend for team, spend in spends.items() if team != "gone" and spend}
    if paid:
        assert set(owed(trueup)) <= set(paid)
        spent_in_all = total(paid.values())
        for team, spend in paid.items():
            exact = whole * spend / spent_in_all
            assert abs(owed(trueup).get(team, Decimal(0)) - exact) <= abs(whole) * Decimal("1e-12") + Decimal("1e-20")
    assert EXACT.subtract(trueup.total() or Decimal(0), whole) == 0
