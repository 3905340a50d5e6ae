"""Split cost allocation data: the cost of an instance, shared among the pods and tasks that ran on it.

AWS adds a line item for the CPU, the memory and the accelerators of each pod or task and hour. They bill nothing;
their cost is a part of the amortised cost of the instance they name as their parent (Data Exports user guide,
"Understanding split cost allocation data"). So each takes its cost away from the parent, which keeps the remainder:
what is added on one side is subtracted on the other. A split row whose parent is not in the delivery carries no cost.

The row that results is the parent's in all dimensions but its tags, its meter and its usage, which are the pod's, as a
policy needs them (FOCUS 1.3 would have the parent's tags; the pod's are in AllocatedTags too).
"""

import ibis
from ibis import Column, Table

from ingest.aws.amounts import COST_COLUMNS, EXACT, exact, total
from ingest.aws.line_item import BILLED, COVERED, LIST, PLAN_COST, RESERVED, RESERVED_COST, USAGE, LineItems
from ingest.delivery import place
from ingest.engine.duckdb import POSITION, rows_of
from ingest.finding import Finding
from ingest.focus.lines import UNREADABLE

PARENT = "split_line_item_parent_resource_id"
_SPLIT = ("split_line_item_net_split_cost", "split_line_item_split_cost")
_UNUSED = ("split_line_item_net_unused_cost", "split_line_item_unused_cost")
_PUBLIC = "split_line_item_public_on_demand_split_cost"
_PUBLIC_UNUSED = "split_line_item_public_on_demand_unused_cost"
_USAGE, _RATIO = "split_line_item_split_usage", "split_line_item_split_usage_ratio"
METHOD = "AWS split cost allocation data"

# What the tables below add to the native columns.
_START, _PERIOD, _CURRENCY, _RESOURCE = "trueup_start", "trueup_period", "trueup_currency", "trueup_resource"
_KEY = (_RESOURCE, _START, _PERIOD, _CURRENCY)
_COST, _PLAIN = "trueup_cost", "trueup_plain"
_PARENT_PREFIX = "parent_"
_COSTS = {name: f"trueup_{name}" for name in COST_COLUMNS}


def has_splits(items: LineItems) -> bool:
    """Whether the delivery has split rows."""
    if not items.native.has(PARENT, *(name[-1] for name in (_SPLIT, _UNUSED))):
        return False
    splits = items.native.table.filter(_is_split(items))
    return bool(rows_of(splits.limit(1).aggregate(rows=ibis._.count()))[0]["rows"])


def _is_split(items: LineItems) -> Column:
    return items.native.said(PARENT).notnull()


