"""A rate card, from YAML text to `RateCard`. Everything that is wrong with it is told at once, by line."""

import re
from datetime import date
from decimal import Decimal

import yaml

from app.domain.period import next_month
from app.domain.policy import PolicyProblem
from app.domain.policy_yaml.reader import Fields, YamlReader
from ingest.rate_card.card import Machine, MonthlyRate, PowerRate, Purchase, RateCard, Validity
from ingest.yaml_document import refusal, root_of

KEYS = ("format", "owner", "currency", "from", "through", "defaults", "machines")
_MACHINE = (
    "model",
    "gpus",
    "currency",
    "purchase_price",
    "bought_on",
    "depreciation_months",
    "residual_value",
    "colocation",
    "power",
    "cluster",
    "site",
    "team",
    "tags",
    "retired_on",
)
_NEEDED = ("id", "model", "gpus", "purchase_price", "bought_on", "depreciation_months")
_NOTHING = Decimal(0)  # stands in after a problem: a card with problems is refused


def parse_card(text: str, what: str = "The rate card") -> RateCard:
    """The card that a document describes. Raises BadInput with every problem in it."""
    reader = YamlReader()
    fields = reader.fields(root_of(text, what), "the rate card", known=KEYS, required=("format", "owner", "machines"))
    if "format" in fields and reader.text(fields["format"], "`format`") != "1":
        reader.problem(fields["format"], "`format` must be 1")
    owner = _owner(reader, fields)
    defaults = (
        reader.fields(fields["defaults"], "`defaults`", known=(*_MACHINE, "name")) if "defaults" in fields else {}
    )
    currency = reader.text(fields.get("currency"), "`currency`")
    machines = [
        _machine(reader, node, defaults, currency) for node in reader.some_items(fields.get("machines"), "`machines`")
    ]
    start, through = _month(reader, fields, "from"), _month(reader, fields, "through")
    if start and through and through < start:
        reader.problem(fields["through"], "`through` is before `from`; `through` is the last month")
    problems = [*reader.problems, *_repeated(machines)]
    if problems:
        raise refusal(what, problems)
    found = [machine for machine, _ in machines if machine]
    return RateCard(*owner, found, start, next_month(through) if through else None)


def _owner(reader: YamlReader, fields: Fields) -> tuple[str, str]:
    if "owner" not in fields:
        return "", ""
    owner = reader.fields(fields["owner"], "`owner`", known=("id", "name"), required=("id", "name"))
    owner_id = reader.text(owner.get("id"), "the id of the owner")
    return owner_id or "", reader.text(owner.get("name"), "the name of the owner") or ""


def _machine(
    reader: YamlReader, node: yaml.Node, defaults: Fields, currency: str | None
) -> tuple[Machine | None, yaml.Node]:
    own = reader.fields(node, "a machine", known=("id", "name", *_MACHINE))
    fields = {**defaults, **own}
    machine_id = reader.text(fields.get("id"), "the id of a machine")
    what = f"machine `{machine_id}`" if machine_id else "a machine"
    missing = [key for key in _NEEDED if key not in fields]
    if missing:
        reader.problem(node, f"{what} needs {', '.join(f'`{key}`' for key in missing)}")
    written = reader.text(fields.get("currency"), f"the currency of {what}") or currency
    if written is None or not re.fullmatch("[A-Z]{3}", written):
        reader.problem(fields.get("currency", node), f"{what} needs a `currency` of three capital letters, such as EUR")
    bought_on = reader.day(fields.get("bought_on"), f"bought_on of {what}")
    retired_on = reader.day(fields.get("retired_on"), f"retired_on of {what}")
    if bought_on and retired_on and retired_on <= bought_on:
        reader.problem(fields["retired_on"], f"{what} is retired before it was bought")
    price = _amount(reader, fields, "purchase_price", what) or _NOTHING
    residual = _amount(reader, fields, "residual_value", what, or_zero=True) or _NOTHING
    if residual > price:
        reader.problem(fields["residual_value"], f"the residual_value of {what} is more than its purchase_price")
    months, gpus = _count(reader, fields, "depreciation_months", what), _count(reader, fields, "gpus", what)
    colocation = [_monthly(reader, rate, f"colocation of {what}") for rate in _rates(fields.get("colocation"))]
    power = [_power(reader, rate, f"power of {what}") for rate in _rates(fields.get("power"))]
    tags = _tags(reader, fields, what)
    model = reader.text(fields.get("model"), f"the model of {what}")
    if not (machine_id and model and bought_on and months and gpus and written):
        return None, node
    return Machine(
        id=machine_id,
        name=reader.text(fields.get("name"), f"the name of {what}") or machine_id,
        model=model,
        gpus=gpus,
        currency=written,
        purchase=Purchase(price, bought_on, months, residual),
        colocation=[rate for rate in colocation if rate],
        power=[rate for rate in power if rate],
        cluster=reader.text(fields.get("cluster"), f"the cluster of {what}"),
        site=reader.text(fields.get("site"), f"the site of {what}"),
        tags=tags,
        retired_on=retired_on,
    ), node


