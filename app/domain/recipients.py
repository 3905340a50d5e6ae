"""Who gets a team's mail: a CSV file with the columns team_id and mail_to, a line for each address."""

import csv
import io
from collections.abc import Mapping
from contextlib import suppress
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr

from app.errors import BadInput

COLUMNS = ("team_id", "mail_to")


def is_address(text: str) -> bool:
    """Whether `text` is one bare e-mail address."""
    if parseaddr(text)[1] != text or any(each.isspace() or not each.isprintable() for each in text):
        return False
    with suppress(MessageError, ValueError, IndexError):
        address = Address(addr_spec=text)
        return bool(address.username and address.domain) and text.isascii()
    return False


def recipients_of(text: str, name: str) -> Mapping[str, tuple[str, ...]]:
    """The addresses of each team in the CSV `text` called `name`, in its order, each once.

    Raises BadInput with every bad row.
    """
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    if not rows or [each.strip().casefold() for each in rows[0]] != list(COLUMNS):
        raise BadInput(f"{name}: its first row must be {','.join(COLUMNS)}.")
    found: dict[str, tuple[str, ...]] = {}
    problems = []
    for number, row in enumerate(rows[1:], start=2):
        cells = [each.strip() for each in row]
        if not any(cells):
            continue
        if len(cells) != len(COLUMNS) or not cells[0] or not is_address(cells[1]):
            problems.append(f"row {number}: a team's id and one e-mail address are needed")
            continue
        team_id, address = cells
        found[team_id] = tuple(dict.fromkeys((*found.get(team_id, ()), address)))
    if problems:
        raise BadInput("\n  ".join([f"{name}: nothing was sent.", *problems]))
    return found
