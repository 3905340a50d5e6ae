"""A mapping file with mistakes is refused with all of them, by line."""

import pytest

from app.errors import BadInput
from ingest.mapped.document import parse_mapping


def problems(text: str) -> list[str]:
    with pytest.raises(BadInput) as refused:
        parse_mapping(text)
    return [line.strip() for line in str(refused.value).splitlines()[1:]]


def test_what_is_missing_is_listed() -> None:
    text = "format: 1\ndefaults: {BillingCurrency: USD, ProviderName: Vendor}\ncolumns:\n  BilledCost: amount\n"
    (told,) = problems(text)
    assert told == (
        "line 4: nothing is said of EffectiveCost, BillingAccountId, ChargeCategory, ChargePeriodStart,"
        " InvoiceIssuerName, ServiceCategory, ServiceName, without which no charge can be booked; add each under"
        " `columns` or `defaults`"
    )


WHOLE = """\
format: 1
defaults: {BillingCurrency: USD, BillingAccountId: a, ChargeCategory: Usage, InvoiceIssuerName: V, ServiceName: S,
  ServiceProviderName: V, ServiceCategory: Compute}
columns:
  BilledCost: amount
  EffectiveCost: amount
  ChargePeriodStart: day
"""


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("BiledCost: amount", "FOCUS has no column `BiledCost`; did you mean `BilledCost`?"),
        ("SkuId: {}", "`SkuId` needs exactly one of column, columns, template, same_as, value; it has none"),
        ("SkuId: {same_as: Foo}", "`SkuId` is the same as `Foo`, which the mapping does not have"),
        ("SkuId: {same_as: SkuId}", "`SkuId` is the same as itself"),
        (
            "SkuId: {template: '{a'}",
            "the template of `SkuId` has a brace too many or too few; write columns as {column}",
        ),
        ("SkuId: {column: a, negate: true}", "`negate` has no meaning for SkuId; use values, otherwise"),
        ("ListCost: {column: a, format: x}", "`format` has no meaning for ListCost; use decimal, thousands, remove,"),
        ("ChargePeriodEnd: {column: a, format: x}", "the format of ChargePeriodEnd names no part of a date"),
        ("ListCost: {column: a, shift: two}", "`shift` must be a whole number from -30 to 30, not `two`"),
        ("ListCost: {column: a, decimal: x}", "`decimal` must be one of . , ' or a blank, in quotes"),
        ("SkuId: {value: a, values: {b: c}}", "`values` goes with `column`; `SkuId` is made of `value`"),
    ],
)
def test_a_mistake_is_told_with_its_line(line: str, problem: str) -> None:
    told = [each for each in problems(f"{WHOLE}  {line}\n") if problem in each]
    assert len(told) == 1
    assert told[0].startswith(("line 8: ", "line 5: "))  # `columns` start on line 5


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("format: 2", "`format` must be 1"),
        ("delimiter: ';;'", "`delimiter` must be a single character, or `tab`"),
        ("encoding: klingon", "there is no encoding called `klingon`"),
        ("colums: {}", "the mapping cannot have `colums`; did you mean `columns`?"),
    ],
)
def test_so_is_one_about_the_file(line: str, problem: str) -> None:
    text = WHOLE.replace("format: 1", line) if line.startswith("format") else f"{WHOLE}{line}\n"
    assert any(problem in each for each in problems(text))


def test_no_yaml_is_told_with_its_line() -> None:
    assert problems("format: 1\ncolumns: [\n")[0].startswith("line 3: this is not YAML")
