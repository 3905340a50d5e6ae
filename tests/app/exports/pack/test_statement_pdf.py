"""A team's PDF, read and drawn with other libraries than the one that wrote it."""

import io
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pypdfium2
import pytest
from pypdf import PdfReader

from app.exports.pack import statement_pdf as module
from app.exports.pack.statement_pdf import statement_pdf
from app.reports.finance_pack import FinancePack
from tests.app.exports.pack.packs import CLOSED, DRAFT, NASTY, a_line, a_pack, some_lines


def the_bytes(pack: FinancePack, team: int = 0) -> bytes:
    return statement_pdf(pack, pack.teams[team])


def pages(content: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


def words(content: bytes) -> str:
    return " ".join(" ".join(pages(content)).split())


def test_one_page_has_all_that_is_signed() -> None:
    content = the_bytes(a_pack(some_lines()))
    (page,) = pages(content)
    told = " ".join(page.split())
    assert "Total to pay 1,461.15 USD" in told
    assert "Direct, subtotal 1,234.50" in told
    assert "Finance: name, date, signature" in told
    assert "weight 120 tokens, 25 %" in told
    assert "corrects 2026-02 direct, line 77" in told
    assert "Page 1 of 1" in told
    assert told.count(str(CLOSED.sha256)) == 2  # above and in the footer


def test_a_long_statement_goes_on_and_its_first_page_is_still_the_one_to_sign() -> None:
    lines = [a_line("1.01", service_name=f"Service {number}") for number in range(100)]
    first, *others = pages(the_bytes(a_pack(lines)))
    assert "101.00" in first
    assert "signature" in first
    assert len(others) == 3
    assert all("Amount (USD)" in " ".join(each.split()) for each in others)  # the heading of the table comes again
    assert "Page 4 of 4" in others[-1]


def test_a_draft_says_so_and_a_closed_one_does_not() -> None:
    assert words(the_bytes(a_pack(some_lines(), statement=DRAFT))).count("DRAFT") == 2
    assert "DRAFT" not in words(the_bytes(a_pack(some_lines())))


def test_every_letter_of_a_nasty_name_is_there() -> None:
    told = unicodedata.normalize("NFKC", words(the_bytes(a_pack(some_lines(), names={"search": NASTY}))))
    assert 'Lab "A", <b>' in told
    assert "#emph[x] $y$" in told
    assert not {char for char in unicodedata.normalize("NFKC", NASTY) if char.isprintable()} - set(told)


def test_a_character_that_no_font_has_is_told_by_its_number() -> None:
    told = words(the_bytes(a_pack(some_lines(), names={"search": "Pharaoh \U00013000 \ue000"})))
    assert "Pharaoh [U+13000] [U+E000]" in told


@pytest.mark.parametrize("name", ["Search", "שלום", "فريق", "🚀", "日本語", "टीम"])
def test_a_name_is_drawn_as_ink(name: str) -> None:
    def drawn(name: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
        document = pypdfium2.PdfDocument(the_bytes(a_pack(some_lines(), names={"search": name})))
        picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] = document[0].render(scale=1).to_numpy()
        document.close()
        return picture[75:105, 40:500]  # where the name stands

    assert (drawn(name) < 128).sum() > (drawn("-") < 128).sum() + 20


def test_it_is_for_the_archive_and_dated_by_the_close() -> None:
    reader = PdfReader(io.BytesIO(the_bytes(a_pack(some_lines()))))
    assert reader.metadata
    assert reader.metadata.creation_date == CLOSED.closed_at
    xmp = reader.root_object["/Metadata"].get_data().decode()  # type: ignore[attr-defined]
    assert "<pdfaid:part>2</pdfaid:part>" in xmp
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp


def test_threads_may_write_at_the_same_time() -> None:
    pack = a_pack([a_line("1", team=str(number)) for number in range(8)])
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(partial(statement_pdf, pack), pack.teams))
    assert found == [statement_pdf(pack, team) for team in pack.teams]


def test_the_same_statement_is_the_same_bytes() -> None:
    once = the_bytes(a_pack(some_lines(), names={"search": NASTY}))
    the_bytes(a_pack([a_line("1")]))
    module._compiler.cache_clear()
    assert the_bytes(a_pack(list(reversed(some_lines())), names={"search": NASTY})) == once
