"""Where a project stands among the folders of its organisation.

Source: Google Cloud, "Structure of detailed data export": project.ancestors runs from the project up to its
organisation, as it was at the time of usage.
"""

import ibis
import ibis.expr.datatypes as dt
from ibis import Column, Table

from ingest.gcp.fields import Fields

_texts = dt.Array(dt.string)


@ibis.udf.scalar.builtin
def list_reverse(texts: _texts) -> _texts:  # type: ignore[valid-type]
    """The texts, last first."""


def with_ancestry(bill: Table, *, focus: bool = False) -> Table:
    """Rows with `gcp_ancestry`, organizations/1/folders/2, and `gcp_folders`, the same by name: acme.com/Research."""
    fields = Fields(bill)
    resource, display, path, numbers = (
        ("ResourceName", "DisplayName", "x_Project.Ancestors", "x_Project.AncestryNumbers")
        if focus
        else ("resource_name", "display_name", "project.ancestors", "project.ancestry_numbers")
    )
    every = fields.entries(path, (resource, display))
    one = bill.mutate(gcp_above=every.filter(lambda each: ~each[resource].fill_null("").startswith("projects/")))
    two = one.mutate(
        gcp_ids=one.gcp_above.map(lambda each: each[resource]),
        gcp_names=one.gcp_above.map(lambda each: ibis.coalesce(each[display].nullif(""), each[resource])),
    )
    downwards = two.gcp_ids[0].startswith("organizations/")
    three = two.mutate(
        gcp_ancestry=ibis.coalesce(_path(two.gcp_ids, downwards), fields.text(numbers)),
        gcp_folders=_path(two.gcp_names, downwards),
    )
    return three.drop("gcp_above", "gcp_ids", "gcp_names")


def _path(steps: Column, downwards: Column) -> Column:
    return ibis.cases((downwards, steps), else_=list_reverse(steps)).join("/").nullif("")
