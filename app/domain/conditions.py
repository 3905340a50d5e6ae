"""Which charge keys fulfil a condition.

A test looks once at each distinct value that still matters; numpy carries the verdicts to the keys.
"""

import fnmatch
import re
from collections.abc import Iterable
from functools import partial

import numpy as np

from app.domain.key_columns import CodedColumn, CodedColumns, Indices
from app.domain.policy import AllOf, AnyOf, Condition, Glob, Not, OneOf, Present, Regex, Test


def fulfilling(condition: Condition, columns: CodedColumns, keys: Indices) -> Indices:
    """Those of `keys` that fulfil `condition`, in the order given."""
    match condition:
        case AllOf(conditions):
            for each in conditions:
                keys = fulfilling(each, columns, keys)
            return keys
        case AnyOf(conditions):
            left = keys
            for each in conditions:
                left = without(left, fulfilling(each, columns, left))
            return without(keys, left)
        case Not(inner):
            return without(keys, fulfilling(inner, columns, keys))
        case _:
            return _passing(condition, columns[condition.field], keys)


def without(keys: Indices, gone: Indices) -> Indices:
    """`keys` less those in `gone`, in the order given."""
    return np.setdiff1d(keys, gone, assume_unique=True)


def _passing(test: Test, column: CodedColumn, keys: Indices) -> Indices:
    match test:
        case OneOf(_, values):
            return column.one_of(values, keys)
        case Present(_, present):
            having = column.present(keys)
            return having if present else without(keys, having)
        case Glob(_, pattern):
            return column.passing(partial(fits_glob, pattern), keys)
        case Regex(_, pattern):
            return column.passing(partial(fits_regex, pattern), keys)


def fits_glob(pattern: str, values: Iterable[str]) -> list[bool]:
    """Whether each value as a whole fits a shell pattern, upper and lower case told apart."""
    fits = re.compile(fnmatch.translate(pattern)).match
    # Most values lack the pattern's longest plain part, and looking for that is ten times faster than matching.
    stem = max(re.split(r"\[.*|[*?]", pattern, flags=re.DOTALL), key=len)
    return [stem in value and fits(value) is not None for value in values]


def fits_regex(pattern: str, values: Iterable[str]) -> list[bool]:
    """Whether the regular expression is found somewhere in each value."""
    search = re.compile(pattern).search
    return [search(value) is not None for value in values]
