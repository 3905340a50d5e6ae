"""What must hold of every bill under every policy: two ways to the same cent, nothing lost, order does not matter.

`python -m bench.laws` runs the same laws on many seeds.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from operator import itemgetter
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.actions.policy import apply_policy
from app.db.queries.teams import in_subtrees
from app.domain.charge import Axis, Metric
from app.domain.money import total
from app.domain.period import Period
from app.domain.viewer import Scope, Viewer, operator
from app.reports.chargeback import chargeback
from app.reports.cost_query import Filter, Granularity
from tests.app.chargeback import drawn
from tests.app.chargeback.drawn import MARCH
from tests.app.chargeback.drawn_policies import policies, written
from tests.app.chargeback.law import asked, draft_of, posted, quick, sums
from tests.app.chargeback.loaded import add_load, add_source
from tests.app.chargeback.reference_allocator import Amount, Line, Statement, minor_units, statement
from tests.app.chargeback.reference_policy import Charge, read
from tests.app.chargeback.reference_pools import Quantity

rows = drawn.charges() | drawn.usage()
bills = st.lists(rows, min_size=4, max_size=14) | st.lists(rows, min_size=1, max_size=3)
uses = st.lists(drawn.quantities, max_size=8)
WORKED_OUT = {"commitment_benefit", "markup"}  # lines that no charge stands behind
MARCH_2026 = Period.month(2026, 3)
NAMES = ("billing_currency", "invoice_issuer_name", "invoice_id", "service_provider_name", "service_name")
LEVELS: dict[str, Callable[[dict[str, str | None]], Any]] = {
    "currency": itemgetter("billing_currency"),
    "invoice": itemgetter("billing_currency", "invoice_issuer_name", "invoice_id"),
    "service": itemgetter("billing_currency", "service_provider_name", "service_name"),
}


def columns(charge: Charge) -> dict[str, str | None]:
    return {name: charge.columns.get(name) for name in NAMES}


def named(line: Line) -> dict[str, str | None]:
    return dict(zip(NAMES, (line.currency, line.issuer, line.invoice, line.provider, line.service), strict=True))


def charged_for(lines: Statement, key: Callable[[dict[str, str | None]], Any]) -> dict[Any, Decimal]:
    """The exact amounts of lines that charges stand behind."""
    return sums((key(named(line)), each.exact) for line, each in lines.items() if line.cost_type not in WORKED_OUT)


def mixed(chance: Random, items: Sequence[Any]) -> list[Any]:
    return chance.sample(list(items), len(items))


def below(policy: dict[str, Any], roots: set[str]) -> set[str]:
    """The teams in the subtrees of `roots`, in the tree as it is last."""
    last = {
        team["id"]: team.get("parent") for team in sorted(policy["teams"], key=lambda team: team.get("valid_from", ""))
    }
    found = set(roots)
    for _ in last:
        found |= {team for team, parent in last.items() if parent in found}
    return found


@given(policy=policies(), charges=bills, used=uses)
@quick(25)
def test_the_statement_is_that_of_the_reference_allocator(
    session: Session, policy: dict[str, Any], charges: list[Charge], used: list[Quantity]
) -> None:
    """Two ways to the same cent: every line, every digit, rounded too."""
    with posted(session, policy, charges, used):
        assert draft_of(session) == statement(read(written(policy)), MARCH, charges, used)


@given(policy=policies(), charges=bills, used=uses)
@quick(15)
def test_nothing_is_lost_at_any_level(
    session: Session, policy: dict[str, Any], charges: list[Charge], used: list[Quantity]
) -> None:
    with posted(session, policy, charges, used):
        lines = draft_of(session)
        by_day = asked(session, (), granularity=Granularity.DAY, metric=Metric(policy["statement_metric"]))
        by_team = asked(session, ("team",), granularity=Granularity.DAY, metric=Metric(policy["statement_metric"]))
        blocks = chargeback(session, operator(), MARCH_2026).blocks
    for level, key in LEVELS.items():
        of_bill = sums((key(columns(each)), each.costs.get(policy["statement_metric"])) for each in charges)
        assert charged_for(lines, key) == of_bill, level
    for level in ("currency", "service"):  # what is worked out moves cost between teams, and is on no invoice
        worked_out = {line: amount for line, amount in lines.items() if line.cost_type in WORKED_OUT}
        assert sums((LEVELS[level](named(line)), amount.exact) for line, amount in worked_out.items()) == {}, level
    of_days = sums(
        ((each.columns["billing_currency"], each.day), each.costs.get(policy["statement_metric"])) for each in charges
    )
    assert by_day == of_days
    assert sums(((currency, day), amount) for (currency, day, _), amount in by_team.items()) == of_days
    of_teams = sums(((line.currency, line.team), amount.exact) for line, amount in lines.items())
    assert of_teams == sums(
        ((block.currency, each.team_id), each.total) for block in blocks for each in (*block.teams, block.unallocated)
    )
    assert sums((block.currency, block.total) for block in blocks) == sums(
        (currency, amount) for (currency, _), amount in of_teams.items()
    )


@given(policy=policies(), charges=bills, used=uses)
@quick(10)
def test_what_is_charged_for_an_invoice_is_its_exact_sum_rounded_once(
    session: Session, policy: dict[str, Any], charges: list[Charge], used: list[Quantity]
) -> None:
    with posted(session, policy, charges, used):
        lines = draft_of(session)
    invoices: defaultdict[tuple[str | None, ...], list[Amount]] = defaultdict(list)
    for line, amount in lines.items():
        invoices[line.currency, line.issuer, line.invoice].append(amount)
    for (currency, *_), amounts in invoices.items():
        exact = total(each.exact for each in amounts)
        assert total(each.charged for each in amounts) == minor_units(exact, str(currency))
        unit = minor_units(Decimal(1), str(currency)).as_tuple().exponent
        assert all(abs(each.charged - each.exact) < Decimal(1).scaleb(int(unit)) for each in amounts)


@given(policy=policies(), charges=bills, used=uses, roots=st.sets(st.sampled_from(drawn.TEAMS), min_size=1))
@quick(10)
def test_who_sees_some_teams_sees_the_same_figures_of_these(
    session: Session, policy: dict[str, Any], charges: list[Charge], used: list[Quantity], roots: set[str]
) -> None:
    """The tree of teams: a viewer sees what is below its teams where the tree has them last, to the last digit."""
    viewer = Viewer("limited", frozenset({Scope.READ_COSTS}), frozenset(roots))
    metric = Metric(policy["statement_metric"])
    seen = below(policy, roots)
    with posted(session, policy, charges, used):
        lines = draft_of(session)
        blocks = chargeback(session, viewer, MARCH_2026).blocks
        everything = asked(session, ("team", "service_name"), metric=metric)
        limited = asked(session, ("team", "service_name"), viewer, metric=metric)
    expected = sums(((line.currency, line.team), amount.exact) for line, amount in lines.items() if line.team in seen)
    assert expected == sums(((block.currency, each.team_id), each.total) for block in blocks for each in block.teams)
    assert sums((block.currency, block.total) for block in blocks) == sums(
        (currency, amount) for (currency, _), amount in expected.items()
    )
    assert limited == {key: amount for key, amount in everything.items() if key[-2] in seen}


filters = st.sampled_from(
    (
        *(f"team:{team}" for team in drawn.TEAMS),
        *(f"!team:{team}" for team in drawn.TEAMS),
        "team:",
        "!team:",
        "team:alpha|beta",
        "team:alpha|",
        *(f"service:{service}" for service in drawn.SERVICES),
        "!service:EC2",
        "provider:AWS",
        "sub_account:1|2|3",
        "sub_account:",
        "charge_category:Usage",
        "tag:env:prod",
        "!tag:team:alpha",
    )
)


@given(policy=policies(), charges=bills, used=uses, asking=st.lists(filters, min_size=1, max_size=3, unique=True))
@quick(15)
def test_a_filter_after_the_split_is_a_slice_of_what_is_not_filtered(
    session: Session, policy: dict[str, Any], charges: list[Charge], used: list[Quantity], asking: list[str]
) -> None:
    grouped = (
        "team",
        "service_name",
        "service_provider_name",
        "sub_account_id",
        "charge_category",
        "tag:env",
        "tag:team",
    )
    metric = Metric(policy["statement_metric"])
    kept = [Filter.parse(each) for each in asking]
    with posted(session, policy, charges, used):
        whole = asked(session, grouped, metric=metric, axis=Axis.BILLING)
        sliced = asked(session, grouped, metric=metric, axis=Axis.BILLING, filters=tuple(kept))
        narrow = asked(session, ("team",), metric=metric, axis=Axis.BILLING, filters=tuple(kept))
        lines = draft_of(session)
    wanted = {
        key: amount
        for key, amount in whole.items()
        if all(
            (dict(zip(grouped, key[-len(grouped) :], strict=True))[each.dimension] in each.values) is not each.exclude
            for each in kept
        )
    }
    assert sliced == wanted
    assert narrow == sums(((key[0], key[-len(grouped)]), amount) for key, amount in wanted.items())
    # And what is not filtered is what the statement says.
    of_lines = sums(
        ((line.currency, line.team, line.service, line.provider), amount.exact)
        for line, amount in lines.items()
        if line.cost_type not in WORKED_OUT
    )
    assert of_lines == sums(((key[0], *key[-len(grouped) :][:3]), amount) for key, amount in whole.items())


@given(policy=policies(), charges=bills, used=uses, chance=st.randoms(use_true_random=False))
@quick(10)
def test_the_order_of_what_has_none_does_not_matter(
    session: Session, policy: dict[str, Any], charges: list[Charge], used: list[Quantity], chance: Random
) -> None:
    """Of rules that do not overlap, of teams and pools (unless they are closed in turn), of loads and their rows."""
    policy["rules"] = policy["rules"][-len(drawn.ACCOUNTS) :]  # by account, so no two of them match the same charge
    with posted(session, policy, charges, used):
        expected = draft_of(session)
    shuffled = {key: mixed(chance, value) if key in {"rules", "teams"} else value for key, value in policy.items()}
    if policy["between_pools"] != "step_down":
        shuffled["pools"] = mixed(chance, policy["pools"])
    with session.begin_nested() as apart:
        sources = [add_source(session, name) for name in ("aws", "other", "third")]
        apply_policy(session, operator(), written(policy))
        loads = [(source, charges[number::3], used if number == 0 else []) for number, source in enumerate(sources)]
        for source, rows, quantities in mixed(chance, loads):
            add_load(session, source, MARCH, mixed(chance, rows), mixed(chance, quantities))
        apply_policy(session, operator(), written({**shuffled, "name": "shuffled"}))
        found = draft_of(session)
        apart.rollback()
    assert found == expected


def test_a_team_is_seen_where_a_re_organisation_puts_it_last(session: Session) -> None:
    """docs/policy.md: a viewer limited to a team sees what is below it in the tree as it is last."""
    teams = [
        {"id": "alpha"},
        {"id": "beta"},
        {"id": "gamma", "parent": "alpha", "valid_to": "2026-03-15"},
        {"id": "gamma", "parent": "beta", "valid_from": "2026-03-15"},
    ]
    apply_policy(session, operator(), written({"name": "re-organised", "teams": teams}))
    assert in_subtrees(session, ["alpha"]) == {"alpha"}
    assert in_subtrees(session, ["beta"]) == {"beta", "gamma"}
