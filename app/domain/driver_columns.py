"""What a quantity that somebody hands over is made of: the names of its columns and dimensions."""

from collections.abc import Mapping

REQUIRED = ("day", "name", "unit", "quantity")
PROVIDER = "service_provider_name"
LONGEST = 200  # characters of a name, a unit, a key or a dimension
# What Trueup says of every quantity itself; a dimension of that name could never be asked for.
_TAKEN = frozenset({*REQUIRED, PROVIDER, "source", "key"})
_PLAIN = {name.replace("_", ""): name for name in (*REQUIRED, PROVIDER)}


def column_name(header: str) -> str:
    """What a column is called here: `Service Provider Name` is ours, `Cost Center` the dimension `cost_center`."""
    folded = header.strip().casefold()
    return _PLAIN.get(folded.replace("_", "").replace(" ", ""), "_".join(folded.split()))


def dimension_problem(name: str) -> str | None:
    """What is wrong with the name of a dimension, in words that go on from it; None where nothing is."""
    if not name:
        return "has no name"
    if name in _TAKEN:
        return "is a name that Trueup needs for itself; rename the dimension"
    if len(name) > LONGEST:
        return f"has a name of more than {LONGEST} characters"
    return None


def said(dimensions: Mapping[str, str | None]) -> dict[str, str]:
    """The dimensions that say something, in order of their names."""
    return {name: value for name, value in sorted(dimensions.items()) if value}
