"""FOCUS as we write it: versions, and how it spells our columns."""

from enum import StrEnum

# FOCUS 1.2 to 1.4, column SkuPriceDetails: the properties that FOCUS itself names and that are numbers.
NUMBER_PROPERTIES = (
    "CoreCount",
    "DiskMaxIops",
    "DiskSpace",
    "GpuCount",
    "MemorySize",
    "NetworkMaxIops",
    "NetworkMaxThroughput",
)


class FocusVersion(StrEnum):
    """The versions of FOCUS in which allocated cost is written."""

    V1_2 = "1.2"
    V1_3 = "1.3"


def pascal(name: str) -> str:
    """Our name of a FOCUS column as FOCUS writes it: `billed_cost` is `BilledCost`."""
    return "".join(word.capitalize() for word in name.split("_"))
