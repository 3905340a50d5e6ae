"""The turns of the demo company's story, as curves that more than one provider's bill follows."""

from decimal import Decimal

from ingest.demo.curves import Curve, during, growing, on_workdays, stepping

# Pre-training's big run: the months four, three and two months ago.
RUN_FIRST, RUN_LAST = 4, 2
# Fine-tuning adopts LoRA in the month five months ago and needs 60 % fewer GPU-hours from then on.
LORA = 5
# The inference platform serves quantized weights from the month three months ago on.
QUANTIZED = 3
# Search's new feature multiplies its OpenAI bill last month, until it routes to a smaller model on the 22nd.
SEARCH_LAUNCH = 1
SEARCH_ROUTES_ON_DAY = 22


def training_run(nodes: int, *, otherwise: int = 0) -> Curve:
    """Pre-training's cluster: `nodes` during the big run and `otherwise` before and after it."""
    return during(nodes, first=RUN_FIRST, last=RUN_LAST, otherwise=otherwise)


def lora_adopted(nodes: int) -> Curve:
    """Fine-tuning's cluster: `nodes` until LoRA, two in five of them after."""
    return stepping(nodes, str(Decimal(nodes) * 2 / 5), months_ago=LORA)


def serving(nodes: int) -> Curve:
    """The inference platform's cluster: 6 % more each month until quantized weights make it smaller, and flat."""
    return growing(nodes, monthly="0.06", until=QUANTIZED, after="0.8")


def office_hours(machines: int) -> Curve:
    """Machines people sit in front of: almost all off at weekends."""
    return on_workdays(machines, weekend=1)
