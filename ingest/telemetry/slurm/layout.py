"""Where each field stands in the lines of `sacct`: as its header says, or one of the layouts in use."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.gpu.job import JOB_STATES
from app.errors import BadInput

# Ours, in the order that docs/telemetry.md gives; and that of Open XDMoD, whose files many sites keep.
OURS = (
    *("jobidraw", "user", "account", "partition", "qos", "state", "submit", "start", "end", "elapsedraw"),
    *("nnodes", "nodelist", "alloctres", "jobname"),
)
XDMOD = (
    *("jobid", "jobidraw", "cluster", "partition", "qos", "account", "group", "gid", "user", "uid"),
    *("submit", "eligible", "start", "end", "elapsed", "exitcode", "state", "nnodes", "ncpus", "reqcpus"),
    *("reqmem", "reqtres", "alloctres", "timelimit", "nodelist", "jobname"),
)
_LAYOUTS = (XDMOD, OURS)
_REQUIRED = ("state", "start")


@dataclass(frozen=True)
class Layout:
    """The fields of a line in their order, in lower case; and whether every line ends with a delimiter (`sacct -p`)."""

    fields: tuple[str, ...]
    ends_with_delimiter: bool = False

    def cells(self, line: str) -> dict[str, str] | None:
        """The cells of a line by field; None when it has too few.

        Only a job's name may hold the delimiter, so the cells that are too many belong to it.
        """
        parts = line.removesuffix("|").split("|") if self.ends_with_delimiter else line.split("|")
        over = len(parts) - len(self.fields)
        if over < 0 or (over and "jobname" not in self.fields):
            return None
        if over:
            at = self.fields.index("jobname")
            parts[at : at + over + 1] = ["|".join(parts[at : at + over + 1])]
        return dict(zip(self.fields, (part.strip() for part in parts), strict=True))


def layout_of(line: str, name: str) -> tuple[Layout, bool]:
    """The layout of the file called `name` by its first line, and whether that line is a header.

    Raises BadInput when it is neither a header nor a line of a known layout.
    """
    fields = tuple(part.strip().lower() for part in line.removesuffix("|").split("|"))
    if {"jobid", "jobidraw"} & set(fields):
        _check(fields, name)
        return Layout(fields, line.endswith("|")), True
    for known in _LAYOUTS:
        layout = Layout(known, line.endswith("|") and line.count("|") == len(known))
        if state_word((layout.cells(line) or {}).get("state", "")) in JOB_STATES:
            return layout, False
    raise BadInput(
        f"{name} is no output of sacct that can be read: its first line is no header, and no known layout fits it."
        " Leave out `-n`, so that sacct writes a header, or ask for the fields that docs/telemetry.md gives."
    )


def state_word(state: str) -> str:
    """The state without what follows it: `CANCELLED by 123` is CANCELLED."""
    return state.split(maxsplit=1)[0].rstrip("+").upper() if state.strip() else ""


def _check(fields: Sequence[str], name: str) -> None:
    missing = [field for field in _REQUIRED if field not in fields]
    if missing:
        raise BadInput(f"{name}: the header of sacct lacks {' and '.join(missing)}. Add them to `sacct -o`.")
