"""A vendor's invoice by team, key and model: exact, whole, and as a pool would charge the teams."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from app.domain.allocation import PARTS, parts_of, positive
from app.domain.gateway_allocation import AllocatedSpend, Spend, allocated
from app.domain.money import total


def test_an_invoice_is_shared_by_what_was_spent() -> None:
    spends = [
        Spend("search", "k1", "gpt", Decimal(6)),
        Spend("search", "k2", "gpt", Decimal(3)),
        Spend("search", "k1", "gpt", Decimal(0)),  # the same under another name of the model
        Spend(None, None, None, Decimal(1)),
        Spend("speech", "k3", "gpt", Decimal(-5)),
    ]
    assert allocated(Decimal("50.5"), spends) == (
        AllocatedSpend(None, None, None, Decimal(1), 100_000_000_000, Decimal("5.05")),
        AllocatedSpend("search", "k1", "gpt", Decimal(6), 600_000_000_000, Decimal("30.3")),
        AllocatedSpend("search", "k2", "gpt", Decimal(3), 300_000_000_000, Decimal("15.15")),
    )


def test_without_spend_there_is_nothing_to_share_by() -> None:
    assert allocated(Decimal(5), []) == ()
    assert allocated(Decimal(5), [Spend("a", "k", "m", Decimal(0))]) == ()


amounts = st.decimals("-10", "1000", places=12, allow_nan=False)
keys = st.tuples(st.sampled_from(("a", "b", None)), st.sampled_from(("k1", "k2")), st.sampled_from(("m", "n", None)))
spends = st.dictionaries(keys, amounts, max_size=12)


@given(invoice=st.decimals("-1000", "1000", places=20, allow_nan=False), spent=spends)
def test_the_lines_add_up_to_the_invoice_and_to_the_teams_shares(
    invoice: Decimal, spent: dict[tuple[str | None, str, str | None], Decimal]
) -> None:
    lines = allocated(invoice, [Spend(*key, amount) for key, amount in spent.items()])
    assert total(line.amount for line in lines) == (invoice if lines else 0)
    assert sum(line.parts for line in lines) in {0, PARTS}
    weights: dict[str, Fraction] = {}
    for (team, _, _), amount in spent.items():
        weights[team or ""] = weights.get(team or "", Fraction(0)) + positive(amount)
    of_teams = parts_of(weights)
    for team in weights:
        assert sum(line.parts for line in lines if (line.team or "") == team) == of_teams.get(team, 0)
