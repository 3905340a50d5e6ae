"""A gateway's logs beside the vendor's invoice, from the files of both to the lines between them."""

import json
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app.actions.sources import add_source, change_source
from app.db.session import read_session, write_session
from app.domain.gateway_variance import LINES, Match, ModelVariance, Variance
from app.domain.gateway_vendors import NotCompared, WhyNot
from app.domain.money import total
from app.domain.period import Period
from app.domain.viewer import Scope, Viewer, operator
from app.exports.gateway import allocation_table, variance_table
from app.reports.gateway import (
    GatewayAllocation,
    GatewayVariance,
    gateway_allocation,
    gateway_months,
    gateway_variance,
)
from tests.app.gateway_files import MODEL, a_log, bring_logs, bring_openai, bucket, cost, usage
from tests.ingest.bills import focus_row, write_csv
from tests.trueup import Trueup

pytestmark = pytest.mark.slow
MAY = Period.month(2026, 5)
LIMITED = Viewer("lead", frozenset({Scope.READ_COSTS}), frozenset({"search"}))
# 2 dollars for a token of input, 1 from the cache, 8 of output: 380 dollars.
TOKENS = {"input": 100, "cached_input": 100, "output": 10}
COSTS = (cost("200", f"{MODEL}, input"), cost("100", f"{MODEL}, cached input"), cost("80", f"{MODEL}, output"))


def variance(trueup: Trueup, viewer: Viewer | None = None, period: Period = MAY) -> GatewayVariance:
    with read_session(trueup.engine) as session:
        return gateway_variance(session, viewer or operator(), period)


def allocation(trueup: Trueup, viewer: Viewer | None = None) -> GatewayAllocation:
    with read_session(trueup.engine) as session:
        return gateway_allocation(session, viewer or operator(), MAY)


def models(report: GatewayVariance) -> dict[str | None, ModelVariance]:
    """The models of the only vendor."""
    (vendor,) = report.vendors
    parts = [model.amounts for model in vendor.models]
    assert vendor.amounts.variance == total(part.variance for part in parts) == vendor.amounts.lines.total
    return {model.model: model for model in vendor.models}


def lines(amounts: Variance) -> dict[str, Decimal]:
    """The lines that are not zero; they add up to the variance."""
    found = {name: amount for name in LINES if (amount := getattr(amounts.lines, name))}
    assert total(found.values()) == amounts.variance == amounts.billed - amounts.estimate
    return found


def test_a_month_of_both_sides_is_explained_by_model_and_day(trueup: Trueup, tmp_path: Path) -> None:
    bring_logs(
        trueup,
        tmp_path / "logs.jsonl",
        # All tokens of the first day, the cached ones taken for uncached, at 2 and 7 dollars.
        a_log("r-1", "2026-05-01", "470", {"input": 200, "output": 10}),
        a_log("r-2_cache_hit", "2026-05-01", "0", {"input": 999}, cache_hit="True"),  # the gateway's own cache
        a_log("r-3", "2026-05-01", "3", {"input": 3}, model="openai/o9"),
    )
    bring_openai(
        trueup,
        tmp_path / "may.json",
        bucket("2026-05-01", *COSTS, usage(TOKENS), cost("-5", "Promotional credit", project_id=None)),
        bucket("2026-05-02", cost("7", f"{MODEL}, input"), usage({"input": 4})),
        bucket("2026-05-03", cost("1", "gpt-5, input"), usage({"input": 1}, "gpt-5"), cost("2", "gpt-5, images")),
    )
    report = variance(trueup)
    assert (report.gateways, report.not_compared) == (("gateway",), ())
    (vendor,) = report.vendors
    assert (vendor.service_provider_name, vendor.billing_currency) == ("OpenAI", "USD")
    assert [vendor.amounts.estimate, vendor.amounts.billed] == [473, 385] == [473, trueup.total()]
    found = models(report)
    assert {name: model.match for name, model in found.items()} == {
        MODEL: Match.BOTH, "gpt-5": Match.INVOICE, "openai/o9": Match.GATEWAY, None: Match.NO_MODEL,
    }  # fmt: skip
    known = found[MODEL]
    assert known.gateway_models == (f"openai/{MODEL}",)
    assert lines(known.amounts) == {"price": 10, "cache_class": -100, "missing_logs": 7}
    assert {str(day.day): lines(day.amounts) for day in known.days} == {
        "2026-05-01": {"price": 10, "cache_class": -100},
        "2026-05-02": {"missing_logs": 7},
    }
    assert [known.amounts.logged_tokens, known.amounts.billed_tokens] == [210, 214]
    assert lines(found["gpt-5"].amounts) == {"missing_logs": 1, "other_charges": 2}
    assert lines(found["openai/o9"].amounts) == {"quantity": -3}
    assert lines(found[None].amounts) == {"other_charges": -5}


