"""A vendor's rows as FOCUS rows, as a mapping says. Numbers stay text here and are read exactly further on."""

import re
from functools import reduce
from operator import or_

import ibis
from ibis import Column, Table

from ingest.columns import json_object
from ingest.delivery import place
from ingest.focus.cells import instant, present, text_cell, try_strptime
from ingest.focus.lines import UNREADABLE
from ingest.focus.spec import mandatory
from ingest.mapped.document import INSTANTS, REQUIRED, is_number
from ingest.mapped.mapping import Constant, FromColumn, Mapping, Object, SameAs, Source, Template

ISO = "%Y-%m-%dT%H:%M:%S.%f"


def focus_rows(bill: Table, mapping: Mapping) -> Table:
    """The FOCUS rows of a vendor's table.

    What the mapping does not say follows from what it says: a charge ends with the UTC day it starts on, and is billed
    in the month it starts in. Other mandatory columns are null.
    """
    charges = bill.filter(~left_out(bill, mapping)) if mapping.leave_out else bill
    named = {name: source for name, source in mapping.columns.items() if not isinstance(source, SameAs)}
    made = charges.select(
        **{name: _made(charges, name, source) for name, source in named.items()},
        **place(charges),
        **{UNREADABLE: _unreadable(charges, mapping)},
    )
    for name, source in mapping.columns.items():
        if isinstance(source, SameAs):
            made = made.mutate(**{name: made[_origin(mapping, source.name)]})
    return _completed(made)


def left_out(bill: Table, mapping: Mapping) -> Column:
    """Whether a row is none that the mapping wants, such as a line of totals."""
    said = [text_cell(bill, each.column).fill_null("").strip().isin(each.values) for each in mapping.leave_out]
    return reduce(or_, said)


def _origin(mapping: Mapping, name: str) -> str:
    source = mapping.columns[name]
    return _origin(mapping, source.name) if isinstance(source, SameAs) else name


def _made(bill: Table, name: str, source: Source) -> Column:
    match source:
        case Constant(text=text):
            return ibis.literal(text)
        case Template():
            return _filled(bill, source)
        case Object(columns=columns):
            return json_object({key: present(text_cell(bill, column)) for key, column in columns.items()})
        case FromColumn() if name in INSTANTS:
            return _instant(bill, source)
        case FromColumn() if is_number(name):
            return _number(bill, source)
        case FromColumn():
            return _text(bill, source)
        case _:
            raise AssertionError(source)


def _filled(bill: Table, template: Template) -> Column:
    pieces = [
        ibis.literal(literal) + (text_cell(bill, column).strip().fill_null("") if column else "")
        for literal, column in template.pieces
    ]
    return ibis.literal("").join(pieces).strip().nullif("")


def _text(bill: Table, source: FromColumn) -> Column:
    text = text_cell(bill, source.column)
    if not source.values and source.otherwise is None:
        return text
    tidy = present(text)
    otherwise = tidy if source.otherwise is None else ibis.literal(source.otherwise)
    if not source.values:
        return tidy.fill_null(source.otherwise)
    return ibis.cases(*((tidy == said, ibis.literal(meant)) for said, meant in source.values.items()), else_=otherwise)


def _number(bill: Table, source: FromColumn) -> Column:
    plain = FromColumn(source.column)
    if source == plain:
        return bill[source.column]  # typed or text, it is read as any FOCUS number is
    text = present(text_cell(bill, source.column))
    for mark in source.remove:
        text = text.replace(mark, "")
    text = text.strip()
    written = _written(source)
    digits = text.replace(source.thousands, "") if source.thousands else text
    digits = digits.replace(source.decimal, ".") if source.decimal != "." else digits
    # What is not written as the mapping says stays as it is, and is then no number.
    spelled = ibis.cases((text.re_search(written), digits), else_=ibis.literal("?") + text)
    bracketed = spelled.re_search(r"^\(.*\)$")
    signed = ibis.cases((bracketed, ibis.literal("-") + spelled.replace("(", "").replace(")", "")), else_=spelled)
    trailing = signed.re_search(r"^[0-9.]+-$")
    signed = ibis.cases((trailing, ibis.literal("-") + signed.replace("-", "")), else_=signed)
    if source.negate:
        minus, plus = signed.startswith("-"), signed.startswith("+")
        signed = ibis.cases(
            (minus, signed.substr(1)), (plus, ibis.literal("-") + signed.substr(1)), else_=ibis.literal("-") + signed
        )
    return signed + f"e{source.shift}" if source.shift else signed


def _written(source: FromColumn) -> str:
    """The pattern of a number as the mapping says it is written: groups have three digits, or there are none."""
    point, group = re.escape(source.decimal), re.escape(source.thousands)
    whole = f"([0-9]{{1,3}}({group}[0-9]{{3}})+|[0-9]*)" if group else "[0-9]*"
    number = f"{whole}({point}[0-9]*)?"
    exponent = "" if group or source.shift else "([eE][+-]?[0-9]+)?"
    return f"^([+-]?{number}{exponent}|{number}-|\\({number}\\))$"


def _instant(bill: Table, source: FromColumn) -> Column:
    if source.formats:
        text = present(text_cell(bill, source.column))
        value = try_strptime(text, list(source.formats))
    else:
        value = instant(bill[source.column])
    return value + ibis.interval(days=1) if source.inclusive else value


def _unreadable(bill: Table, mapping: Mapping) -> Column:
    """The column of the file that keeps a row from being booked: a date that is not written as the mapping says."""
    dates = [
        (text_cell(bill, source.column).notnull() & _instant(bill, source).isnull(), ibis.literal(source.column))
        for name, source in mapping.columns.items()
        if name in {"ChargePeriodStart", "BillingPeriodStart"} and isinstance(source, FromColumn)
    ]
    return ibis.cases(*dates) if dates else ibis.null("string")


def _completed(made: Table) -> Table:
    start = instant(made["ChargePeriodStart"])
    if "ChargePeriodEnd" not in made.columns:
        made = made.mutate(ChargePeriodEnd=start.truncate("D") + ibis.interval(days=1))
    month = (instant(made["BillingPeriodStart"]) if "BillingPeriodStart" in made.columns else start).truncate("M")
    made = made.mutate(BillingPeriodStart=month)
    if "BillingPeriodEnd" not in made.columns:
        made = made.mutate(BillingPeriodEnd=month + ibis.interval(months=1))
    rest = [name for name in mandatory("1.2") if name not in made.columns and name not in REQUIRED]
    # Before FOCUS 1.3 the service provider was called ProviderName; one of the two is there.
    rest = [name for name in rest if name != "ProviderName"]
    return made.mutate(**{name: ibis.null("string") for name in rest})
