# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which sets are kept: a table of cases, and what holds for every policy and every history."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.day2.ops.plugins.module_utils._backup.retention import (
    SAFETY,
    Candidate,
    Policy,
    decide,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)


def candidate(
    name: str,
    days: float,
    state: str = "complete",
    verified: bool = True,
    drilled: float | None = None,
    series: str = "",
) -> Candidate:
    """A set that ended, and passed its last drill, so many days ago."""
    passed = None if drilled is None else NOW - timedelta(days=drilled)
    return Candidate(name, state, verified, NOW - timedelta(days=days), passed, series)


def kept(candidates: list[Candidate], **limits: int) -> set[str]:
    return {decision.candidate.path for decision in decide(candidates, Policy(**limits), NOW) if decision.keep}


DAILY = [candidate(f"d{day}", day) for day in range(40)]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"last": 2}, {"d0", "d1"}),
        ({"daily": 3}, {"d0", "d1", "d2"}),
        # Sunday, then the Sundays before: the newest of each ISO week.
        ({"weekly": 3}, {"d0", "d7", "d14"}),
        ({"monthly": 2}, {"d0", "d22"}),
        ({"yearly": 5}, {"d0"}),
        ({"last": 1, "monthly": 2}, {"d0", "d22"}),
        ({}, {"d0"}),
    ],
)
def test_each_period_keeps_its_newest(limits: dict[str, int], expected: set[str]) -> None:
    assert kept(DAILY, **limits) == expected


def test_days_without_a_backup_do_not_use_up_the_limit() -> None:
    assert kept([candidate("a", 0), candidate("b", 100), candidate("c", 200)], daily=3) == {"a", "b", "c"}


def test_several_of_one_day_leave_the_newest() -> None:
    assert kept([candidate("evening", 0.1), candidate("noon", 0.2), candidate("before", 1)], daily=2) == {
        "evening",
        "before",
    }


def test_the_newest_verified_and_the_drilled_are_kept_whatever_the_limits() -> None:
    history = [
        candidate("unverified", 0, verified=False),
        candidate("verified", 5),
        candidate("drilled", 9, drilled=8),
        candidate("older drilled", 12, drilled=11),
        candidate("old", 10),
    ]
    assert kept(history, last=1) == {"unverified", "verified", "drilled"}


def test_the_last_drill_counts_not_the_newest_set_that_was_ever_drilled() -> None:
    history = [candidate("new", 0), candidate("drilled once", 9, drilled=8), candidate("drilled last", 12, drilled=3)]
    assert kept(history, last=1) == {"new", "drilled last"}
    lost = [*history, candidate("corrupt by now", 20, state="corrupt", drilled=1)]
    assert kept(lost, last=1) == {"new", "drilled last", "corrupt by now"}


def test_sets_made_before_a_replacement_stand_for_nothing_and_the_last_are_kept() -> None:
    history = [
        candidate("before replace", 0.1, series=SAFETY),
        candidate("ordinary", 0.4),
        candidate("another before replace", 1, series=SAFETY),
        candidate("old before replace", 30, series=SAFETY),
    ]
    for limits in ({"daily": 7, "weekly": 4, "monthly": 12, "yearly": 5}, {}):
        assert kept(history, **limits) == {"before replace", "ordinary"}
    assert kept(history, last=2) == {"before replace", "ordinary", "another before replace"}
    assert kept([candidate("before replace", 300, series=SAFETY)], daily=1) == {"before replace"}


def test_sets_of_chosen_tables_stand_for_themselves_alone() -> None:
    history = [
        candidate("orders", 0, series="public.orders", drilled=0),
        candidate("all", 1, drilled=1),
        candidate("audit", 2, series="schema audit"),
        candidate("older orders", 3, series="public.orders"),
        candidate("older", 4),
        candidate("old orders", 5, series="public.orders"),
    ]
    assert kept(history, last=1) == {"orders", "all", "audit"}
    assert kept(history, last=2) == {"orders", "all", "audit", "older orders", "older"}
    (of_orders,) = [one.reasons for one in decide(history, Policy(last=1), NOW) if one.candidate.path == "orders"]
    assert of_orders == [
        "one of the last 1, of public.orders",
        "the newest verified set, of public.orders",
        "the set of the last passed drill",
    ]


def test_a_set_of_the_future_is_kept_and_stands_for_nothing() -> None:
    history = [candidate("future", -1500), candidate("today", 0), candidate("yesterday", 1), candidate("old", 9)]
    assert kept(history, last=1, daily=2) == {"future", "today", "yesterday"}


def test_corrupt_and_partial_sets_do_not_count_and_are_left_to_others() -> None:
    history = [
        candidate("corrupt", 0, state="corrupt"),
        Candidate("partial", "partial", False, None),
        candidate("good", 3),
        candidate("old", 4),
    ]
    decisions = {decision.candidate.path: decision for decision in decide(history, Policy(last=1), NOW)}
    assert {path for path, decision in decisions.items() if decision.keep} == {"corrupt", "partial", "good"}
    assert decisions["old"].reasons == ["no rule keeps it"]
    assert "look into it" in decisions["corrupt"].reasons[0]


@pytest.mark.parametrize("seed", range(50))
def test_for_any_history_the_newest_good_ones_stay_and_time_removes_nothing_by_itself(seed: int) -> None:
    chance = random.Random(seed)
    history = [
        candidate(
            f"s{number}",
            chance.uniform(0, 800),
            chance.choice(["complete", "complete", "complete", "corrupt"]),
            chance.random() < 0.8,
            chance.uniform(0, 800) if chance.random() < 0.2 else None,
            chance.choices(["", SAFETY, "public.orders"], [8, 1, 1])[0],
        )
        for number in range(chance.randint(0, 60))
    ]
    policy = Policy(*(chance.randint(0, 6) for _turn in range(5)))
    decisions = decide(history, policy, NOW)
    assert sorted(decision.candidate.path for decision in decisions) == sorted(one.path for one in history)
    stays = {decision.candidate.path for decision in decisions if decision.keep}
    complete = [one for one in history if one.state == "complete"]
    for good, order in (
        ([one for one in complete if one.verified and one.series == ""], lambda one: one.finished),
        ([one for one in complete if one.verified and one.series == "public.orders"], lambda one: one.finished),
        ([one for one in complete if one.drilled and one.series != "public.orders"], lambda one: one.drilled),
        ([one for one in complete if one.drilled and one.series == "public.orders"], lambda one: one.drilled),
        ([one for one in complete if one.series == SAFETY], lambda one: one.finished),
    ):
        assert not good or max(good, key=order).path in stays
    assert {one.path for one in history if one.state != "complete"} <= stays
    # Deciding again on what stays removes nothing more: a second run at once changes nothing.
    again = decide([one for one in history if one.path in stays], policy, NOW)
    assert all(decision.keep for decision in again)
