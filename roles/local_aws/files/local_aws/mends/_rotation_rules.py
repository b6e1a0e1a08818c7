# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a secret is rotated next: RotationRules, as the user guide's "Schedule expressions" has them."""

from __future__ import annotations

import calendar
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from moto.secretsmanager.exceptions import InvalidParameterException

RATE = re.compile(r"^rate\((\d{1,3}) (hours?|days?)\)$")
CRON = re.compile(r"^cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)$")
DURATION = re.compile(r"^\d{1,2}h$")
MONTHS = {name.upper(): index for index, name in enumerate(calendar.month_abbr) if name}
#: As in all cron expressions of AWS: Sunday is 1.
WEEKDAYS = {name: index + 1 for index, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"))}
DAYS_TO_LOOK_AHEAD = 366 * 4


def _refuse(message: str) -> InvalidParameterException:
    return InvalidParameterException(message)


def check(rules: dict[str, Any]) -> None:
    """Refuse what is no schedule."""
    days, expression, duration = (
        rules.get(name) for name in ("AutomaticallyAfterDays", "ScheduleExpression", "Duration")
    )
    if days is not None and expression is not None:
        raise _refuse("You cannot specify both rotation frequency and schedule expression together.")
    if days is not None and not 1 <= int(days) <= 1000:
        raise _refuse("RotationRules.AutomaticallyAfterDays must be within 1-1000.")
    if duration is not None and not DURATION.match(duration):
        raise _refuse(f"Invalid Duration {duration}: it must be a number of hours, for example 3h.")
    if expression is not None:
        window = _window(expression)
        if duration is not None and not 1 <= int(duration[:-1]) <= window.longest_hours:
            raise _refuse("The rotation window must not extend into the next rotation window or the next UTC day.")


@dataclass(frozen=True)
class Window:
    """When windows begin, and how long they last when nobody says."""

    next_start: Callable[[datetime, datetime], datetime]
    in_hours: bool
    longest_hours: int

    def end(self, start: datetime, duration: str | None) -> datetime:
        if duration:
            return start + timedelta(hours=int(duration[:-1]))
        return start + timedelta(hours=1) if self.in_hours else _end_of_day(start)


def next_rotation(rules: dict[str, Any], last: float, now: float) -> int | None:
    """The date on or before which the next rotation is due, after the last one; None without a schedule."""
    rotated, present = datetime.fromtimestamp(last, UTC), datetime.fromtimestamp(now, UTC)
    days, expression, duration = (
        rules.get(name) for name in ("AutomaticallyAfterDays", "ScheduleExpression", "Duration")
    )
    if days is not None:
        due = _midnight(rotated) + timedelta(days=int(days))
        end = due + timedelta(hours=int(duration[:-1])) if duration else _end_of_day(due)
        return int(end.timestamp())
    if expression is None:
        return None
    window = _window(expression)
    return int(window.end(window.next_start(rotated, present), duration).timestamp())


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.date(), time(), UTC)


def _end_of_day(moment: datetime) -> datetime:
    return _midnight(moment) + timedelta(days=1, seconds=-1)


def _window(expression: str) -> Window:
    rate = RATE.match(expression)
    if rate is not None:
        count, unit = int(rate[1]), rate[2].rstrip("s")
        if unit == "day" and count >= 1:
            return Window(lambda last, now: _midnight(last) + timedelta(days=count), False, 24)
        if unit == "hour" and count >= 4:

            def next_start(last: datetime, now: datetime) -> datetime:
                passed = int((last - _midnight(last)).total_seconds() // (count * 3600))
                return _midnight(last) + timedelta(hours=count * (passed + 1))

            return Window(next_start, True, min(count, 24))
        raise _refuse(f"Invalid ScheduleExpression {expression}: a secret is rotated at most every four hours.")
    cron = CRON.match(expression)
    if cron is None:
        raise _refuse(f"Invalid ScheduleExpression {expression}: it must be a rate() or cron() expression.")
    return _cron(expression, cron.groups())


def _cron(expression: str, fields: tuple[str, ...]) -> Window:
    minutes, hours, month_days, months, week_days, years = fields
    try:
        if minutes != "0" or years != "*" or (month_days == "?") == (week_days == "?"):
            raise ValueError(expression)
        allowed_hours = _values(hours, 0, 23)
        allowed_months = _values(months, 1, 12, MONTHS)
        _days_of(month_days, week_days, date(2024, 1, 1))
    except ValueError:
        raise _refuse(
            f"Invalid ScheduleExpression {expression}: cron(0 hours day-of-month month day-of-week *), "
            "with one ? for the day."
        ) from None
    gaps = [after - before for before, after in itertools.pairwise(allowed_hours)]
    if gaps and min(gaps) < 4:
        raise _refuse(f"Invalid ScheduleExpression {expression}: a secret is rotated at most every four hours.")

    def next_start(last: datetime, now: datetime) -> datetime:
        after = max(last, now)
        for ahead in range(DAYS_TO_LOOK_AHEAD):
            day = after.date() + timedelta(days=ahead)
            if day.month not in allowed_months or not _days_of(month_days, week_days, day):
                continue
            for hour in allowed_hours:
                start = datetime.combine(day, time(hour), UTC)
                if start > after:
                    return start
        raise _refuse(f"Invalid ScheduleExpression {expression}: it never comes.")

    return Window(next_start, len(allowed_hours) > 1, min([24 - allowed_hours[-1], *gaps]))


def _values(field: str, lowest: int, highest: int, names: dict[str, int] | None = None) -> list[int]:
    """The numbers that a field stands for; ValueError when it stands for none."""

    def number(text: str) -> int:
        value = (names or {}).get(text.upper())
        value = int(text) if value is None else value
        if not lowest <= value <= highest:
            raise ValueError(text)
        return value

    found: set[int] = set()
    for part in field.split(","):
        spread, _slash, step = part.partition("/")
        if spread in ("*", "?"):
            first, last = lowest, highest
        else:
            begin, dash, end = spread.partition("-")
            first = number(begin)
            last = number(end) if dash else highest if step else first
        found.update(range(first, last + 1, int(step) if step else 1))
    if not found:
        raise ValueError(field)
    return sorted(found)


def _days_of(month_days: str, week_days: str, day: date) -> bool:
    """Whether a day is one of those meant."""
    last = calendar.monthrange(day.year, day.month)[1]
    if week_days == "?":
        return day.day == last if month_days == "L" else day.day in _values(month_days, 1, 31)
    weekday = day.isoweekday() % 7 + 1
    if "#" in week_days:
        which, _hash, number = week_days.partition("#")
        return weekday in _values(which, 1, 7, WEEKDAYS) and (day.day - 1) // 7 + 1 == int(number)
    if week_days.endswith("L") and week_days != "L":
        return weekday in _values(week_days[:-1], 1, 7, WEEKDAYS) and day.day > last - 7
    return weekday in ([7] if week_days == "L" else _values(week_days, 1, 7, WEEKDAYS))
