"""A treatment takes the charges that a statement calls by the same cost type, and no others."""

import itertools

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.chargeback.cost_types import COST_TYPE
from app.domain.conditions import fulfilling
from app.domain.key_columns import CodedColumns, InMemoryKeys
from app.domain.policy import AllOf, Column, ToPool, ToTeam
from app.domain.statement import CostType
from app.domain.treatments import Kind, Treatment, charges_of

OF_KIND = {
    Kind.UNUSED_COMMITMENT: CostType.UNUSED_COMMITMENT,
    Kind.TAX: CostType.TAX,
    Kind.CREDITS: CostType.CREDIT,
    Kind.REFUNDS: CostType.REFUND,
}
COLUMNS = {
    "commitment_discount_status": ("Used", "Unused", None),
    "charge_category": ("Usage", "Purchase", "Tax", "Credit", "Adjustment", None),
    "charge_class": ("Correction", None),
}
ROWS = [dict(zip(COLUMNS, values, strict=True)) for values in itertools.product(*COLUMNS.values())]


def taken(kind: Kind, rows: list[dict[str, str | None]]) -> list[bool]:
    keys = CodedColumns(InMemoryKeys(rows))
    found = set(fulfilling(charges_of(kind), keys, np.arange(keys.size)).tolist())
    return [index in found for index in range(len(rows))]


def test_each_treatment_takes_what_a_statement_calls_so(session: Session) -> None:
    names = ", ".join(COLUMNS)
    values = ", ".join(f"CAST(:{name} AS text)" for name in COLUMNS)
    query = text(f"SELECT {COST_TYPE} FROM (SELECT {values}) AS key ({names})")
    types = [session.scalar(query, row) for row in ROWS]
    assert {*types} == {*OF_KIND.values(), CostType.DIRECT}
    for kind, cost_type in OF_KIND.items():
        assert taken(kind, ROWS) == [each == cost_type for each in types], kind


@pytest.mark.parametrize(
    ("row", "is_support"),
    [
        ({"service_subcategory": "Support"}, True),
        ({"service_name": "AWS Support (Business)"}, True),
        ({"service_name": "AWSSupportBusiness"}, True),
        ({"service_name": "Google Cloud Support"}, True),
        ({"charge_description": "Premium Support, March"}, True),
        ({"charge_description": "Support plan"}, True),
        ({"service_name": "Amazon RDS Extended Support"}, False),
        ({"service_name": "Amazon RDS", "charge_description": "RDS Extended Support, year 1"}, False),
        ({"charge_description": "Linux with 24x7 support included"}, False),
        ({"service_name": "Amazon EC2"}, False),
    ],
)
def test_support_is_what_says_support(row: dict[str, str | None], is_support: bool) -> None:
    assert taken(Kind.SUPPORT, [row]) == [is_support]


def test_a_treatment_is_a_rule_and_a_pool_only_if_it_spreads() -> None:
    to_team, to_pool, spread = (Treatment(Kind.TAX, target) for target in (ToTeam("a"), ToPool("p"), None))
    assert (to_team.rule.target, to_team.pool) == (ToTeam("a"), None)
    assert (to_pool.rule.target, to_pool.pool) == (ToPool("p"), None)
    assert spread.pool is not None
    assert spread.rule.target == ToPool(spread.pool.id)
    assert isinstance(spread.rule.condition, AllOf)
    assert Column("charge_category") in {getattr(each, "field", None) for each in spread.rule.condition.conditions}
