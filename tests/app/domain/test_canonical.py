"""The canonical form: these bytes are the same for ever."""

import csv
import hashlib
import io
import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.domain.canonical import (
    Correction,
    Difference,
    Grounds,
    Heading,
    LoadOrigin,
    canonical_files,
    first_difference,
)
from app.domain.named_file import NamedFile
from app.domain.statement import CostType, LineKey, StatementLine

GROUNDS = Grounds("p" * 64, (LoadOrigin("gcp", ("b" * 64,)), LoadOrigin("aws", ("d" * 64, "a" * 64))))
HEADING = Heading(
    date(2026, 3, 1),
    "effective_cost",
    1,
    GROUNDS,
    fx=({"quote": "USD", "base": "EUR", "numerator": "11", "denominator": "10"},),
    corrections=(Correction(date(2026, 2, 1), "c" * 64, Grounds(None, (LoadOrigin("aws", ("e" * 64,)),))),),
)


def a_line(exact: str, amount: str, *, team: str | None = "search", **fields: Any) -> StatementLine:
    key: dict[str, Any] = {
        "billing_currency": "USD",
        "invoice_issuer_name": "AWS",
        "invoice_id": None,
        "cost_type": CostType.DIRECT,
        "pool_id": None,
        "service_provider_name": "AWS",
        "service_name": "Amazon EC2",
        "unit": "Hours",
    }
    key |= {name: fields.pop(name) for name in list(fields) if name in LineKey.__dataclass_fields__}
    figures = {"share": None, "quantity": Decimal(1), "row_count": 3, "rows_without_value": 0, **fields}
    return StatementLine(LineKey(team_id=team, **key), exact_amount=Decimal(exact), amount=Decimal(amount), **figures)


LINES = [
    a_line("10.0150", "10.02"),
    a_line("0.333333333333", "0.33", cost_type=CostType.SHARED, pool_id="platform", share=Decimal("0.333333333333"),
           quantity=Decimal("1E+3")),
    a_line("-4", "-4.00", team=None, service_name='=SUM("a",1)', quantity=None, unit=None),
    a_line("0", "0", team='søk, "the" 🙂\nteam', invoice_id="INV-1"),
    a_line("-1.5", "-1.5", cost_type=CostType.ADJUSTMENT, adjusts_period=date(2026, 2, 1),
           adjusts_cost_type=CostType.DIRECT, row_count=0, id=71, adjusts_line_id=70, causes={"loads": {}}),
]  # fmt: skip

CSV = """\
billing_period_start,metric,billing_currency,invoice_issuer_name,invoice_id,team_id,cost_type,pool_id,\
service_provider_name,service_name,unit,adjusts_period,adjusts_cost_type,share,quantity,exact_amount,amount,row_count,\
rows_without_value
2026-03-01,"effective_cost","USD","AWS",,,"direct",,"AWS","'=SUM(""a"",1)",,,,,,-4,-4,3,0
2026-03-01,"effective_cost","USD","AWS",,"search","adjustment",,"AWS","Amazon EC2","Hours",2026-02-01,"direct",,1,\
-1.5,-1.5,0,0
2026-03-01,"effective_cost","USD","AWS",,"search","direct",,"AWS","Amazon EC2","Hours",,,,1,10.015,10.02,3,0
2026-03-01,"effective_cost","USD","AWS",,"search","shared","platform","AWS","Amazon EC2","Hours",,,0.333333333333,\
1000,0.333333333333,0.33,3,0
2026-03-01,"effective_cost","USD","AWS","INV-1","søk, ""the"" 🙂
team","direct",,"AWS","Amazon EC2","Hours",,,,1,0,0,3,0
"""
JSON_SHA256 = "d9c5506590dccc4c3335de1c629548d547864e1c8ac83d58bb5f80e84b85a613"


def test_the_bytes_are_those_of_the_first_release() -> None:
    """Whoever breaks this breaks the replay of every closed period: make a new form instead."""
    csv_file, json_file = canonical_files(HEADING, LINES)
    assert csv_file.content.decode() == CSV
    assert json_file.sha256 == JSON_SHA256