class Splits:
    """The split rows of a delivery and the parents they take their cost from."""

    def __init__(self, items: LineItems) -> None:
        self._items = items
        self._splits = self._split_rows()
        self._parents = self._chosen_parents()
        pairs = self._splits.inner_join(
            self._parents.rename({f"{_PARENT_PREFIX}{name}": name for name in self._parents.columns}),
            [(self._splits[name], f"{_PARENT_PREFIX}{name}") for name in _KEY],
        )
        self._pairs = self._shared(pairs)

    @property
    def replaced(self) -> Table:
        """The positions of line items that `rows` and `remainders` stand for."""
        parents = self._pairs.select(**{POSITION: self._pairs[_PARENT_PREFIX + POSITION]}).distinct()
        return self._pairs.select(POSITION).union(parents)

    def rows(self) -> Table:
        """A row for each split row that has a parent."""
        pairs = self._pairs
        pod, parent = self._items.on(pairs), self._items.on(pairs, prefix=_PARENT_PREFIX)
        mine = pod.row()
        resource = pod.native.said("line_item_resource_id")
        own = exact(pod.native, *BILLED).value.fill_null(0)  # zero, as far as anyone has seen
        return pairs.select(
            **{
                **parent.row(),
                **{name: (pairs[column] + own).cast(EXACT) for name, column in _COSTS.items()},
                "PricingQuantity": pod.amounts.null,
                "PricingUnit": ibis.null("string"),
                "ConsumedQuantity": pod.amounts.passed(pod.native, _USAGE),
                "ConsumedUnit": mine["ConsumedUnit"],
                "CommitmentDiscountQuantity": pod.amounts.null,
                "ChargeDescription": mine["ChargeDescription"],
                "SkuMeter": mine["SkuMeter"],
                "Tags": mine["Tags"],
                "AllocatedTags": mine["Tags"],
                "AllocatedMethodId": ibis.literal(METHOD),
                "AllocatedMethodDetails": self._details(pod),
                "AllocatedResourceId": resource,
                "AllocatedResourceName": _short_name(resource),
                **{name: mine[name] for name in mine if name.startswith("x_")},
                UNREADABLE: ibis.null("string"),
                **place(pairs),
            }
        )

    def remainders(self) -> Table:
        """The parents, each with what its split rows leave of its costs."""
        taken = self._pairs.aggregate(
            by=[self._pairs[_PARENT_PREFIX + POSITION].name(POSITION)],
            **{column: self._pairs[column].sum().cast(EXACT) for column in _COSTS.values()},
        )
        rows = self._items.on(self._items.native.table.inner_join(taken, POSITION))
        own = _costs(rows)
        return rows.native.table.select(
            **{
                **rows.row(),
                **{name: (own[name] - rows.native.own(column)).cast(EXACT) for name, column in _COSTS.items()},
                UNREADABLE: ibis.null("string"),
                **place(rows.native.table),
            }
        )

    def note(self) -> Finding | None:
        """What to tell the reader about split rows without a parent."""
        all_rows = self._items.native.table.filter(_is_split(self._items))
        orphans = all_rows.anti_join(self._pairs, POSITION)
        named = self._items.native.on(orphans).text(PARENT)
        (found,) = rows_of(orphans.aggregate(rows=orphans.count(), example=named.min()))
        if not found["rows"]:
            return None
        return Finding(
            rule="split-without-parent",
            column=PARENT,
            message="names an instance that is not in the delivery, or its split cost cannot be read; the row carries"
            " no cost, because the row of the instance has it",
            rows=found["rows"],
            example=found["example"],
        )

    def _split_rows(self) -> Table:
        items = self._items
        splits = items.on(items.native.table.filter(_is_split(items)))
        cost = total(exact(splits.native, *_SPLIT), exact(splits.native, *_UNUSED))
        keyed = splits.native.table.mutate(**{_COST: cost.value, **_key(splits, splits.native.said(PARENT))})
        own = exact(splits.native, *BILLED)
        return keyed.filter(keyed[_COST].notnull() & ~own.unreadable)

    def _chosen_parents(self) -> Table:
        """For each instance and hour the line item that its split rows share.

        An hour can have two, one covered by a plan and one not: the larger one is shared and may fall below zero, so
        that the two together are what is left.
        """
        items = self._items
        named = self._splits.select(_RESOURCE).distinct()
        usage = items.native.table.filter(items.kind.isin(USAGE) & ~_is_split(items))
        resource = items.native.on(usage).text("line_item_resource_id")
        candidates = items.on(usage.semi_join(named, [(resource, named[_RESOURCE])]))
        costs = _costs(candidates)
        keyed = candidates.native.table.mutate(
            **_key(candidates, candidates.native.text("line_item_resource_id")),
            trueup_runs=candidates.native.text("line_item_operation")
            .startswith("RunInstances")
            .fill_null(ibis.literal(value=False)),
            **{_COST: costs["EffectiveCost"], _PLAIN: candidates.kind == "Usage"},
        )
        readable = keyed.filter(ibis.and_(*(costs[name].notnull() for name in COST_COLUMNS)))
        first = ibis.row_number().over(
            group_by=list(_KEY),
            order_by=[ibis.desc(readable.trueup_runs), ibis.desc(readable[_COST]), readable[POSITION]],
        )
        ranked = readable.mutate(trueup_rank=first)
        return ranked.filter(ranked.trueup_rank == 0).drop("trueup_rank", "trueup_runs")

    def _shared(self, pairs: Table) -> Table:
        """What each split row takes of its parent's costs."""
        plain, cost = pairs[_PARENT_PREFIX + _PLAIN], pairs[_COST]
        zero = ibis.literal(0).cast(EXACT)
        native = self._items.native.on(pairs)
        listed = total(exact(native, _PUBLIC), exact(native, _PUBLIC_UNUSED))
        list_cost = ibis.coalesce(listed.value, cost)
        taken = {
            # Usage that a commitment covers bills nothing, so there is nothing billed to share.
            "BilledCost": ibis.cases((plain, cost), else_=zero),
            "EffectiveCost": cost,
            "ListCost": list_cost,
            "ContractedCost": ibis.cases((plain, cost), else_=list_cost),
        }
        return pairs.mutate(**{_COSTS[name]: value.cast(EXACT) for name, value in taken.items()})

    def _details(self, pod: LineItems) -> Column:
        """AllocatedMethodDetails, as FOCUS 1.3 has them."""
        members = [
            _member("AllocatedRatio", exact(pod.native, _RATIO).value.cast("string")),
            _member("UsageUnit", pod.native.said("pricing_unit"), quoted=True),
            _member("UsageQuantity", exact(pod.native, _USAGE).value.cast("string")),
        ]
        return ibis.literal('{"Elements":[{') + ibis.literal(",").join(members) + "}]}"


def _member(name: str, value: Column, *, quoted: bool = False) -> Column:
    text = value.replace('"', "") if quoted else value.re_replace(r"\.?0+$", "")
    mark = '"' if quoted else ""
    return ibis.literal(f'"{name}":{mark}') + text + mark


def _key(items: LineItems, resource: Column) -> dict[str, Column]:
    native = items.native
    return {
        _RESOURCE: resource,
        _START: native.column("line_item_usage_start_date"),
        _PERIOD: native.column("bill_billing_period_start_date"),
        _CURRENCY: native.text("line_item_currency_code"),
    }


def _costs(parents: LineItems) -> dict[str, Column]:
    """The four costs of usage, in exact decimals: what `LineItems` passes on."""
    native = parents.native
    billed, listed = exact(native, *BILLED), exact(native, LIST, *BILLED)
    planned, reserved_cost = exact(native, *PLAN_COST), exact(native, *RESERVED_COST)
    covered, reserved = parents.kind == COVERED, parents.kind == RESERVED
    zero = ibis.literal(0).cast(EXACT)
    return {
        "BilledCost": ibis.cases((covered & ~billed.unreadable, zero), else_=billed.value),
        "EffectiveCost": ibis.cases((covered, planned.value), (reserved, reserved_cost.value), else_=billed.value),
        "ListCost": listed.value,
        "ContractedCost": ibis.cases((reserved, listed.value), else_=billed.value),
    }


def _short_name(resource: Column) -> Column:
    """The pod in an ARN that ends in pod/CLUSTER/NAMESPACE/POD/UID, the task in one that ends in task/CLUSTER/TASK."""
    pod = resource.re_extract(r":pod/[^/]+/[^/]+/([^/]+)", 1).nullif("")
    return ibis.coalesce(pod, resource.re_extract(r"([^/]+)$", 1).nullif(""))
