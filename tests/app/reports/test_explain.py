"""Any figure is explained down to the rows of bills, and what it is made of adds up to it, to the last digit."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from app.db.session import read_session
from app.domain.charge import Axis, Metric
from app.domain.explanation import Working
from app.domain.figure import Figure, figure_from
from app.domain.money import EXACT, total
from app.domain.period import Period
from app.domain.statement import CostType, LineKey, StatementState
from app.domain.viewer import Scope, Viewer, operator
from app.errors import BadInput, NotFound
from app.reports.cost_query import CostQuery, Filter, Granularity
from app.reports.costs import costs
from app.reports.explain import Explanation, explain
from app.reports.explain_rows import SourceRows, source_rows
from app.reports.explain_words import sentence
from app.reports.figure_ground import Asked, CostFigure
from tests.app.chargeback.months import APRIL, MARCH, POLICY, Months, usage
from tests.app.gateway_files import a_log, bring_logs
from tests.ingest.bills import Row
from tests.trueup import Trueup

pytestmark = pytest.mark.slow
ONE = Decimal(1)
REASON = "nothing else speaks against it here"
SPEECH_ONLY = Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset({"speech"}))
POOLED = POLICY + "commitment_benefit: pooled\nmarkup: {percent: 2.5, to: search, percents: {speech: 10}}\n"


@pytest.fixture
def months(trueup: Trueup, tmp_path: Path) -> Months:
    trueup.policy(POLICY)
    return Months(trueup, tmp_path)


def a_month(months: Months) -> None:
    months.bill(
        usage("search", "10.005", day="2026-03-02"),
        usage("search", "1", day="2026-03-03"),
        usage("speech", "4", day="2026-03-02", ServiceName="Amazon S3"),
        usage("platform", "3.333", day="2026-03-02"),
        usage(None, "0.5", day="2026-03-02"),
    )


def explained(months: Months, asked: Asked, viewer: Viewer | None = None, **page: int) -> Explanation:
    with read_session(months.trueup.engine) as session:
        found = explain(session, viewer or operator(), asked, **page)
    assert added(found) == found.exact
    return found


def added(found: Explanation) -> Decimal:
    leaves = [EXACT.multiply(leaf.cost, leaf.share) for leaf in found.leaves]
    workings = [each.amount for each in found.workings]
    return total([*leaves, found.rest.amount, *workings, found.rest_of_workings.amount])


def rows(months: Months, asked: Asked, key: int, viewer: Viewer | None = None, **page: int) -> SourceRows:
    with read_session(months.trueup.engine) as session:
        return source_rows(session, viewer or operator(), asked, key, **page)


def march(**where: str | None) -> Figure:
    return Figure(MARCH, where)


def test_a_direct_figure_is_charge_keys_times_the_rule_that_owns_them(months: Months) -> None:
    a_month(months)
    found = explained(months, march(team="search", cost_type="direct"))
    (leaf,) = found.leaves
    assert (leaf.cost, leaf.share, leaf.amount, leaf.row_count) == (Decimal("11.005"), ONE, Decimal("11.005"), 2)
    assert leaf.rule is not None
    assert (leaf.rule.name, leaf.rule.line) == ("search", POLICY.splitlines().index(leaf_rule(POLICY, "search")) + 1)
    assert leaf.dimensions["resource_id"] == "i-search"
    assert (found.exact, found.charged, found.rounding) == (Decimal("11.005"), Decimal(11), Decimal("-0.005"))
    assert sentence(found) == "11 USD = 1 charge key × 1 rule − 0.005 by rounding"
    assert found.state is StatementState.DRAFT


def leaf_rule(policy: str, name: str) -> str:
    return next(line for line in policy.splitlines() if f"name: {name}," in line and "when" in line)


def test_a_leaf_is_rows_of_archived_files(months: Months) -> None:
    a_month(months)
    (leaf,) = explained(months, march(team="search", cost_type="direct")).leaves
    found = rows(months, march(team="search"), leaf.charge_key)
    assert [(item.file, item.row_number, item.amount) for item in found.items] == [
        ("bill-1.csv", 2, Decimal("10.005")),
        ("bill-1.csv", 3, Decimal(1)),
    ]
    assert (found.amount, found.total_rows) == (leaf.amount, 2)
    assert len(found.bills) == 1
    assert len(rows(months, march(team="search"), leaf.charge_key, limit=1, offset=1).items) == 1
    with pytest.raises(NotFound):
        rows(months, march(team="speech", cost_type="direct"), leaf.charge_key)


def test_a_shared_figure_shows_the_share_and_what_it_goes_by(months: Months) -> None:
    a_month(months)
    found = explained(months, march(team="speech", pool="platform"))
    (leaf,) = found.leaves
    assert (leaf.cost, leaf.share, leaf.amount) == (Decimal("3.333"), Decimal("0.5"), Decimal("1.6665"))
    (pool,) = found.pools
    assert (pool.name, pool.split, pool.share) == ("Platform", "evenly", Decimal("0.5"))
    assert [(each.team_id, each.weight, each.in_figure) for each in pool.weights] == [
        ("search", ONE, False),
        ("speech", ONE, True),
    ]
    assert "1 rule × the shares of 1 pool" in sentence(found)
    everybody = explained(months, march(pool="platform"))
    assert [(leaf.share, leaf.amount) for leaf in everybody.leaves] == [(ONE, Decimal("3.333"))]


def test_the_weights_of_a_driver_come_with_its_loads(months: Months, tmp_path: Path) -> None:
    months.trueup.policy(POLICY.replace("split: even", "split: {driver: gateway_spend, fallback: even}"))
    a_month(months)
    bring_logs(months.trueup, tmp_path / "logs.jsonl", *(
        a_log(team, "2026-03-03", spend, team_id=team) for team, spend in {"search": "1", "speech": "3"}.items()
    ))  # fmt: skip
    (pool,) = explained(months, march(team="speech", cost_type="shared")).pools
    assert pool.source.startswith("the driver gateway_spend")
    assert (pool.unit, pool.split) == ("USD", "by gateway_spend")
    assert {each.team_id: (each.weight, each.share) for each in pool.weights} == {
        "search": (ONE, Decimal("0.25")),
        "speech": (Decimal(3), Decimal("0.75")),
    }
    sources = {each.load_id: each.source for each in explained(months, march(team="speech")).loads}
    assert len(pool.loads) == 1
    assert sources[pool.loads[0]] != "aws"


def test_who_is_limited_to_a_team_sees_its_part_and_no_other_team_s_name(months: Months) -> None:
    a_month(months)
    found = explained(months, march(cost_type="shared"), SPEECH_ONLY)
    assert [(leaf.share, leaf.amount) for leaf in found.leaves] == [(Decimal("0.5"), Decimal("1.6665"))]
    assert [(each.team_id, each.weight, each.share) for each in found.pools[0].weights] == [
        ("speech", ONE, Decimal("0.5")),
        (None, ONE, Decimal("0.5")),
    ]
    whole = explained(months, march(), SPEECH_ONLY)
    assert whole.exact == Decimal("5.6665")
    assert {each.team_id for each in whole.rules} == {"speech", None}  # None: the pool's
    assert {each.pool_id for each in whole.rules if each.team_id is None} == {"platform"}
    key = next(leaf.charge_key for leaf in explained(months, march(team="search")).leaves if leaf.team_id == "search")
    for asked in (march(team="search"), march(team=None)):
        with pytest.raises(NotFound):
            explained(months, asked, SPEECH_ONLY)
        with pytest.raises(NotFound):
            rows(months, asked, key, SPEECH_ONLY)
    with pytest.raises(NotFound):
        rows(months, march(), key, SPEECH_ONLY)


def test_every_page_adds_up_and_all_pages_are_all_leaves(months: Months) -> None:
    months.bill(*(usage("search", str(n), day="2026-03-02", SkuId=f"sku-{n}") for n in (3, -7, 1, 5)))
    pages = [explained(months, march(), limit=1, offset=offset) for offset in range(5)]
    assert [leaf.amount for found in pages for leaf in found.leaves] == [-7, 5, 3, 1]
    assert [found.rest.leaves for found in pages] == [3, 3, 3, 3, 4]
    assert [found.rest.amount for found in pages] == [9, -3, -1, 1, 2]


def test_what_belongs_to_nobody_has_no_rule(months: Months) -> None:
    a_month(months)
    found = explained(months, march(team=None))
    (leaf,) = found.leaves
    assert (leaf.rule, leaf.team_id, leaf.amount) == (None, None, Decimal("0.5"))
    assert "no rule" in sentence(found)


def test_a_closed_statement_is_explained_by_what_it_was_closed_with(months: Months) -> None:
    a_month(months)
    months.issue(MARCH)
    months.close(MARCH, REASON)
    before = explained(months, march(team="search"))
    months.bill(usage("search", "99", day="2026-03-02"), usage("platform", "8", day="2026-03-02"))
    months.trueup.policy(POLICY.replace("split: even", "split: fixed, weights: {search: 3, speech: 1}"))
    after = explained(months, march(team="search"))
    assert (after.state, after.exact, after.charged) == (StatementState.CLOSED, before.exact, before.charged)
    assert (after.leaves, after.pools, after.loads) == (before.leaves, before.pools, before.loads)
    assert after.policy_version == before.policy_version
    shared = next(leaf for leaf in after.leaves if leaf.pool_id)
    assert [item.file for item in rows(months, march(team="search"), shared.charge_key).items] == ["bill-1.csv"]
    draft = explained(months, Figure(MARCH, {"team": "search"}, StatementState.DRAFT))
    assert draft.exact == Decimal(99) + 8 * Decimal("0.75")
    with pytest.raises(NotFound, match="not issued"):
        explained(months, Figure(MARCH, {}, StatementState.ISSUED))


def test_an_adjustment_is_what_is_now_less_what_was_closed(months: Months) -> None:
    a_month(months)
    months.issue(MARCH)
    months.close(MARCH, REASON)
    months.bill(usage("search", "12", day="2026-03-02"))
    april = Figure(APRIL, {"team": "search", "cost_type": "adjustment", "adjusts_period": "2026-03"})
    found = explained(months, april)
    working = next(each for each in found.workings if each.amount == Decimal("0.995"))
    assert [(term.words, term.amount) for term in working.terms] == [
        ("2026-03 as it is now", 12),
        ("2026-03 as it was closed", Decimal("11.005")),
    ]
    assert working.causes is not None
    assert set(working.causes) == {"loads", "policy_versions"}
    now, closed = (figure for _, figure in working.from_figures)
    assert explained(months, figure_of(now)).exact == 12
    assert explained(months, figure_of(closed)).exact == Decimal("11.005")
    assert not found.leaves
    months.issue(APRIL)
    months.close(APRIL, REASON)
    months.bill(usage("search", "15", day="2026-03-02"))
    (later,) = explained(months, Figure(Period.month(2026, 5), dict(april.where))).workings
    assert [term.amount for term in later.terms] == [15, Decimal("11.005"), Decimal("0.995")]


def figure_of(parameters: tuple[tuple[str, str], ...]) -> Figure:
    return figure_from(dict(parameters))


def test_benefit_and_markup_show_their_working(months: Months) -> None:
    months.trueup.policy(POOLED)
    months.bill(
        usage("search", "6", day="2026-03-02", PricingCategory="Committed", ContractedCost="10"),
        usage("speech", "30", day="2026-03-02", PricingCategory="Standard", ContractedCost="30"),
    )
    found = explained(months, march(team="search"))
    benefit, markup = by_type(found)
    assert [term.amount for term in benefit.terms] == [36, 40, 10, Decimal("0.25"), 6]
    assert benefit.amount == 3
    assert (markup.terms[0].amount, markup.amount) == (Decimal("2.7"), Decimal("-2.7"))
    assert found.exact == 9 - Decimal("2.7")
    _, paid = by_type(explained(months, march(team="speech")))
    assert [term.amount for term in paid.terms] == [27, 10]
    assert paid.amount == Decimal("2.7")
    assert "2 lines worked out from others" in sentence(found)


def by_type(found: Explanation) -> list[Working]:
    return sorted(found.workings, key=lambda each: list(CostType).index(each.cost_type))


def test_costs_that_are_on_no_statement_are_explained_from_live_charges(months: Months) -> None:
    a_month(months)
    query = CostQuery(
        MARCH.start, MARCH.start.replace(day=3), Metric.BILLED, Axis.CHARGE, filters=(Filter("team", ("search",)),)
    )
    found = explained(months, CostFigure(query, "USD"))
    assert (found.exact, found.charged, found.state) == (Decimal("10.005") + Decimal("1.6665"), None, None)
    assert [pool.share for pool in found.pools] == [Decimal("0.5")]
    without = CostFigure(CostQuery(MARCH.start, MARCH.end, filters=(Filter("team", ("search",), exclude=True),)))
    assert explained(months, without).exact == Decimal("6.1665")
    other_metric = Figure(MARCH, {"team": "speech", "cost_type": "shared"}, metric=Metric.LIST)
    assert explained(months, other_metric).exact == Decimal("1.6665")
    days = Figure(MARCH, {"team": "search", "cost_type": "direct"}, days=Period(MARCH.start.replace(day=3), MARCH.end))
    assert (explained(months, days).exact, explained(months, days).charged) == (ONE, None)


def test_a_figure_is_in_one_currency(months: Months) -> None:
    months.bill(usage("search", "1", day="2026-03-02"), usage("search", "2", day="2026-03-02", BillingCurrency="EUR"))
    with pytest.raises(BadInput, match="EUR, USD"):
        explained(months, march(team="search"))
    assert explained(months, march(team="search", currency="EUR")).exact == 2


def test_a_figure_that_nothing_makes_up_is_not_found(months: Months) -> None:
    a_month(months)
    for asked in (march(team="gone"), march(adjusts_period="2026-01"), Figure(APRIL)):
        with pytest.raises(NotFound):
            explained(months, asked)


def test_charges_are_split_where_their_owner_changes(months: Months) -> None:
    rule = leaf_rule(POLICY, "search")
    since = rule.replace("team: search}", "team: speech, valid_from: 2026-03-03}").replace(
        "name: search", "name: later"
    )
    months.trueup.policy(POLICY.replace(rule, f"{since}\n{rule}"))
    a_month(months)
    found = explained(months, march(cost_type="direct", service_name="Amazon EC2", invoice_issuer_name="AWS"))
    owned = [(leaf.team_id, leaf.rule.name if leaf.rule else None, leaf.amount) for leaf in found.leaves]
    assert owned == [("search", "search", Decimal("10.005")), ("speech", "later", 1), (None, None, Decimal("0.5"))]
    key = found.leaves[0].charge_key
    assert rows(months, march(team="speech"), key).amount == 1
    assert rows(months, march(cost_type="direct"), key).amount == Decimal("11.005")


amounts = st.decimals("-100", "100", places=24, allow_nan=False) | st.integers(0, 50).map(Decimal)


@st.composite
def a_row(draw: st.DrawFn) -> Row:
    cost = draw(st.none() | amounts)
    cells: dict[str, Any] = {
        "ChargeCategory": draw(st.sampled_from(("Usage", "Usage", "Tax", "Credit"))),
        "ServiceName": draw(st.sampled_from(("Amazon EC2", "Amazon S3", None))),
        "BillingCurrency": draw(st.sampled_from(("USD", "USD", "JPY"))),
        "PricingCategory": draw(st.sampled_from(("Standard", "Committed"))),
        "ContractedCost": format(draw(st.integers(0, 9).map(Decimal)), "f"),
        "InvoiceId": draw(st.sampled_from(("inv-1", None))),
    }
    account = draw(st.sampled_from(("search", "speech", "platform", None)))
    day = draw(st.sampled_from(("2026-03-02", "2026-03-20")))
    return {**usage(account, None if cost is None else format(cost, "f"), day=day), **cells}


def figure_of_line(key: LineKey) -> Figure:
    return march(
        currency=key.billing_currency,
        team=key.team_id,
        cost_type=key.cost_type.value,
        pool=key.pool_id,
        service_provider_name=key.service_provider_name,
        service_name=key.service_name,
        invoice_issuer_name=key.invoice_issuer_name,
        invoice_id=key.invoice_id,
        unit=key.unit,
    )


@how(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    bill=st.lists(a_row(), min_size=1, max_size=8),
    policy=st.sampled_from((POLICY, POOLED)),
    metric=st.sampled_from(Metric),
)
def test_every_line_of_a_statement_is_what_explains_it(
    trueup: Trueup, tmp_path: Path, bill: list[Row], policy: str, metric: Metric
) -> None:
    trueup.policy(policy)
    months = Months(trueup, tmp_path)
    months.bill(*bill)
    _, lines = months.statement(MARCH)
    for line in lines:
        found = explained(months, figure_of_line(line.key), limit=2)
        assert (found.exact, found.charged) == (line.exact_amount, line.amount)
    for team in {line.key.team_id for line in lines}:
        for currency in {line.key.billing_currency for line in lines if line.key.team_id == team}:
            owed = [each for each in lines if (each.key.team_id, each.key.billing_currency) == (team, currency)]
            figure = march(team=team, currency=currency)
            found = explained(months, figure)
            assert found.charged == total(line.amount for line in owed)
            for leaf in found.leaves[:1]:
                same_key = [each.amount for each in found.leaves if each.charge_key == leaf.charge_key]
                assert rows(months, figure, leaf.charge_key).amount == total(same_key)
    query = CostQuery(MARCH.start, MARCH.end, metric, Axis.BILLING, Granularity.TOTAL, ("team",))
    with read_session(trueup.engine) as session:
        blocks = costs(session, operator(), query).blocks
    for block in blocks:
        for row in block.rows:
            asked = CostFigure(CostQuery(**{**vars(query), "filters": (Filter("team", row.keys),)}), block.currency)
            assert explained(months, asked).exact == (row.amount or 0)
