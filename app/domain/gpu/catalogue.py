"""The catalogue: what accelerators are, which instance types have them, and what those cost by list price.

Every value says where it comes from and whether it is sure. A price has the days on which it holds. The bill always
comes before a list price.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from app.domain.gpu.plain_names import plain_name

_REMEMBERED = 1 << 16  # texts


@dataclass(frozen=True)
class ValueSource:
    """Where a value comes from; an unsure one was not verified, or sources disagree."""

    source: str
    is_unsure: bool = False


@dataclass(frozen=True)
class Accelerator:
    """A GPU, or another accelerator, as the catalogue knows it. A value that nobody published is None."""

    name: str
    vendor: str
    architecture: str
    kind: str  # gpu, tpu or neuron; only GPUs are measured and have a part of the bill called GPU cost
    driver_names: tuple[str, ...]  # as a driver names the board
    billed_as: tuple[str, ...] = ()  # words of a bill's meter that name it
    memory_gb: Decimal | None = None  # as sold
    fb_total_mib: int | None = None  # frame buffer, as the driver tells it
    memory_bandwidth_gb_s: int | None = None
    tdp_watts: int | None = None
    idle_watts: int | None = None
    fp16_dense_tflops: int | None = None  # FP16 or BF16 with matrix units, without sparsity
    fp8_dense_tflops: int | None = None
    compute_slices: int | None = None  # of a board that is divided into MIG instances; None: it cannot be
    memory_slices: int | None = None
    sources: Mapping[str, ValueSource] = field(default_factory=dict)  # by the name of the value


@dataclass(frozen=True)
class ListPrice:
    """What an instance type costs by the hour on demand in a region, from one day up to another."""

    region: str
    usd_per_hour: Decimal
    source: ValueSource
    starts_on: date | None = None  # None: since ever
    ends_on: date | None = None  # None: until further notice

    def holds_on(self, day: date) -> bool:
        """Whether it is the price of `day`."""
        return (self.starts_on is None or self.starts_on <= day) and (self.ends_on is None or day < self.ends_on)


@dataclass(frozen=True)
class GpuInstance:
    """An instance type with accelerators."""

    provider: str  # aws, gcp, azure or another
    name: str
    accelerator: str
    accelerators: Decimal  # how many; less than 1 where a board is shared by machines
    prices: tuple[ListPrice, ...] = ()

    @property
    def boards(self) -> int:
        """How many boards the machine shows: a part of one is one."""
        return max(1, int(self.accelerators))

    def list_price(self, day: date, region: str | None = None) -> ListPrice | None:
        """The list price of `day` in `region`; in the first region that has one, if `region` has none."""
        holding = [price for price in self.prices if price.holds_on(day)]
        return next((price for price in holding if price.region == region), holding[0] if holding else None)


@dataclass(frozen=True)
class Catalogue:
    """Accelerators and instance types."""

    accelerators: tuple[Accelerator, ...]
    instances: tuple[GpuInstance, ...]

    def accelerator(self, model_name: str | None) -> Accelerator | None:
        """The accelerator that a driver, an exporter or somebody's rate card calls `model_name`."""
        return self._by_model.get(plain_name(model_name)) if model_name else None

    def instance(self, provider: str | None, instance_type: str | None) -> GpuInstance | None:
        """The instance type of that name; of any provider when `provider` is None."""
        found = self._by_type.get(plain_name(instance_type)) if instance_type else None
        return found if found and provider in {None, found.provider} else None

    def instance_in(self, text: str) -> GpuInstance | None:
        """The instance type that a meter or a description names somewhere in `text`."""
        known = self._looked_up
        if text not in known:
            if len(known) >= _REMEMBERED:
                known.clear()
            known[text] = self._instance_in(text)
        return known[text]

    def _instance_in(self, text: str) -> GpuInstance | None:
        words = plain_name(text).split()
        for start in range(len(words)):
            for length in range(1, self._longest + 1):
                if found := self._by_type.get(" ".join(words[start : start + length])):
                    return found
        return None

    def of_family(self, family: str) -> GpuInstance | None:
        """An instance type of an AWS family such as p5, which commitments may be bought for as a whole."""
        return next((each for each in self.instances if each.name.startswith(f"{family.casefold()}.")), None)

    def node_price(self, day: date, instance_type: str | None, accelerator: str | None, boards: int) -> Decimal | None:
        """What a node costs by the hour in USD by list price; None where the catalogue does not know.

        Of a node whose instance type is not known: as many boards as it has, at the lowest price that any instance type
        has for one on that day, to the millionth of a dollar. It is a guess, and no part of a bill.
        """
        if machine := self.instance(None, instance_type):
            price = machine.list_price(day)
            return price.usd_per_hour if price else None
        per_board = [
            Fraction(price.usd_per_hour) / Fraction(each.accelerators)
            for each in self.instances
            if each.accelerator == accelerator and (price := each.list_price(day))
        ]
        return Decimal(round(min(per_board) * boards * 10**6)).scaleb(-6) if per_board else None

    def gpu_in(self, text: str) -> Accelerator | None:
        """The accelerator that a meter names, by the longest of the words that stand for one."""
        words = f" {plain_name(text)} "
        return next((gpu for name, gpu in self._by_bill if f" {name} " in words), None)

    @cached_property
    def _looked_up(self) -> dict[str, GpuInstance | None]:
        """What texts name: the charge keys of a bill say the same few again and again."""
        return {}

    @cached_property
    def _by_model(self) -> dict[str, Accelerator]:
        return {plain_name(name): gpu for gpu in self.accelerators for name in (*gpu.driver_names, gpu.name)}

    @cached_property
    def _by_type(self) -> dict[str, GpuInstance]:
        return {plain_name(each.name): each for each in self.instances}

    @cached_property
    def _by_bill(self) -> Sequence[tuple[str, Accelerator]]:
        named = {plain_name(name): gpu for gpu in self.accelerators for name in gpu.billed_as}
        return sorted(named.items(), key=lambda each: (-len(each[0]), each[0]))

    @cached_property
    def _longest(self) -> int:
        return max((len(name.split()) for name in self._by_type), default=0)
