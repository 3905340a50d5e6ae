"""A catalogue, from YAML text: the packaged one, and a file of one's own that goes before it."""

from collections.abc import Mapping
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import yaml

from app.domain.gpu.catalogue import Accelerator, Catalogue, GpuInstance, ListPrice, ValueSource
from app.domain.policy import PolicyProblem
from app.domain.policy_yaml.nodes import load
from app.domain.policy_yaml.reader import Fields, YamlReader
from app.errors import BadInput

_TOP = ("sources", "accelerators", "instances")
_VALUES = tuple(each.name for each in fields(Accelerator) if each.default is None)
_NAMES = ("driver_names", "billed_as")
_ACCELERATOR = ("name", "vendor", "architecture", "kind", *_NAMES, *_VALUES)
_INSTANCE = ("provider", "name", "accelerator", "accelerators", "prices")
_PRICE = ("region", "usd_per_hour", "source", "from", "to", "unsure")
_KINDS = ("gpu", "tpu", "neuron")
EMPTY = Catalogue((), ())


def packaged_catalogue(text: str) -> Catalogue:
    """The catalogue in the YAML `text` that comes with us."""
    # It is known to be sound, so that it need not be read as warily, and ten times as long, as what people hand over.
    root = yaml.compose(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    assert root is not None
    return _read(root, "the packaged catalogue", EMPTY)


def catalogue_of(text: str, name: str, *, base: Catalogue = EMPTY) -> Catalogue:
    """The catalogue in the YAML `text` called `name`, on top of `base`.

    What it says of an accelerator or an instance type goes before what `base` says; what it leaves out stays. Raises
    BadInput with everything that is wrong in it, by line.
    """
    root = load(text)
    if isinstance(root, PolicyProblem):
        raise _refusal(name, [root])
    return _read(root, name, base)


def _read(root: yaml.Node, name: str, base: Catalogue) -> Catalogue:
    reading = _Reading(YamlReader(), base)
    found = reading.catalogue(root)
    if reading.reader.problems:
        raise _refusal(name, reading.reader.problems)
    return found


def _refusal(name: str, problems: list[PolicyProblem]) -> BadInput:
    return BadInput("\n  ".join([f"{name} is no catalogue of GPUs:", *map(str, sorted(set(problems)))]))


class _Reading:
    """One document being read, on top of `base`."""

    def __init__(self, reader: YamlReader, base: Catalogue) -> None:
        self.reader, self.base = reader, base
        self.sources: dict[str, str] = {}

    def catalogue(self, root: yaml.Node) -> Catalogue:
        read = self.reader
        top = read.fields(root, "the catalogue", known=_TOP)
        if "sources" in top:
            entries = read.entries(top["sources"], "`sources`")
            self.sources = {key: read.text(node, f"source `{key}`") or "" for key, (_, node) in entries.items()}
        gpus = {each.name: each for each in self.base.accelerators}
        for node in read.items(top.get("accelerators"), "`accelerators`"):
            if gpu := self._accelerator(node, gpus):
                gpus[gpu.name] = gpu
        machines = {each.name: each for each in self.base.instances}
        for node in read.items(top.get("instances"), "`instances`"):
            if machine := self._instance(node, machines, gpus):
                machines[machine.name] = machine
        return Catalogue(tuple(gpus.values()), tuple(machines.values()))

    def _accelerator(self, node: yaml.Node, known: Mapping[str, Accelerator]) -> Accelerator | None:
        read = self.reader
        found = read.fields(node, "an accelerator", known=_ACCELERATOR, required=("name",))
        name = read.text(found.get("name"), "`name`")
        if name is None:
            return None
        gpu = known.get(name) or Accelerator(name, vendor="", architecture="", kind="gpu", driver_names=())
        said: dict[str, Any] = {
            key: read.text(found[key], f"`{key}` of {name}") for key in ("vendor", "architecture") if key in found
        }
        if "kind" in found:
            said["kind"] = self._kind(found["kind"], name)
        said |= {key: tuple(text for _, text in read.texts(found[key], key)) for key in _NAMES if key in found}
        values = {key: self._value(found[key], f"`{key}` of {name}") for key in _VALUES if key in found}
        said |= {key: value if key == "memory_gb" else int(value) for key, (value, _) in values.items()}
        return replace(gpu, **said, sources={**gpu.sources, **{key: source for key, (_, source) in values.items()}})

    def _kind(self, node: yaml.Node, name: str) -> str:
        text = self.reader.text(node, f"`kind` of {name}") or ""
        if text not in _KINDS:
            self.reader.problem(node, f"`kind` of {name} must be one of {', '.join(_KINDS)}")
        return text

    def _value(self, node: yaml.Node, what: str) -> tuple[Decimal, ValueSource]:
        """[value, source] or [value, source, unsure]."""
        items = self.reader.some_items(node, what)
        if not 2 <= len(items) <= 3:
            self.reader.problem(node, f"{what} is written [value, source] or [value, source, unsure]")
            return Decimal(0), ValueSource("")
        number = self.reader.positive(items[0], what) or Decimal(0)
        if len(items) == 3 and self.reader.text(items[2], what) != "unsure":
            self.reader.problem(items[2], f"the third item of {what} can only be `unsure`")
        return number, ValueSource(self._source(items[1], what), is_unsure=len(items) == 3)

    def _source(self, node: yaml.Node | None, what: str) -> str:
        """A source by its short name, or in words of its own."""
        text = self.reader.text(node, f"the source of {what}") or ""
        return self.sources.get(text, text)

    def _instance(
        self, node: yaml.Node, known: Mapping[str, GpuInstance], gpus: Mapping[str, Accelerator]
    ) -> GpuInstance | None:
        read = self.reader
        found = read.fields(node, "an instance type", known=_INSTANCE, required=("name",))
        name = read.text(found.get("name"), "`name`")
        if name is None:
            return None
        machine = known.get(name)
        if machine is None:
            for key in ("provider", "accelerator", "accelerators"):
                if key not in found:
                    read.problem(node, f"{name} is new, so it needs `{key}`")
            machine = GpuInstance(provider="", name=name, accelerator="", accelerators=Decimal(1))
        said: dict[str, Any] = {}
        if "provider" in found:
            said["provider"] = read.text(found["provider"], f"`provider` of {name}")
        if "accelerator" in found:
            said["accelerator"] = read.reference(found["accelerator"], "accelerator", gpus)
        if "accelerators" in found:
            said["accelerators"] = read.positive(found["accelerators"], f"`accelerators` of {name}")
        if "prices" in found:
            said["prices"] = tuple(self._price(each, name) for each in read.items(found["prices"], "`prices`"))
        return replace(machine, **said)

    def _price(self, node: yaml.Node, name: str) -> ListPrice:
        read, what = self.reader, f"a price of {name}"
        found: Fields = read.fields(node, what, known=_PRICE, required=("region", "usd_per_hour", "source"))
        amount = read.positive(found["usd_per_hour"], f"`usd_per_hour` of {name}") if "usd_per_hour" in found else None
        start, end = (read.day(found.get(key), f"`{key}` of {what}") for key in ("from", "to"))
        if start and end and end <= start:
            read.problem(found["to"], f"{what} ends before it has begun; `to` is the day after its last day")
        unsure = read.flag(found["unsure"], f"`unsure` of {what}") if "unsure" in found else False
        source = ValueSource(self._source(found.get("source"), what), is_unsure=bool(unsure))
        region = read.text(found.get("region"), f"`region` of {what}") or ""
        return ListPrice(region, amount or Decimal(0), source, start, end)
