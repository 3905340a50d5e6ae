"""Rates as banks publish them, with all that befalls a file on its way."""

from datetime import date
from decimal import Decimal

import pytest

from app.domain.fx import FxQuote
from app.domain.fx_file import rates_listed, rates_of
from app.errors import BadInput

HISTORY = (
    "Date,USD,JPY,BGN,CYP,HRK,\n"
    "2026-03-31,1.0811,161.55,1.9558,N/A,N/A,\n"
    "2026-03-30,1.0790,161.10,1.9558,N/A,N/A,\n"
    "1999-01-04,1.1789,133.73,N/A,0.58231,N/A,\n"
)
DAILY = "Date, USD, JPY, \n31 March 2026, 1.0811, 161.55, \n"
SDMX_HEADER = (
    "KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE,OBS_STATUS,OBS_CONF,TITLE,UNIT_MULT\n"
)
SDMX = (
    f"{SDMX_HEADER}"
    'EXR.D.USD.EUR.SP00.A,D,USD,EUR,SP00,A,2026-03-30,1.079,A,F,"US dollar/Euro, ECB reference rate",0\n'
    'EXR.D.USD.EUR.SP00.A,D,USD,EUR,SP00,A,2026-03-31,1.0811,A,F,"US dollar/Euro, ECB reference rate",0\n'
    "EXR.D.USD.EUR.SP00.A,D,USD,EUR,SP00,A,2026-04-03,,H,F,Good Friday,0\n"
    "EXR.D.USD.EUR.SP00.A,D,USD,EUR,SP00,A,2026-04-06,NaN,H,F,Easter Monday,0\n"
)
PLAIN = "day,base_currency,quote_currency,rate\n"


def told(text: str) -> list[tuple[str, str, str, str, bool]]:
    return [(e.base, e.quote, str(e.day), str(e.rate), e.monthly) for e in rates_of(text, "rates.csv")]


def refusal(text: str) -> str:
    with pytest.raises(BadInput) as refused:
        rates_of(text, "rates.csv")
    return str(refused.value)


def test_the_history_of_the_ecb_ends_each_line_in_a_comma_and_knows_no_rate_as_na() -> None:
    assert told(HISTORY) == [
        ("EUR", "USD", "2026-03-31", "1.0811", False),
        ("EUR", "JPY", "2026-03-31", "161.55", False),
        ("EUR", "BGN", "2026-03-31", "1.9558", False),
        ("EUR", "USD", "2026-03-30", "1.0790", False),
        ("EUR", "JPY", "2026-03-30", "161.10", False),
        ("EUR", "BGN", "2026-03-30", "1.9558", False),
        ("EUR", "USD", "1999-01-04", "1.1789", False),
        ("EUR", "JPY", "1999-01-04", "133.73", False),
        ("EUR", "CYP", "1999-01-04", "0.58231", False),
    ]


def test_the_daily_file_of_the_ecb_has_blanks_and_writes_days_out() -> None:
    assert told(DAILY) == [
        ("EUR", "USD", "2026-03-31", "1.0811", False),
        ("EUR", "JPY", "2026-03-31", "161.55", False),
    ]


@pytest.mark.parametrize("text", [HISTORY, DAILY, SDMX, f"{PLAIN}2026-03-31,EUR,USD,1.0811\n"])
def test_a_byte_order_mark_crlf_and_blank_lines_make_no_difference(text: str) -> None:
    assert told("\ufeff" + text.replace("\n", "\r\n") + "\r\n\r\n") == told(text)
    assert told(text.rstrip("\n")) == told(text)


def test_the_data_portal_says_what_is_priced_in_what_and_leaves_holidays_empty() -> None:
    assert told(SDMX) == [
        ("EUR", "USD", "2026-03-30", "1.079", False),
        ("EUR", "USD", "2026-03-31", "1.0811", False),
    ]


def test_monthly_averages_are_known_as_such() -> None:
    monthly = f"{SDMX_HEADER}EXR.M.USD.EUR.SP00.A,M,USD,EUR,SP00,A,2026-03,1.0807,A,F,US dollar/Euro,0\n"
    assert told(monthly) == [("EUR", "USD", "2026-03-01", "1.0807", True)]
    assert told(f"{PLAIN}2026-03,USD,EUR,0.925\n") == [("USD", "EUR", "2026-03-01", "0.925", True)]