def _rates(node: yaml.Node | None) -> list[yaml.Node]:
    """One rate, or a list of them."""
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    return [node] if node else []


def _monthly(reader: YamlReader, node: yaml.Node, what: str) -> MonthlyRate | None:
    fields = reader.fields(node, what, known=("per_month", "from", "to"), required=("per_month",))
    amount = reader.positive(fields["per_month"], f"per_month of {what}") if "per_month" in fields else None
    valid = _validity(reader, fields, what)
    return MonthlyRate(amount, valid) if amount else None


def _power(reader: YamlReader, node: yaml.Node, what: str) -> MonthlyRate | PowerRate | None:
    fields = reader.fields(node, what, known=("per_month", "kw", "pue", "price_per_kwh", "from", "to"))
    if "per_month" in fields:
        for key in ("kw", "pue", "price_per_kwh"):
            if key in fields:
                reader.problem(fields[key], f"{what} has `per_month`, a fixed amount; remove `{key}` or `per_month`")
        amount = reader.positive(fields["per_month"], f"per_month of {what}")
        valid = _validity(reader, fields, what)
        return MonthlyRate(amount, valid) if amount else None
    missing = [key for key in ("kw", "price_per_kwh") if key not in fields]
    if missing:
        reader.problem(node, f"{what} needs {' and '.join(f'`{key}`' for key in missing)}, or `per_month`")
        return None
    kw = reader.positive(fields["kw"], f"kw of {what}")
    price = reader.positive(fields["price_per_kwh"], f"price_per_kwh of {what}")
    pue = reader.positive(fields["pue"], f"pue of {what}") if "pue" in fields else Decimal(1)
    if pue and pue < 1:
        reader.problem(
            fields["pue"], f"pue of {what} is less than 1: a data centre draws at least what its machines do"
        )
    valid = _validity(reader, fields, what)
    return PowerRate(kw, pue, price, valid) if kw and pue and price else None


def _validity(reader: YamlReader, fields: Fields, what: str) -> Validity:
    start, end = reader.day(fields.get("from"), f"from of {what}"), reader.day(fields.get("to"), f"to of {what}")
    if start and end and end <= start:
        reader.problem(fields["to"], f"{what} ends before it has begun; `to` is the day after its last day")
    return Validity(start, end)


def _amount(reader: YamlReader, fields: Fields, key: str, what: str, *, or_zero: bool = False) -> Decimal | None:
    node = fields.get(key)
    if node is None or (or_zero and isinstance(node, yaml.ScalarNode) and re.fullmatch(r"0+(\.0+)?", str(node.value))):
        return None
    return reader.positive(node, f"the {key} of {what}")


def _count(reader: YamlReader, fields: Fields, key: str, what: str) -> int | None:
    text = reader.text(fields.get(key), f"the {key} of {what}")
    if text is None:
        return None
    if re.fullmatch(r"[1-9][0-9]{0,4}", text):
        return int(text)
    reader.problem(fields[key], f"the {key} of {what} must be a whole number such as 8, not `{text}`")
    return None


def _tags(reader: YamlReader, fields: Fields, what: str) -> dict[str, str]:
    entries = reader.entries(fields["tags"], f"the tags of {what}") if "tags" in fields else {}
    found = {key: reader.text(value, f"the tag `{key}` of {what}") for key, (_, value) in entries.items()}
    named = {key: reader.text(fields.get(key), f"the {key} of {what}") for key in ("team", "cluster")}
    return {key: value for key, value in {**named, **found}.items() if value is not None}


def _month(reader: YamlReader, fields: Fields, key: str) -> date | None:
    text = reader.text(fields.get(key), f"`{key}`")
    if text is None:
        return None
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}", text):
            return date.fromisoformat(f"{text}-01")
    except ValueError:
        pass
    reader.problem(fields[key], f"`{key}` must be a month such as 2026-06, not `{text}`")
    return None


def _repeated(machines: list[tuple[Machine | None, yaml.Node]]) -> list[PolicyProblem]:
    seen: dict[str, int] = {}
    problems = []
    for machine, node in machines:
        line = node.start_mark.line + 1
        if machine and machine.id in seen:
            problems.append(PolicyProblem(line, f"machine `{machine.id}` is there already, on line {seen[machine.id]}"))
        elif machine:
            seen[machine.id] = line
    return problems
