"""Labels and tags of every level as one flat JSON object.

A key that several levels have counts where it stands nearest to the resource: labels of the resource, then labels of
the project, then tags, then what Google says itself (system labels). Tags are called namespace/key, because two
organisations or projects may use the same key.
"""

import ibis
import ibis.expr.datatypes as dt
from ibis import Column, Table

from ingest.columns import to_json
from ingest.gcp.fields import Fields

NAMES = ("key", "value", "namespace")
_PREVIEW = ("Key", "Value", "x_Namespace")

_texts = dt.Array(dt.string)


@ibis.udf.scalar.builtin
def list_distinct(texts: _texts) -> _texts:  # type: ignore[valid-type]
    """The texts without those that are there before, or null."""


def with_tags(bill: Table) -> Table:
    """Rows of the standard or detailed export with `gcp_tags`, JSON or null, and `gcp_system`, their system labels."""
    fields = Fields(bill)
    levels = ("labels", "project.labels", "tags", "system_labels")
    return _merged(bill, *(fields.entries(each, NAMES) for each in levels))


def with_preview_tags(bill: Table) -> Table:
    """Rows of the FOCUS export with the same."""
    fields = Fields(bill)
    levels = ("x_Labels", "x_ProjectLabels", "x_Tags", "x_SystemLabels")
    return _merged(bill, *(fields.entries(each, _PREVIEW).map(_renamed) for each in levels))


def entry(entries: Column, key: str) -> Column:
    """The value under `key`, or null."""
    return entries.filter(lambda each: each["key"] == key)[0]["value"]


def _renamed(each: Column) -> Column:
    return ibis.struct(dict(zip(NAMES, (each[name] for name in _PREVIEW), strict=True)))


def _named_fully(each: Column) -> Column:
    namespace = each["namespace"].nullif("")
    key = ibis.cases((namespace.notnull(), namespace + "/" + each["key"]), else_=each["key"])
    return ibis.struct({"key": key, "value": each["value"], "namespace": namespace})


def _merged(bill: Table, labels: Column, project: Column, tags: Column, system: Column) -> Table:
    one = bill.mutate(gcp_system=system, gcp_labels=labels.concat(project, tags.map(_named_fully)))
    two = one.mutate(gcp_entries=one.gcp_labels.concat(one.gcp_system))
    three = two.mutate(gcp_keys=two.gcp_entries.map(lambda each: each["key"]))
    # Looking for each key among all is only worth its time where a key is there twice, or is null.
    first = three.gcp_entries.filter(
        lambda each, at: each["key"].nullif("").notnull() & (three.gcp_keys.index(each["key"]) == at)
    )
    merged = ibis.cases(
        (three.gcp_keys.length() == 0, ibis.null("string")),
        (list_distinct(three.gcp_keys).length() == three.gcp_keys.length(), _json(three.gcp_entries)),
        else_=_json(first),
    )
    return three.mutate(gcp_tags=merged).drop("gcp_labels", "gcp_entries", "gcp_keys")


def _json(entries: Column) -> Column:
    pairs = entries.map(
        lambda each: to_json(each["key"]) + ":" + ibis.coalesce(to_json(each["value"]), ibis.literal("null"))
    )
    return ibis.literal("{") + pairs.join(",") + "}"
