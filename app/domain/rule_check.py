"""What is odd about a policy's rules: those that never decide, dates that overlap, and teams that are not there."""

from collections.abc import Iterator, Sequence
from datetime import date

from app.domain.implication import implies
from app.domain.ownership import teams_on, valid_on
from app.domain.policy import AllOf, AnyOf, Condition, OneOf, Policy, PolicyProblem, Rule, ToTeam, ToTeamFromTag


class Calendar:
    """Which rules of a policy hold on which days, and what they take. Nothing changes between two of its days."""

    def __init__(self, policy: Policy, days: Sequence[date]) -> None:
        self.days = days
        self._team_ids = {day: frozenset(team.id for team in teams_on(policy.teams, day)) for day in days}
        self._covered: dict[tuple[int, int, date | None], bool] = {}

    def team_exists(self, rule: Rule, day: date) -> bool:
        """Whether the team that a rule names, if it names one, exists."""
        return not isinstance(rule.target, ToTeam) or rule.target.team_id in self._team_ids[day]

    def holds(self, rule: Rule, day: date) -> bool:
        """Whether a rule may match a charge of that day."""
        return valid_on(rule, day) and self.team_exists(rule, day)

    def taken(self, rule: Rule, day: date) -> Condition:
        """The charges that a rule takes on a day on which it holds: a tag must name a team."""
        if isinstance(rule.target, ToTeamFromTag):
            return AllOf((rule.condition, OneOf(rule.target.tag, self._team_ids[day])))
        return rule.condition

    def covers(self, wide: Rule, narrow: Rule, day: date) -> bool:
        """Whether, on a day when both hold, `wide` takes every charge that `narrow` could."""
        by_tag = any(isinstance(each.target, ToTeamFromTag) for each in (wide, narrow))
        key = id(wide), id(narrow), day if by_tag else None  # the policy keeps its rules, so their ids stay theirs
        if key not in self._covered:
            self._covered[key] = implies(self.taken(narrow, day), self.taken(wide, day))
        return self._covered[key]


def unreachable_rules(policy: Policy, calendar: Calendar) -> Iterator[PolicyProblem]:
    """Rules that never decide, because earlier ones already took every charge whenever they hold."""
    for index, rule in enumerate(policy.rules):
        active = [day for day in calendar.days if calendar.holds(rule, day)]
        if not active:
            yield PolicyProblem(rule.line, f"rule `{rule.name}` never holds: its team does not exist while it is valid")
            continue
        takers = []
        for day in active:
            taker = _taker(policy.rules[:index], rule, day, calendar)
            if taker is None:
                break
            takers.append(taker)
        else:
            message = f"{takers[0]} every charge before it; move it up or remove it"
            yield PolicyProblem(rule.line, f"rule `{rule.name}` is never reached: {message}")


def _taker(earlier: Sequence[Rule], rule: Rule, day: date, calendar: Calendar) -> str | None:
    """Who takes, in words, every charge that `rule` could take on a day: one rule before it, or several together."""
    rivals = [each for each in earlier if calendar.holds(each, day)]
    for each in rivals:
        if calendar.covers(each, rule, day):
            return f"`{each.name}` (line {each.line}) takes"
    if rivals and implies(calendar.taken(rule, day), AnyOf(tuple(calendar.taken(each, day) for each in rivals))):
        return "the rules above take together"
    return None


def overlapping_rules(policy: Policy) -> Iterator[PolicyProblem]:
    """Two dated rules on the same charges, of which one begins before the other has ended."""
    for index, rule in enumerate(policy.rules):
        for earlier in policy.rules[:index]:
            if earlier.condition != rule.condition or earlier.target == rule.target:
                continue
            first, then = sorted((earlier, rule), key=lambda each: each.valid_from or date.min)
            if (
                then.valid_from is None
                or first.valid_to is None
                or (first.valid_from or date.min) == then.valid_from
                or not then.valid_from < first.valid_to < (then.valid_to or date.max)
            ):
                continue  # they meet, or one is an exception within the other
            yield PolicyProblem(
                rule.line,
                f"rule `{rule.name}` overlaps `{earlier.name}` (line {earlier.line}) from {then.valid_from} up to"
                f" {first.valid_to}, when `{earlier.name}` decides; let one end on the day the other begins",
            )


def missing_teams(policy: Policy, calendar: Calendar) -> Iterator[PolicyProblem]:
    """Days after a team's first on which a rule names it and it does not exist, and who owns the charges then."""
    for index, rule in enumerate(policy.rules):
        if not isinstance(rule.target, ToTeam):
            continue
        valid = [day for day in calendar.days if valid_on(rule, day)]
        held = [day for day in valid if calendar.team_exists(rule, day)]
        later = [day for day in valid if held and day > held[0]]
        missing = next((day for day in later if not calendar.team_exists(rule, day)), None)
        if missing is None:
            continue
        back = next((day for day in later if day > missing and calendar.team_exists(rule, day)), None)
        until = f" up to {back}" if back else ""
        yield PolicyProblem(
            rule.line,
            f"rule `{rule.name}` names team `{rule.target.team_id}`, which does not exist from {missing}{until};"
            f" {_what_then(policy.rules[index + 1 :], rule, missing, calendar)}",
        )


def _what_then(later: Sequence[Rule], rule: Rule, day: date, calendar: Calendar) -> str:
    heirs = [each for each in later if calendar.holds(each, day)]
    for each in heirs:
        if calendar.covers(each, rule, day):
            return f"its charges then go to rule `{each.name}` (line {each.line}), or one between"
    return "its charges may have no owner then: end the rule, or add one for that time"
