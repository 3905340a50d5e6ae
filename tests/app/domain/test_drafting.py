"""The lines of a statement, from the costs that teams and pools own."""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.allocation import PARTS
from app.domain.drafting import statement_lines
from app.domain.invoice import subunit
from app.domain.money import total
from app.domain.policy import CommitmentBenefit, Markup, Policy
from app.domain.rounding import in_minor_units
from app.domain.statement import CostType, LineKey, OwnedCost, Shares, StatementLine
from tests.app.domain.statements import POLICY, TEAMS, a_cost, costs, halves, shares

percents = st.decimals("-20", "20", places=2, allow_nan=False)
markups = st.builds(
    Markup, percents, st.sampled_from((*TEAMS, "finance")), st.dictionaries(st.sampled_from(TEAMS), percents)
)
benefits = st.builds(CommitmentBenefit, st.sampled_from((frozenset[str](), frozenset({"EC2"}))))
policies = st.builds(Policy, st.just("drawn"), markup=st.none() | markups, commitment_benefit=st.none() | benefits)
bills = st.lists(costs(), max_size=12)
quick = settings(max_examples=40, deadline=None)


def owed(lines: tuple[StatementLine, ...]) -> dict[tuple[str | None, str], Decimal]:
    """The exact amounts by team and cost type."""
    return {(line.key.team_id, line.key.cost_type.value): line.exact_amount for line in lines}


@quick
@given(bill=bills, split=shares(), policy=policies)
def test_lines_add_up_to_the_costs_of_every_invoice(bill: list[OwnedCost], split: Shares, policy: Policy) -> None:
    billed: defaultdict[tuple[str, str | None], list[Decimal]] = defaultdict(list)
    owing: defaultdict[tuple[str, str | None], list[Decimal]] = defaultdict(list)
    for cost in bill:
        billed[cost.billing_currency, cost.invoice_id].append(cost.amount)
    for line in statement_lines(bill, split, policy):
        owing[line.key.billing_currency, line.key.invoice_id].append(line.exact_amount)
    for invoice in {*billed, *owing}:
        assert total(owing[invoice]) == total(billed[invoice])


@quick
@given(bill=bills, split=shares(), policy=policies)
def test_the_lines_of_an_invoice_round_to_its_rounded_sum(bill: list[OwnedCost], split: Shares, policy: Policy) -> None:
    lines = statement_lines(bill, split, policy)
    for line in lines:
        unit = subunit(line.key.billing_currency)
        assert line.amount % unit == 0
        assert abs(line.amount - line.exact_amount) < unit
    for issuer, invoice, currency in {
        (line.key.invoice_issuer_name, line.key.invoice_id, line.key.billing_currency) for line in lines
    }:
        of_invoice = [
            line
            for line in lines
            if (line.key.invoice_issuer_name, line.key.invoice_id, line.key.billing_currency)
            == (issuer, invoice, currency)
        ]
        exact = total(line.exact_amount for line in of_invoice)
        assert total(line.amount for line in of_invoice) == in_minor_units(exact, currency)


@quick
@given(data=st.data(), bill=bills, split=shares(), policy=policies)
def test_the_order_of_costs_and_payers_does_not_matter(
    data: st.DataObject, bill: list[OwnedCost], split: Shares, policy: Policy
) -> None:
    shuffled = data.draw(st.permutations(bill))
    turned = {pool: dict(reversed(tuple(parts.items()))) for pool, parts in reversed(tuple(split.items()))}
    assert statement_lines(shuffled, turned, policy) == statement_lines(bill, split, policy)


@quick
@given(bill=bills, split=shares())
def test_a_plain_allocator_comes_to_the_same_lines(bill: list[OwnedCost], split: Shares) -> None:
    plain: defaultdict[LineKey, Fraction] = defaultdict(Fraction)
    for cost in bill:
        shared = cost.pool_id is not None and cost.cost_type is CostType.DIRECT
        parts = split.get((cost.billing_currency, cost.pool_id or ""))
        paying: list[tuple[str | None, int]] = [*parts.items()] if parts else [(cost.team_id, PARTS)]
        for team, count in paying:
            key = LineKey(
                cost.billing_currency,
                "AWS",
                cost.invoice_id,
                team,
                CostType.SHARED if shared else cost.cost_type,
                cost.pool_id,
                "AWS",
                cost.service_name,
                cost.unit,
            )
            plain[key] += Fraction(cost.amount) * count / PARTS
    lines = statement_lines(bill, split, POLICY)
    assert {line.key: Fraction(line.exact_amount) for line in lines} == plain


def test_what_a_pool_shares_says_which_and_by_how_much() -> None:
    (line, other) = statement_lines([a_cost("10.01", pool="platform")], halves("search", "speech"), POLICY)
    assert (line.key.team_id, line.key.cost_type, line.key.pool_id) == ("search", CostType.SHARED, "platform")
    assert (line.share, line.quantity, line.exact_amount) == (Decimal("0.5"), Decimal("0.5"), Decimal("5.005"))
    # The invoice comes to 10.01, and a tie goes by key.
    assert (line.amount, other.amount) == (Decimal("5.01"), Decimal("5.00"))


def test_tax_that_a_pool_shares_is_still_tax() -> None:
    lines = statement_lines([a_cost("4", pool="platform", cost_type=CostType.TAX)], halves("search", "speech"), POLICY)
    assert owed(lines) == {("search", "tax"): Decimal(2), ("speech", "tax"): Decimal(2)}
    assert {line.key.pool_id for line in lines} == {"platform"}


def test_a_pool_that_nobody_can_pay_stays_unallocated_where_it_is_seen() -> None:
    (line,) = statement_lines([a_cost("4", pool="platform")], {("USD", "platform"): {}}, POLICY)
    assert (line.key.team_id, line.key.pool_id, line.share, line.amount) == (None, "platform", None, Decimal(4))


def test_every_line_of_a_pool_counts_the_charges_behind_it() -> None:
    pooled = a_cost("4", pool="platform", row_count=7, rows_without_value=2)
    lines = statement_lines([pooled], halves("search", "speech"), POLICY)
    assert [(line.row_count, line.rows_without_value) for line in lines] == [(7, 2), (7, 2)]


def test_a_third_of_a_yen_is_charged_to_one_team() -> None:
    thirds = {("JPY", "platform"): {"a": PARTS // 3 + 1, "b": PARTS // 3, "c": PARTS // 3}}
    lines = statement_lines([a_cost("100", pool="platform", billing_currency="JPY")], thirds, POLICY)
    assert [(line.key.team_id, line.amount) for line in lines] == [
        ("a", Decimal(34)),
        ("b", Decimal(33)),
        ("c", Decimal(33)),
    ]


def test_without_a_policy_nobody_owes_anything() -> None:
    (line,) = statement_lines([a_cost("4")], {}, None)
    assert (line.key.team_id, line.key.cost_type, line.amount) == (None, CostType.DIRECT, Decimal(4))
