"""A source's settings as options on the command line: `bucket_name` is `--bucket-name VALUE`, or `--flag` alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.errors import BadInput


def parse_options(model: type[BaseModel], args: Sequence[str]) -> dict[str, Any]:
    """What `args` say about the settings of `model`; an option may be repeated where a setting takes several values.

    Raises BadInput for what is no option of the model. The values themselves are checked when they are kept.
    """
    told: dict[str, Any] = {}
    left = list(args)
    while left:
        name, given = _split(left.pop(0), model)
        if name.startswith("no_") and name not in model.model_fields and name[3:] in model.model_fields:
            told[name[3:]] = False
            continue
        field = model.model_fields.get(name)
        if field is None:
            raise BadInput(
                f"There is no option {_option(name)}. There are: {', '.join(map(_option, model.model_fields))}."
            )
        if _is(field, bool) and given is None:
            told[name] = True
            continue
        if given is None and (not left or left[0].startswith("--")):
            raise BadInput(f"{_option(name)} needs a value.")
        value: Any = given if given is not None else left.pop(0)
        if _is(field, Path):
            value = str(Path(value).expanduser().resolve())
        told[name] = [*told.get(name, ()), value] if get_origin(field.annotation) is tuple else value
    return told


def described(model: type[BaseModel]) -> list[tuple[str, str, str]]:
    """Each option with what it is by default (`required` where it must be given) and what it means."""
    return [
        (_option(name), "required" if field.is_required() else _default(field), field.description or "")
        for name, field in model.model_fields.items()
    ]


def _split(arg: str, model: type[BaseModel]) -> tuple[str, str | None]:
    if not arg.startswith("--"):
        options = ", ".join(map(_option, model.model_fields))
        raise BadInput(f"'{arg}' is left over. Settings are given as --option value, after the name: {options}.")
    name, equals, value = arg[2:].partition("=")
    return name.replace("-", "_"), value if equals else None


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _is(field: FieldInfo, kind: type) -> bool:
    return field.annotation is kind or kind in get_args(field.annotation)


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    return "" if value is None or value == () else str(value)
