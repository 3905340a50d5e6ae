"""The charge keys as columns, which is how conditions read them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from app.domain.policy import Column, Field

Flags = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]
Indices = npt.NDArray[np.intp]


class KeyColumns(Protocol):
    """The charge keys, column by column and in one order."""

    @property
    def size(self) -> int: ...
    def values(self, field: Field) -> Sequence[str | None]: ...


@dataclass(frozen=True)
class InMemoryKeys:
    """Charge keys held as dicts of columns, with the tags as a dict under "tags"."""

    rows: Sequence[Mapping[str, str | Mapping[str, str] | None]]

    @property
    def size(self) -> int:
        return len(self.rows)

    def values(self, field: Field) -> Sequence[str | None]:
        if isinstance(field, Column):
            return [_text(row.get(field.name)) for row in self.rows]
        return [tags.get(field.key) if isinstance(tags := row.get("tags"), Mapping) else None for row in self.rows]


def _text(value: str | Mapping[str, str] | None) -> str | None:
    return value if isinstance(value, str) else None


NO_VALUE = 0  # the code of None and of an empty text


class CodedColumn:
    """A column as codes into its distinct values, so that a test runs once per value and not once per key."""

    def __init__(self, values: Sequence[str | None]) -> None:
        distinct = [value for value in dict.fromkeys(values) if value]
        self._code: dict[str | None, int] = {value: index for index, value in enumerate(distinct, start=NO_VALUE + 1)}
        self._code |= {None: NO_VALUE, "": NO_VALUE}
        self._values = np.array([None, *distinct], dtype=object)
        self._codes = np.fromiter(map(self._code.__getitem__, values), dtype=np.intp, count=len(values))

    def values(self, keys: Indices) -> Objects:
        """The value of each of `keys`; None where it has none."""
        return self._values[self._codes[keys]]

    def present(self, keys: Indices) -> Indices:
        """Those of `keys` that have a value."""
        has_value: Flags = self._codes[keys] != NO_VALUE
        return keys[has_value]

    def one_of(self, accepted: frozenset[str], keys: Indices) -> Indices:
        """Those of `keys` whose value is among `accepted`."""
        passes = np.zeros(self._values.size, dtype=bool)
        passes[[self._code[value] for value in accepted if value in self._code]] = True
        return keys[passes[self._codes[keys]]]

    def passing(self, test: Callable[[list[str]], Sequence[bool]], keys: Indices) -> Indices:
        """Those of `keys` whose value passes `test`, which gets the distinct values of `keys`."""
        codes = self._codes[keys]
        occurring = np.flatnonzero(np.bincount(codes, minlength=self._values.size)[1:]) + 1
        passes = np.zeros(self._values.size, dtype=bool)
        passes[occurring] = test(self._values[occurring].tolist())
        return keys[passes[codes]]


class CodedColumns:
    """The columns of charge keys, each coded when it is first asked for."""

    def __init__(self, keys: KeyColumns) -> None:
        self.size = keys.size
        self._keys = keys
        self._coded: dict[Field, CodedColumn] = {}

    def __getitem__(self, field: Field) -> CodedColumn:
        if field not in self._coded:
            self._coded[field] = CodedColumn(self._keys.values(field))
        return self._coded[field]