def test_the_same_rate_twice_is_one() -> None:
    row = "2026-03-31,EUR,USD,{}\n"
    assert len(told(PLAIN + row.format("1.0811") + row.format("1.08110"))) == 1
    assert "row 3: USD for EUR on 2026-03-31 was 1.0811 in a row before" in refusal(
        PLAIN + row.format("1.0811") + row.format("1.0812")
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "rates.csv is empty"),
        ("Date,USD\n", "there is no rate in it"),
        ("Date,USD\n2026-03-31,N/A\n", "there is no rate in it"),
        ("Date;USD;JPY\n2026-03-31;1,0811;161,55\n", "separated by semicolons. Export it with commas between the"),
        ('Date,USD\n2026-03-31,"1,0811"\n', "row 2: USD '1,0811' has a decimal comma. Write rates with a point"),
        (
            "Date,USD,JPY\n2026-03-31,1,0811,161,55\n",
            "row 2: 5 cells where the header has 3; it is cut off, or has deci",
        ),
        ("Date,USD,JPY\n2026-03-31,1.0811\n", "row 2: 2 cells where the header has 3"),
        ("Date,USD\n31/03/2026,1.0811\n", "row 2: Date '31/03/2026' is not a day. Write it as 2026-03-05"),
        ("Date,USD\n2026-02-30,1.0811\n", "row 2: Date '2026-02-30' is not a day"),
        ("Date,USD\n2026-03-31,0\n", "row 2: USD '0' is no rate: it must be more than 0"),
        ("Date,USD\n2026-03-31,-1.1\n", "it must be more than 0"),
        ("Date,USD\n2026-03-31,soon\n", "row 2: USD 'soon' is not a number"),
        ("Date,dollars\n2026-03-31,1\n", "row 1: this is no table of rates. Its columns are day, base_currency"),
        (f"{PLAIN}2026-03-31,EUR,EUR,1\n", "row 2: base_currency and quote_currency are both EUR"),
        (f"{PLAIN}2026-03-31,EUR,$,1\n", "row 2: quote_currency '$' is not a currency"),
        (f"{PLAIN}2026-03-31,EUR,USD,\n", "row 2: rate '' is not a number"),
        (f"{SDMX_HEADER}k,A,USD,EUR,SP00,A,2026,1,A,F,t,0\n", "row 2: FREQ A is neither D nor M"),
        (f"{SDMX_HEADER}k,M,USD,EUR,SP00,E,2026-03,1,A,F,t,0\n", "EXR_SUFFIX E is no average (A). Export daily rates"),
        (f"{SDMX_HEADER}k,D,E6,EUR,EN00,A,2026-03-31,1,A,F,t,0\n", "EXR_TYPE EN00 is no spot rate"),
        ('Date,USD\n"2026', "not readable as CSV"),
    ],
)
def test_what_cannot_be_used_is_told_by_row(text: str, problem: str) -> None:
    assert problem in refusal(text)


def test_everything_wrong_is_told_at_once() -> None:
    told = refusal(PLAIN + "soon,EUR,USD,1\n2026-03-31,EUR,USD,1.1\n2026-03-31,EUR,JPY,x\n" + "x,x,x,x\n" * 30)
    assert told.splitlines()[0] == "rates.csv: no rate was taken."
    assert [line.split(":")[0].strip() for line in told.splitlines()[1:4]] == ["row 2", "row 4", "row 5"]
    assert told.endswith("and 12 more")


def test_a_list_is_counted_from_one() -> None:
    item = {"day": "2026-03-31", "base_currency": "EUR", "quote_currency": "USD", "rate": "1.1"}
    assert rates_listed([item], "list") == (FxQuote("EUR", "USD", date(2026, 3, 31), Decimal("1.1")),)
    with pytest.raises(BadInput, match="row 2: day 'x' is not a day"):
        rates_listed([item, {**item, "day": "x"}], "list")
