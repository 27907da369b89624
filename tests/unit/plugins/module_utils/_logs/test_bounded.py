# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Percentiles against exact ones, and counts of the frequent against exact ones."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable

import pytest

from ansible_collections.day2.ops.plugins.module_utils._logs.frequent import Frequent
from ansible_collections.day2.ops.plugins.module_utils._logs.histogram import (
    RELATIVE_ERROR,
    SLOTS,
    Histogram,
    buckets_of,
)

SHARES = (0.0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0)
EDGE = ((1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)) ** 300

DISTRIBUTIONS: dict[str, Callable[[random.Random], float]] = {
    "uniform": lambda dice: dice.uniform(0, 1000),
    "like requests": lambda dice: dice.lognormvariate(3, 1.5),
    "heavy tail": lambda dice: dice.paretovariate(0.3),
    "exponential": lambda dice: dice.expovariate(0.001),
    "one value": lambda dice: 42.0,
    "two far apart": lambda dice: dice.choice([0.001, 1e9]),
    "mostly nought": lambda dice: dice.choice([0.0] * 97 + [5.0, 50.0, 500.0]),
    "whole numbers": lambda dice: float(dice.randrange(1, 30)),
    "edges of buckets": lambda dice: EDGE * (1 + dice.choice([-1e-15, 0, 1e-15, 1e-3])),
    "all sizes": lambda dice: 10 ** dice.uniform(-3, 14),
    "bimodal at p95": lambda dice: dice.choice([1.0] * 19 + [1000.0]),
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("count", [1, 2, 19, 20, 100, 5000])
def test_quantiles_are_within_one_percent(name: str, count: int) -> None:
    dice = random.Random(f"{name} {count}")
    values = [DISTRIBUTIONS[name](dice) for _turn in range(count)]
    histogram = Histogram()
    for bucket in buckets_of(values):
        histogram.add(bucket)
    found = histogram.quantiles(SHARES, min(values), max(values))
    values.sort()
    for share, value in zip(SHARES, found):
        exact = values[max(1, math.ceil(share * count - 1e-9)) - 1]
        assert value == pytest.approx(exact, rel=RELATIVE_ERROR * 1.0001), share


def test_a_histogram_of_parts_is_that_of_the_whole() -> None:
    dice = random.Random(5)
    values = [dice.lognormvariate(2, 3) for _turn in range(3000)]
    whole, first, second = Histogram(), Histogram(), Histogram()
    whole.add_all(Counter(buckets_of(values)))
    first.add_all(Counter(buckets_of(values[:1000])))
    second.add_all(Counter(buckets_of(values[1000:])))
    first.absorb(second)
    asked = (SHARES, min(values), max(values))
    assert (first.count, first.quantiles(*asked)) == (whole.count, whole.quantiles(*asked))


def test_no_values_have_no_quantiles() -> None:
    assert Histogram().quantiles((0.5, 0.99), 0, 0) == [None, None]


def test_all_buckets_have_a_slot() -> None:
    assert all(0 <= bucket < SLOTS - 1 for bucket in buckets_of([0, 1e-300, 1e-4, 1, 1e15]))


class _Item:
    def __init__(self) -> None:
        self.count = 0
        self.missing = 0

    def absorb(self, other: _Item) -> None:
        self.count += other.count


def _counted(keys: list[bytes], capacity: int) -> Frequent[_Item]:
    table: Frequent[_Item] = Frequent(capacity, _Item)
    for key in keys:
        table.item(key).count += 1
        assert len(table) <= 2 * capacity
    return table


def _keys(seed: int) -> list[bytes]:
    dice = random.Random(seed)
    keys = [b"k%d" % int(dice.paretovariate(0.7)) for _turn in range(20000)]
    if seed % 2:
        keys += [b"once %d" % number for number in range(5000)]
        dice.shuffle(keys)
    return keys


@pytest.mark.parametrize("seed", range(4))
def test_the_truth_lies_between_the_count_and_what_may_be_missing(seed: int) -> None:
    keys = _keys(seed)
    truth = Counter(keys)
    table = _counted(keys, 50)
    assert table.let_go > 0
    kept = dict(table.items())
    for key, item in kept.items():
        assert item.count <= truth[key] <= item.count + item.missing
    assert all(times <= table.floor for key, times in truth.items() if key not in kept)
    assert {key for key, _other in truth.most_common(3)} <= kept.keys()


@pytest.mark.parametrize("seed", range(4))
def test_the_truth_lies_there_too_when_two_are_put_together(seed: int) -> None:
    first, second = _keys(seed), _keys(seed + 10)
    truth = Counter(first + second)
    table = _counted(first, 50)
    table.absorb(_counted(second, 50))
    kept = dict(table.items())
    assert len(kept) <= 100
    for key, item in kept.items():
        assert item.count <= truth[key] <= item.count + item.missing
    assert all(times <= table.floor for key, times in truth.items() if key not in kept)


def test_nothing_is_missing_where_all_have_room() -> None:
    table = _counted([b"a", b"b", b"a"], 2)
    assert [(key, item.count, item.missing) for key, item in table.items()] == [(b"a", 2, 0), (b"b", 1, 0)]
