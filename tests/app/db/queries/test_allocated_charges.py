"""Charges, once for each team that pays: nothing is lost, whatever the shares."""

import csv
from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.chargeback.cost_types import COST_TYPE
from app.db.queries.allocated_charges import Allocation, PaidShare, PayingTeam, allocated_rows, digits
from app.db.queries.focus_columns import columns_of
from app.domain.allocation import parts_of, share
from app.domain.charge import COSTS, QUANTITIES
from app.domain.focus import FocusVersion, pascal
from app.domain.money import EXACT, ZERO
from tests.app.books import Books, a_team

MARCH = date(2026, 3, 1)
TEAMS = ("a", "b", "c", "d")
SUMMABLE = (*COSTS, *QUANTITIES)
COLUMNS = columns_of(FocusVersion.V1_3, COST_TYPE)
# As long as bills have them, some below zero, and one that is not there.
AMOUNTS = ("0.000000000000000000000001", "-12345678901.99", "3", "0", "0.1", "-0.000001", None)
weights = st.dictionaries(st.sampled_from(TEAMS), st.fractions(min_value=0, max_value=1000))
pools = st.dictionaries(st.tuples(st.sampled_from(["USD", "EUR"]), st.sampled_from(["p", "q"])), weights)


@pytest.fixture
def month(books: Books) -> Books:
    """Charges of teams, pools and nobody in two currencies, each metric with an amount of its own."""
    books.policy(*map(a_team, TEAMS))
    owners: tuple[tuple[str | None, str | None], ...] = ((None, None), ("a", None), (None, "p"), (None, "q"))
    for number, amount in enumerate(AMOUNTS):
        for currency in ("USD", "EUR"):
            for team, pool in owners:
                books.charge(date(2026, 3, number + 1), amount, team=team, pool=pool, currency=currency)
    others = ", ".join(f"{name} = effective_cost * {number}" for number, name in enumerate(SUMMABLE, start=-2))
    books.session.execute(text(f"UPDATE charge SET {others.replace('effective_cost = effective_cost * -1, ', '')}"))
    return books


def allocation(session: Session, shares: tuple[PaidShare, ...], visible: frozenset[str] | None = None) -> Allocation:
    version = session.scalar(text("SELECT max(id) FROM policy_version"))
    loads = tuple(session.scalars(text("SELECT id FROM load")))
    teams = tuple(PayingTeam(team, team.title(), None, "{}") for team in TEAMS)
    return Allocation(MARCH, loads, version, shares, teams, visible)


def rows_of(session: Session, asked: Allocation) -> list[dict[str, str]]:
    lines = [line.decode() for line in allocated_rows(session, asked, COLUMNS)]
    return list(csv.DictReader(lines, [column.name for column in COLUMNS]))


def origins(session: Session) -> dict[str, dict[str, Decimal]]:
    """What each charge comes to, by its id."""
    query = text(
        "SELECT concat_ws('-', load_id, to_char(charge_day, 'YYYYMMDD'), charge_key_id),"
        f" {', '.join(SUMMABLE)} FROM charge"
    )
    return {key: dict(zip(SUMMABLE, map(_or_zero, amounts), strict=True)) for key, *amounts in session.execute(query)}


def _or_zero(amount: Decimal | None) -> Decimal:
    return ZERO if amount is None else amount


Weights = dict[tuple[str, str], dict[str, Fraction]]  # of teams, by currency and pool
THIRDS: Weights = {("USD", "p"): {"a": Fraction(1), "b": Fraction(2)}}


def shares_of(drawn: Weights) -> tuple[PaidShare, ...]:
    return tuple(
        PaidShare(currency, pool, team, share(Decimal(1), part), f"{pool}@1", "{}")
        for (currency, pool), of_teams in drawn.items()
        for team, part in parts_of(of_teams).items()
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=pools)
def test_the_rows_of_a_charge_add_up_to_it_to_the_last_digit(month: Books, drawn: Weights) -> None:
    sums: defaultdict[str, dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(SUMMABLE, ZERO))
    ratios: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows_of(month.session, allocation(month.session, shares_of(drawn))):
        origin = sums[row["x_OriginChargeId"]]
        for name in SUMMABLE:
            origin[name] = EXACT.add(origin[name], Decimal(row[pascal(name)] or 0))
        ratios[row["x_OriginChargeId"]] += Decimal(row["x_AllocatedShare"])
    expected = origins(month.session)
    assert {key: sums[key] for key in expected} == expected
    assert set(ratios.values()) == {1}


def test_a_missing_cost_stays_missing_for_every_team(month: Books) -> None:
    shares = shares_of(THIRDS)
    rows = rows_of(month.session, allocation(month.session, shares))
    missing = [row for row in rows if row["ChargePeriodStart"] == f"2026-03-0{len(AMOUNTS)}T00:00:00Z"]
    assert len(missing) == 9
    assert {row["EffectiveCost"] for row in missing} == {""}


def test_who_may_see_a_team_sees_its_rows_alone(month: Books) -> None:
    shares = shares_of(THIRDS)
    everything = rows_of(month.session, allocation(month.session, shares))
    seen = rows_of(month.session, allocation(month.session, shares, frozenset({"b"})))
    assert seen == [row for row in everything if row["x_TeamId"] == "b"]
    assert len(seen) == len(AMOUNTS)


def test_digits_are_those_of_the_longest_numbers(month: Books) -> None:
    found = digits(month.session, allocation(month.session, shares_of(THIRDS)), COLUMNS)
    assert (found["EffectiveCost"].whole, found["EffectiveCost"].fraction) == (11, 36)
    assert (found["ListUnitPrice"].whole, found["ListUnitPrice"].fraction) == (1, 0)
    assert set(found) >= {pascal(name) for name in SUMMABLE}


@pytest.mark.parametrize("version", FocusVersion)
def test_columns_are_in_order_and_have_one_name(version: FocusVersion) -> None:
    names = [column.name for column in columns_of(version, COST_TYPE)]
    ours = [name for name in names if name.startswith("x_")]
    assert names == [*sorted(set(names) - set(ours)), *sorted(ours)]
