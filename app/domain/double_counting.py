"""Vendors whose cost comes in through two doors: on another's bill (a marketplace), and from a source of their own."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.domain.money import total

_SIGNS = re.compile(r"[^0-9a-z]+")
# What a company is, which a bill may or may not write: "Anthropic, PBC" publishes what "Anthropic" bills.
_FORMS = frozenset(
    {"ag", "bv", "co", "corp", "corporation", "gmbh", "inc", "limited", "llc", "ltd", "opco", "pbc", "sarl"}
)
_SAME = {"amazon web services": "aws", "amazon": "aws", "google cloud": "google", "google cloud platform": "google"}


@dataclass(frozen=True)
class VendorCost:
    """Live charges of a source in a billing month, by who provided, published and invoiced them."""

    source: str
    kept_apart: bool  # it is set to hold other charges than the source that bills the same
    service_provider_name: str | None
    publisher_name: str | None
    invoice_issuer_name: str | None
    service_name: str | None
    billing_currency: str
    billed_cost: Decimal | None
    effective_cost: Decimal | None
    rows: int


class Door(StrEnum):
    """The way that a vendor's cost comes in."""

    OWN = "own"  # a source of the vendor itself
    RESOLD = "resold"  # a source that is mostly another's bill


@dataclass(frozen=True)
class DoorCost:
    """What a source holds of a vendor in one currency."""

    source: str
    door: Door
    billing_currency: str
    billed_cost: Decimal | None
    effective_cost: Decimal | None
    services: tuple[str, ...]


@dataclass(frozen=True)
class TwoDoors:
    """A vendor that comes in through both. `settled`: its own sources are set to hold other charges."""

    vendor: str
    settled: bool
    doors: tuple[DoorCost, ...]
    advice: str


def plain_vendor(name: str | None) -> str:
    """A vendor's name in small letters, without signs and the form of the company."""
    words = [word for word in _SIGNS.split((name or "").casefold()) if word and word not in _FORMS]
    plain = " ".join(words)
    return _SAME.get(plain, plain)


def two_doors(costs: Iterable[VendorCost]) -> tuple[TwoDoors, ...]:
    """The vendors of a month that come in through two doors, by name.

    A source is a vendor's own when most of its rows name that vendor as provider or issuer. Of any other source, what
    names the vendor as provider or publisher is resold.
    """
    by_source: dict[str, list[VendorCost]] = {}
    for each in costs:
        by_source.setdefault(each.source, []).append(each)
    owners = {source: _owners(found) for source, found in by_source.items()}
    vendors = {plain: name for found in owners.values() for plain, name in found.items()}
    found = []
    for plain in sorted(vendors):
        own = [each for source, parts in by_source.items() if plain in owners[source] for each in parts]
        rest = [each for source, parts in by_source.items() if plain not in owners[source] for each in parts]
        resold = [
            each for each in rest if plain in map(plain_vendor, (each.service_provider_name, each.publisher_name))
        ]
        if own and resold:
            found.append(_two_doors(vendors[plain], own, resold))
    return tuple(found)


def _owners(costs: Sequence[VendorCost]) -> dict[str, str]:
    """Whose bill a source mostly is, by plain name: its main provider and its main issuer."""
    found: dict[str, str] = {}
    for name in ("invoice_issuer_name", "service_provider_name"):
        rows: dict[str, int] = {}
        for each in costs:
            rows[getattr(each, name) or ""] = rows.get(getattr(each, name) or "", 0) + each.rows
        main = max(sorted(rows), key=lambda each: rows[each])
        if main:
            found[plain_vendor(main)] = main
    return found


def _two_doors(vendor: str, own: Sequence[VendorCost], resold: Sequence[VendorCost]) -> TwoDoors:
    doors = (*_doors(own, Door.OWN), *_doors(resold, Door.RESOLD))
    settled = all(each.kept_apart for each in own)
    return TwoDoors(vendor, settled, doors, _advice(vendor, own, resold, settled=settled))


def _doors(costs: Sequence[VendorCost], door: Door) -> list[DoorCost]:
    found = []
    for source, currency in sorted({(each.source, each.billing_currency) for each in costs}):
        mine = [each for each in costs if (each.source, each.billing_currency) == (source, currency)]
        services = tuple(sorted({each.service_name for each in mine if each.service_name}))
        billed, effective = _sum(each.billed_cost for each in mine), _sum(each.effective_cost for each in mine)
        found.append(DoorCost(source, door, currency, billed, effective, services))
    return found


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [each for each in amounts if each is not None]
    return total(known) if known else None


def _advice(vendor: str, own: Sequence[VendorCost], resold: Sequence[VendorCost], *, settled: bool) -> str:
    ours = sorted({each.source for each in own})
    theirs = " and ".join(sorted({each.source for each in resold}))
    if settled:
        return f"Both count: {' and '.join(ours)} is set to hold other charges than {theirs}."
    name = ours[0]
    return (
        f"If {theirs} bills what {' and '.join(ours)} tells of too, it counts twice: `trueup sources set {name}"
        f" --billed-elsewhere` keeps its quantities and books no cost from its next delivery on. If they are different"
        f" purchases (models through a cloud's own service, say, beside {vendor}'s API), say so:"
        f" `trueup sources set {name} --allow-overlap`."
    )
