"""Azure's own cost details: the actual and the amortized cost of the same days, together."""

from ingest.azure.cost_details import open_cost_details
from ingest.delivery import OpenDelivery
from ingest.kind import Kind, Opening


def open_native(opening: Opening) -> OpenDelivery:
    """Opens a pair of files, or of folders of files; one alone where there is nothing to amortize.

    Which file is which half is told by its rows and its name. Raises BadInput as `open_cost_details` does.
    """
    return open_cost_details(opening, opening.files, {})


KIND = Kind(
    "azure-native",
    "Azure cost details: actual and amortized cost, together",
    open_native,
    trailing_months=2,  # a month is final about five days after its end; credits and refunds come later
)
