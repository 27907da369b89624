# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The arithmetic of B-trees: what is expected of a build."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import Mock

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.btree import (
    Column,
    Equal,
    Shape,
    expected_bytes,
    fresh_density,
)
from ansible_collections.day2.ops.plugins.module_utils._postgresql.index_estimates import (
    Sketch,
    bloat_percent,
    with_sampled_widths,
)
from ansible_collections.day2.ops.plugins.module_utils._postgresql.session import Session

INT, TEXT = Column(4, "i"), Column(-1, "i", 33.0)

# Sizes of indexes that PostgreSQL 18 built over 200000 rows.
BUILT = [
    (Shape(200000, (INT,)), 4513792),
    (Shape(200000, (Column(8, "d"),)), 4513792),
    (Shape(200000, (Column(16, "c"),)), 6332416),
    (Shape(200000, (TEXT,)), 11829248),
    (Shape(200000, (INT,), fillfactor=60), 6791168),
    (Shape(200000, (TEXT,), fillfactor=100), 10690560),
    (Shape(200000, (INT,), equal=(Equal(0.1),) * 10), 1400832),
    (Shape(200000, (Column(1, "c"),), equal=(Equal(0.33), Equal(0.67))), 1400832),
    (Shape(200000, (INT,), equal=(Equal(1.0, 1000),)), 1384448),
    (Shape(200000, (Column(4, "i", null_frac=0.2),), equal=(Equal(0.2),)), 3891200),
    (Shape(200000, (Column(4, "i", null_frac=0.99),), equal=(Equal(0.99),)), 1433600),
    (Shape(200000, (Column(1, "c"), INT)), 4513792),
    (Shape(200000, (INT, TEXT)), 11771904),
    (Shape(200000, (Column(-1, "i", 324.0),)), 82919424),
]


@pytest.mark.parametrize(("shape", "built"), BUILT)
def test_the_expected_size_is_that_of_a_built_index(shape: Shape, built: int) -> None:
    assert -0.01 < (expected_bytes(shape) - built) / built < 0.10


def test_extremes_of_shape() -> None:
    assert expected_bytes(Shape(0, (INT,))) == 2 * 8192
    assert expected_bytes(Shape(1e12, (INT,))) > 1e13
    widest = Shape(1000, (Column(-1, "i", 2700.0),), weighted_width=2700.0)
    assert 900 * 8192 < expected_bytes(widest) < 2100 * 8192
    rare = Shape(1000, (TEXT,), equal=(Equal(0.999),), lone_extra=30000.0)
    assert expected_bytes(rare) < 10 * 8192
    assert expected_bytes(Shape(1000, (INT,), equal=(Equal(0.001, 100),))) == expected_bytes(Shape(1000, (INT,)))
    both_null = (Column(4, "i", null_frac=0.5), Column(8, "d", null_frac=0.5))
    assert expected_bytes(Shape(10000, both_null)) > 0


@pytest.mark.parametrize(("fillfactor", "density"), [(90, 89.9), (100, 100.0), (70, 69.8)])
def test_fresh_leaves_are_filled_to_the_fill_factor(fillfactor: int, density: float) -> None:
    assert abs(fresh_density(Shape(1e6, (INT,), fillfactor=fillfactor)) - density) < 0.6


@pytest.mark.parametrize(("page", "widest", "posting"), [(8192, 2704, 812), (4096, 1336, 404), (32768, 10896, 3268)])
def test_pages_of_other_sizes(page: int, widest: int, posting: int) -> None:
    shape = Shape(200000, (INT,), page=page)
    assert (shape.widest, shape.posting) == (widest, posting)
    assert abs(expected_bytes(shape) / expected_bytes(replace(shape, page=8192)) - 1) < 0.02


@pytest.mark.parametrize(
    ("size", "expected", "percent"), [(100, 25, 75.0), (100, 200, 0.0), (0, 16384, 0.0), (None, 1, 0.0)]
)
def test_the_share_of_bloat(size: int | None, expected: int, percent: float) -> None:
    assert bloat_percent(size, expected) == percent


def test_nothing_doubtful_is_not_sampled() -> None:
    sketch = Sketch(Shape(1, (INT,)))
    assert with_sampled_widths(Mock(spec=Session), sketch) is sketch


def test_functions_of_users_are_not_run_to_sample() -> None:
    sketch = Sketch(Shape(1, (TEXT,)), doubtful=((0, "v"),), predicate="f(v)", calls_users=True)
    sampled = with_sampled_widths(Mock(spec=Session), sketch)
    assert sampled.expected is None
    assert "functions of users" in sampled.why_not
