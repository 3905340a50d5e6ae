"""Whether one condition's charges are all among another's, as far as the conditions' form shows.

True is certain. False may mean that nobody can tell: two patterns are not compared.
"""

from collections.abc import Iterable

from app.domain.conditions import fits_glob, fits_regex
from app.domain.policy import AllOf, AnyOf, Condition, Glob, Not, OneOf, Present, Regex, Test


def implies(narrow: Condition, wide: Condition) -> bool:
    """Whether every charge that fulfils `narrow` fulfils `wide`."""
    if narrow == wide or is_certain(wide):
        return True
    # What must hold of every part comes before what need hold of one only.
    if isinstance(narrow, AnyOf):
        return all(implies(each, wide) for each in narrow.conditions)
    if isinstance(wide, AllOf):
        return all(implies(narrow, each) for each in wide.conditions)
    if isinstance(narrow, OneOf) and len(narrow.values) > 1:
        return all(implies(OneOf(narrow.field, frozenset({value})), wide) for value in narrow.values)
    if isinstance(narrow, AllOf):
        return any(implies(each, wide) for each in narrow.conditions) or _some(narrow, wide)
    return _some(narrow, wide) or _alone(narrow, wide)


def _some(narrow: Condition, wide: Condition) -> bool:
    return isinstance(wide, AnyOf) and any(implies(narrow, each) for each in wide.conditions)


def _alone(narrow: Condition, wide: Condition) -> bool:
    """Of two conditions that are a test or the opposite of something."""
    match narrow, wide:
        case Not(inner), Not(other):
            return implies(other, inner)
        case _, Not(other):
            return _excludes(narrow, other)
        case OneOf(field, values), OneOf() | Glob() | Regex() | Present():
            return wide.field == field and _fits(wide, values)
        case Glob(field, _) | Regex(field, _), Present(other_field, present):
            return present and field == other_field  # a pattern is only looked for where there is a value
        case _:
            return False


def _fits(test: Test, values: Iterable[str]) -> bool:
    """Whether all values, none of them empty, pass a test."""
    match test:
        case OneOf(_, accepted):
            return accepted.issuperset(values)
        case Glob(_, pattern):
            return all(fits_glob(pattern, values))
        case Regex(_, pattern):
            return all(fits_regex(pattern, values))
        case Present(_, present):
            return present


def _excludes(narrow: Condition, other: Condition) -> bool:
    """Whether no charge fulfils both."""
    match narrow, other:
        case _, AnyOf(conditions):
            return all(_excludes(narrow, each) for each in conditions)
        case OneOf(field, values), OneOf() | Glob() | Regex() | Present():
            return other.field == field and not any(_fits(other, [value]) for value in values)
        case Present(field, False), OneOf() | Glob() | Regex():
            return other.field == field
        case Present(field, present), Present(other_field, other_present):
            return field == other_field and present is not other_present
        case Glob(field, _) | Regex(field, _), Present(other_field, False):
            return field == other_field
        case _:
            return False


def is_certain(condition: Condition) -> bool:
    """Whether every charge fulfils the condition, as far as its form shows."""
    match condition:
        case AllOf(conditions):
            return all(is_certain(each) for each in conditions)
        case AnyOf(conditions):
            denied = {each.condition for each in conditions if isinstance(each, Not)}
            return any(is_certain(each) or (denied and each in denied) for each in conditions)
        case _:
            return False
