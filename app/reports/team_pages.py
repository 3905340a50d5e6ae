"""What one team owes for a billing period, laid out as it is handed to the team: by currency, then by cost type."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from app.domain.ledger import Ledger, Payer
from app.domain.money import EXACT, ZERO, total
from app.domain.rounding import line_order
from app.domain.split_record import SplitRecord
from app.domain.statement import CostType, StatementLine
from app.reports.owed import UNALLOCATED

Splits = Mapping[tuple[str, str], SplitRecord]  # by currency and pool id
Previous = Mapping[tuple[str | None, str], Mapping[CostType, Decimal]]  # by team and currency

_ORDER = {kind: place for place, kind in enumerate(CostType)}


@dataclass(frozen=True)
class PageLine:
    """A statement line with how its pool was split; `weight` is the team's in that split."""

    line: StatementLine
    split: SplitRecord | None

    @property
    def weight(self) -> Decimal | None:
        """The team's weight in the split of the pool."""
        team = self.line.key.team_id
        return self.split.weights.get(team) if self.split and team is not None else None


@dataclass(frozen=True)
class CostBlock:
    """The lines of one cost type, none if only the previous period has it."""

    cost_type: CostType
    lines: tuple[PageLine, ...]
    amount: Decimal
    previous_amount: Decimal


@dataclass(frozen=True)
class CurrencyPage:
    """What a team owes in one currency. `amount` is charged; `exact_amount` is what it was before rounding."""

    currency: str
    blocks: tuple[CostBlock, ...]
    amount: Decimal
    exact_amount: Decimal
    previous_amount: Decimal

    @property
    def splits(self) -> tuple[SplitRecord, ...]:
        """How the pools that the team pays were split, each once."""
        records = [each.split for block in self.blocks for each in block.lines if each.split]
        return tuple({record.pool_id: record for record in records}.values())


@dataclass(frozen=True)
class TeamPages:
    """What one team owes, currency by currency; no team id: what nobody owes."""

    team_id: str | None
    name: str
    account: str
    cost_center: str | None
    pages: tuple[CurrencyPage, ...]


def team_pages(
    lines: Iterable[StatementLine], ledger: Ledger, splits: Splits, previous: Previous
) -> tuple[TeamPages, ...]:
    """Every team that owes something now or did in the previous period, by id; what nobody owes comes last."""
    of_team: dict[str | None, list[StatementLine]] = {team: [] for team, _ in previous}
    for line in lines:
        of_team.setdefault(line.key.team_id, []).append(line)
    order = sorted(of_team, key=lambda team: (team is None, team or ""))
    return tuple(_pages(team, of_team[team], _payer(team, ledger), splits, previous) for team in order)


def _payer(team_id: str | None, ledger: Ledger) -> Payer:
    return Payer(UNALLOCATED, ledger.accounts.unallocated, None) if team_id is None else ledger.payer(team_id)


def _pages(
    team_id: str | None, lines: Sequence[StatementLine], payer: Payer, splits: Splits, previous: Previous
) -> TeamPages:
    of_currency: dict[str, list[StatementLine]] = {code: [] for team, code in previous if team == team_id}
    for line in lines:
        of_currency.setdefault(line.key.billing_currency, []).append(line)
    return TeamPages(
        team_id=team_id,
        name=payer.name,
        account=payer.account,
        cost_center=payer.cost_center,
        pages=tuple(
            _page(code, of_currency[code], splits, previous.get((team_id, code), {})) for code in sorted(of_currency)
        ),
    )


def _page(
    currency: str, lines: Sequence[StatementLine], splits: Splits, previous: Mapping[CostType, Decimal]
) -> CurrencyPage:
    ordered = sorted(lines, key=lambda line: (_ORDER[line.key.cost_type], line_order(line.key)))
    grouped = {kind: tuple(each) for kind, each in groupby(ordered, key=lambda line: line.key.cost_type)}
    kinds = sorted({*grouped, *previous}, key=_ORDER.__getitem__)
    blocks = tuple(_block(kind, grouped.get(kind, ()), splits, previous.get(kind, ZERO)) for kind in kinds)
    return CurrencyPage(
        currency=currency,
        blocks=blocks,
        amount=total(block.amount for block in blocks),
        exact_amount=total(line.exact_amount for line in lines),
        previous_amount=total(block.previous_amount for block in blocks),
    )


def _block(kind: CostType, lines: Sequence[StatementLine], splits: Splits, previous: Decimal) -> CostBlock:
    shown = tuple(PageLine(line, splits.get((line.key.billing_currency, line.key.pool_id or ""))) for line in lines)
    return CostBlock(kind, shown, total(line.amount for line in lines), previous)


def change(now: Decimal, before: Decimal) -> Decimal:
    """What was added since `before`."""
    return EXACT.subtract(now, before)
