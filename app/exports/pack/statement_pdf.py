"""A team's statement as a PDF that a person signs: PDF/A-2a for the archive, PDF/UA-1 for screen readers.

Typst sets it from `statement.typ`; names and figures come to it as data and are never read as its language. The fonts
are Noto's, from packages; what is installed on the machine plays no part, so the same statement is the same bytes.
"""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from threading import Lock

import typst

from app.exports.pack.headings import facts, footer, notes
from app.exports.pack.words import COST_TYPES, correction_words, grouped, money, split_words, state_words
from app.reports.finance_pack import FinancePack
from app.reports.team_pages import CostBlock, CurrencyPage, PageLine, TeamPages, change

_TEMPLATE = files("app.exports.pack") / "statement.typ"
_FONTS = ("manimgx_fonts", "manimgx_fonts_cjk")
_ONE_AT_A_TIME = Lock()  # a compiler that two threads ask raises
_STANDARDS: "list[typst.PDFStandard]" = ["a-2a", "ua-1"]


def statement_pdf(pack: FinancePack, team: TeamPages) -> bytes:
    """The document, dated by the moment the statement became what it is."""
    data = json.dumps(_data(pack, team), ensure_ascii=False)
    try:
        return _compiled(data, pack)
    except typst.TypstError:
        # PDF/A refuses a character that no font has; its number says more than an empty box.
        return _compiled(_spelled_out(data), pack)


def _compiled(data: str, pack: FinancePack) -> bytes:
    with _ONE_AT_A_TIME:
        document = _compiler().compile(
            str(_TEMPLATE),
            sys_inputs={"data": data},
            format="pdf",
            pdf_standards=_STANDARDS,
            timestamp=int(pack.statement.dated.timestamp()),
        )
    assert isinstance(document, bytes)
    return document


@cache
def _compiler() -> typst.Compiler:
    folders = [str(files(package)) for package in _FONTS]
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
    return typst.Compiler(root=str(files("app.exports.pack")), font_paths=fonts, ignore_system_fonts=True)


def _spelled_out(text: str) -> str:
    """`text` with each character that no font has as its number: `U+13000`."""
    return "".join(char if _has_glyph(char) else f"[U+{ord(char):04X}]" for char in text)


@cache
def _has_glyph(char: str) -> bool:
    if char.isascii():
        return True
    page = b'#set document(title: "x")\n#set text(font: ("Noto Sans",), fallback: true)\n#sys.inputs.char'
    try:
        with _ONE_AT_A_TIME:
            _compiler().compile(page, sys_inputs={"char": char}, format="pdf", pdf_standards=["a-2u"])
    except typst.TypstError:
        return False
    return True


def _data(pack: FinancePack, team: TeamPages) -> dict[str, object]:
    """What the template shows, as text."""
    return {
        "name": team.name,
        "title": f"Chargeback statement {pack.statement.period.label}: {' '.join(team.name.split())}",
        "state": state_words(pack.statement),
        "final": pack.statement.closed_at is not None,
        "facts": list(facts(pack.statement, team)),
        "pages": [_page(page) for page in team.pages],
        "notes": list(notes(pack, team)),
        "footer": footer(pack.statement),
    }


def _page(page: CurrencyPage) -> dict[str, object]:
    blocks = [block for block in page.blocks if block.lines]
    return {
        "currency": page.currency,
        "summary": [[COST_TYPES[block.cost_type], *_compared(block, page.currency)] for block in page.blocks],
        "total": _compared(page, page.currency),
        "blocks": [
            {
                "name": COST_TYPES[block.cost_type],
                "lines": [_line(each, page.currency) for each in block.lines],
                "amount": money(block.amount, page.currency),
            }
            for block in blocks
        ],
    }


def _compared(owed: CostBlock | CurrencyPage, currency: str) -> list[str]:
    amounts = (owed.amount, owed.previous_amount, change(owed.amount, owed.previous_amount))
    return [money(amount, currency) for amount in amounts]


def _line(each: PageLine, currency: str) -> list[str]:
    """What it is for, where it comes from, quantity and amount."""
    line, key = each.line, each.line.key
    name = key.service_name or split_words(each) or COST_TYPES[key.cost_type]
    quantity = "" if line.quantity is None else f"{grouped(line.quantity)} {key.unit or ''}".strip()
    return [name, _joined(_origin(each)), quantity, money(line.amount, currency)]


def _origin(each: PageLine) -> Iterator[str | None]:
    key = each.line.key
    yield key.service_provider_name
    yield split_words(each) if key.service_name else None
    yield f"invoice {key.invoice_id}" if key.invoice_id else None
    corrects = correction_words(each.line)
    yield f"corrects {corrects}" if corrects else None


def _joined(parts: Iterable[str | None]) -> str:
    return " · ".join(part for part in parts if part)