def test_anthropic_s_classes_and_cents_are_compared_too(trueup: Trueup, tmp_path: Path) -> None:
    day = {"starting_at": "2026-05-01T00:00:00Z", "ending_at": "2026-05-02T00:00:00Z"}
    group = {"model": "claude-sonnet-4-5-20250929", "workspace_id": "wrkspc_a"}
    cents = {
        "uncached_input_tokens": "3000",
        "cache_read_input_tokens": "120",
        "cache_creation.ephemeral_5m_input_tokens": "750",
        "cache_creation.ephemeral_1h_input_tokens": "600",
        "output_tokens": "4500",
    }
    used = {
        "uncached_input_tokens": 10,
        "cache_read_input_tokens": 4,
        "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 1},
        "output_tokens": 3,
    }
    entries: list[dict[str, object]] = [
        {**day, "group": {**group, "token_type": name}, "cost": {"amount": amount, "currency": "USD"}}
        for name, amount in cents.items()
    ]
    entries += [
        {**day, "group": {"cost_type": "web_search"}, "cost": {"amount": "100", "currency": "USD"}},
        {**day, "group": group, "usage": used},
    ]
    (tmp_path / "2026-05.json").write_text(json.dumps({"data": entries, "has_more": False}))
    trueup.ingest(tmp_path / "2026-05.json", source="anthropic", file_format="anthropic")
    # The gateway missed what was read from the cache, and took what was written to it for uncached input.
    log = a_log(
        "r-1",
        "2026-05-01",
        "84",
        {"input": 13, "output": 3},
        model="claude-sonnet-4-5",
        custom_llm_provider="anthropic",
    )
    bring_logs(trueup, tmp_path / "logs.jsonl", log)
    found = models(variance(trueup))
    (name, known), (_, rest) = found.items()
    assert (name, known.gateway_models, known.match) == (group["model"], ("claude-sonnet-4-5",), Match.BOTH)
    # 3 uncached tokens at 3 dollars were billed among 7 others: 4 read at 0.30 and 3 written at 4.50, 2.10 on average.
    assert lines(known.amounts) == {"cache_class": Decimal("-2.7"), "quantity": Decimal("8.4")}
    assert lines(rest.amounts) == {"other_charges": 1}


def test_what_other_accounts_of_the_vendor_are_billed_is_missing_logs(trueup: Trueup, tmp_path: Path) -> None:
    bring_logs(trueup, tmp_path / "logs.jsonl", a_log("r-1", "2026-05-01", "380", TOKENS))
    apart = {"project_id": "proj_laptop"}
    bring_openai(
        trueup,
        tmp_path / "may.json",
        bucket(
            "2026-05-01", *COSTS, usage(TOKENS), cost("40", f"{MODEL}, input", **apart), usage({"input": 20}, **apart)
        ),
    )
    assert lines(models(variance(trueup))[MODEL].amounts) == {"quantity": 40}
    with write_session(trueup.engine) as session:
        change_source(session, operator(), "gateway", {"vendor_accounts": ["proj_gateway"]})
    found = models(variance(trueup))[MODEL].amounts
    assert lines(found) == {"missing_logs": 40}
    assert found.billed_tokens == 210  # the gateway's project alone


def test_estimates_without_a_bill_to_compare_are_told(trueup: Trueup, tmp_path: Path) -> None:
    bring_logs(
        trueup,
        tmp_path / "logs.jsonl",
        a_log("r-1", "2026-05-01", "5", custom_llm_provider="anthropic"),
        a_log("r-2", "2026-05-01", "6", custom_llm_provider="bedrock"),
        a_log("r-3", "2026-05-01", "7", custom_llm_provider=None, model="openai/gpt-4o"),
        a_log("r-4", "2026-05-01", "8", custom_llm_provider=None, model="other"),
    )
    trueup.ingest(write_csv(tmp_path / "aws.csv", [focus_row("9", day="2026-05-01", SkuMeter="Input Data")]))
    bring_openai(trueup, tmp_path / "may.json", bucket("2026-05-01", *COSTS, usage(TOKENS)))
    report = variance(trueup)
    assert report.not_compared == (
        NotCompared(None, "USD", Decimal(8), WhyNot.NO_PROVIDER),
        NotCompared("AWS", "USD", Decimal(6), WhyNot.NO_MODELS),
        NotCompared("Anthropic", "USD", Decimal(5), WhyNot.NO_BILL),
    )
    # The request without a provider belongs to the only bill that names its model, here with a date.
    assert models(report)[MODEL].gateway_models == ("openai/gpt-4o",)
    assert models(report)[MODEL].amounts.estimate == 7


def test_an_estimate_in_another_currency_is_not_compared_but_still_shares_the_invoice(
    trueup: Trueup, tmp_path: Path
) -> None:
    with write_session(trueup.engine) as session:
        config = {"currency": "EUR", "by_hand": True}
        add_source(session, operator(), kind="litellm", name="gateway", config=config)
    bring_logs(trueup, tmp_path / "logs.jsonl", a_log("r-1", "2026-05-01", "5", team_id="a"))
    bring_openai(trueup, tmp_path / "may.json", bucket("2026-05-01", *COSTS))
    report = variance(trueup)
    assert report.vendors == ()
    assert [(each.unit, each.why) for each in report.not_compared] == [("EUR", WhyNot.CURRENCY)]
    (invoice,) = allocation(trueup).invoices
    assert {line.team: line.amount for line in invoice.lines} == {"a": 380}
    assert invoice.unit == "EUR"