def test_the_json_names_what_the_statement_rests_on_and_the_csv() -> None:
    csv_file, json_file = canonical_files(HEADING, LINES)
    told = json.loads(json_file.content)
    lines = told.pop("lines")
    assert told == {
        "form": 1,
        "billing_period_start": "2026-03-01",
        "metric": "effective_cost",
        "allocation_version": 1,
        "policy_sha256": "p" * 64,
        "loads": [
            {"source": "aws", "deliveries": ["a" * 64, "d" * 64]},
            {"source": "gcp", "deliveries": ["b" * 64]},
        ],
        "fx": [{"base": "EUR", "denominator": "10", "numerator": "11", "quote": "USD"}],
        "corrects": [
            {
                "billing_period_start": "2026-02-01",
                "statement_sha256": "c" * 64,
                "policy_sha256": None,
                "loads": [{"source": "aws", "deliveries": ["e" * 64]}],
            }
        ],
        "csv_sha256": hashlib.sha256(csv_file.content).hexdigest(),
    }
    assert lines[2] == {
        "billing_currency": "USD",
        "invoice_issuer_name": "AWS",
        "invoice_id": None,
        "team_id": "search",
        "cost_type": "direct",
        "pool_id": None,
        "service_provider_name": "AWS",
        "service_name": "Amazon EC2",
        "unit": "Hours",
        "adjusts_period": None,
        "adjusts_cost_type": None,
        "share": None,
        "quantity": "1",
        "exact_amount": "10.015",
        "amount": "10.02",
        "row_count": 3,
        "rows_without_value": 0,
    }
    assert lines[0]["service_name"] == '=SUM("a",1)'  # JSON runs nothing, so it has the text as it is


def test_another_reader_finds_the_same_cells_in_the_csv() -> None:
    rows = list(csv.DictReader(io.StringIO(canonical_files(HEADING, LINES)[0].content.decode(), newline="")))
    assert [row["team_id"] for row in rows] == ["", "search", "search", "search", 'søk, "the" 🙂\nteam']
    assert sum(Decimal(row["exact_amount"]) for row in rows) == Decimal("4.848333333333")


@given(order=st.permutations(range(len(LINES))), ids=st.lists(st.integers(1, 99), min_size=5, max_size=5))
def test_neither_order_nor_ids_nor_written_zeros_change_a_byte(order: list[int], ids: list[int]) -> None:
    other = [
        replace(LINES[place], id=number, exact_amount=Decimal(f"{LINES[place].exact_amount:f}"), causes={"x": number})
        for place, number in zip(order, ids, strict=True)
    ]
    assert canonical_files(HEADING, other) == canonical_files(HEADING, LINES)


def test_lines_that_differ_in_a_figure_alone_keep_their_order() -> None:
    twins = [a_line("1", "1"), a_line("2", "2")]
    assert canonical_files(HEADING, twins) == canonical_files(HEADING, twins[::-1])


def test_the_first_line_that_differs_is_told() -> None:
    before, after = canonical_files(HEADING, LINES)[0], canonical_files(HEADING, LINES[1:])[0]
    assert first_difference(before, before) is None
    found = first_difference(before, after)
    assert found is not None
    assert (found.file, found.line) == ("canonical.csv", 4)
    assert found.stored is not None
    assert "10.015" in found.stored
    assert found.rebuilt is not None
    assert "platform" in found.rebuilt


def test_a_file_that_ends_early_or_is_missing_differs_where_it_ends() -> None:
    whole = NamedFile("x.csv", "text/csv", b"a\nb\n")
    cut = NamedFile("x.csv", "text/csv", b"a\n")
    assert first_difference(whole, cut) == Difference("x.csv", 2, "b", "")
    assert first_difference(NamedFile("x.csv", "text/csv", b"a"), whole) == Difference("x.csv", 2, None, "b")