def test_an_invoice_by_the_month_is_compared_by_the_month(trueup: Trueup, tmp_path: Path) -> None:
    bring_logs(
        trueup, tmp_path / "logs.jsonl",
        a_log("r-1", "2026-05-01", "2", {"input": 1}), a_log("r-2", "2026-05-20", "2", {"input": 1}),
    )  # fmt: skip
    whole_month = {"ChargePeriodStart": "2026-05-01T00:00:00Z", "ChargePeriodEnd": "2026-06-01T00:00:00Z"}
    row = focus_row("5", day="2026-05-01", **whole_month, ProviderName="OpenAI", SkuMeter=f"{MODEL}, input")
    trueup.ingest(write_csv(tmp_path / "openai.csv", [row]))
    (day,) = models(variance(trueup))[MODEL].days
    assert day.day is None
    assert lines(day.amounts) == {"unexplained": 1}  # the bill tells no tokens


def test_an_invoice_is_allocated_by_team_key_and_model_to_the_last_digit(trueup: Trueup, tmp_path: Path) -> None:
    bring_logs(
        trueup,
        tmp_path / "logs.jsonl",
        a_log("r-1", "2026-05-01", "1", team_id="search", api_key="k1"),
        a_log("r-2", "2026-05-09", "1", team_id="search", api_key="k2", model=MODEL),
        a_log("r-3", "2026-05-09", "1", team_id="speech", api_key="k3", model="openai/o9"),
        a_log("r-4", "2026-05-09", "9", team_id="speech", custom_llm_provider="anthropic"),
    )
    bring_openai(
        trueup, tmp_path / "may.json", bucket("2026-05-01", cost("0.1", f"{MODEL}, input"), cost("-0.03", "Credit"))
    )
    report = allocation(trueup)
    (invoice,) = report.invoices
    # 2/3 of the parts, 666,666,666,667 per trillion, are cut again among the team's keys.
    assert [(line.team, line.api_key, line.model, line.parts) for line in invoice.lines] == [
        ("search", "k1", MODEL, 333_333_333_334),
        ("search", "k2", MODEL, 333_333_333_333),
        ("speech", "k3", "openai/o9", 333_333_333_333),
    ]
    assert total(line.amount for line in invoice.lines) == invoice.billed == trueup.total() == Decimal("0.07")
    table = allocation_table(report)
    assert table.rows[0][2:] == ("search", "k1", MODEL, "USD", Decimal(1), invoice.lines[0].amount)


def test_an_invoice_that_nobody_called_through_the_gateway_is_not_allocated(trueup: Trueup, tmp_path: Path) -> None:
    bring_logs(trueup, tmp_path / "logs.jsonl", a_log("r-1", "2026-05-01", "1", custom_llm_provider="anthropic"))
    bring_openai(trueup, tmp_path / "may.json", bucket("2026-05-01", *COSTS))
    assert allocation(trueup).invoices == ()
    assert variance(trueup).vendors == ()


def test_the_file_of_the_variance_has_a_line_for_each_day_and_estimate(trueup: Trueup, tmp_path: Path) -> None:
    rows = [a_log("r-1", "2026-05-01", "300", TOKENS), a_log("r-2", "2026-05-01", "4", custom_llm_provider="groq")]
    bring_logs(trueup, tmp_path / "logs.jsonl", *rows)
    bring_openai(trueup, tmp_path / "may.json", bucket("2026-05-01", *COSTS, usage(TOKENS)))
    table = variance_table(variance(trueup))
    named = [dict(zip((column.name for column in table.columns), row, strict=True)) for row in table.rows]
    assert [(row["match"], row["day"], row["estimate"], row["billed"], row["price"]) for row in named] == [
        ("On both sides", date(2026, 5, 1), 300, 380, 80),
        ("No bill of this provider is live in the month", None, 4, None, None),
    ]


def test_a_viewer_of_teams_and_a_trueup_without_a_gateway_see_nothing(trueup: Trueup, tmp_path: Path) -> None:
    bring_openai(trueup, tmp_path / "may.json", bucket("2026-05-01", *COSTS, usage(TOKENS)))
    nothing = {"gateways": (), "vendors": (), "not_compared": ()}
    assert {name: value for name, value in asdict(variance(trueup)).items() if name != "period"} == nothing
    bring_logs(trueup, tmp_path / "logs.jsonl", a_log("r-1", "2026-05-01", "1", TOKENS))
    assert variance(trueup).vendors
    assert {name: value for name, value in asdict(variance(trueup, LIMITED)).items() if name != "period"} == nothing
    assert allocation(trueup, LIMITED).invoices == ()
    with read_session(trueup.engine) as session:
        assert gateway_months(session, operator()) == (date(2026, 5, 1),)
        assert gateway_months(session, LIMITED) == ()
    assert variance(trueup, period=Period.month(2026, 4)).vendors == ()
