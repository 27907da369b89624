# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which images and containers nobody needs: tables of what there is, and what goes."""

from __future__ import annotations

import pytest

from ansible_collections.day2.ops.plugins.module_utils._runtime.engine_storage import Image
from ansible_collections.day2.ops.plugins.module_utils._runtime.prune_plan import Ended, PruneRules, plan_prune

DAY = 86400.0
NOW = 100 * DAY


def image(name: str, days: float, *tags: str, runs: str = "", service: tuple[str, ...] = ()) -> Image:
    """An image that was made so many days ago."""
    return Image(name, tags, NOW - days * DAY, 1000, runs, service)


def gone(
    *images: Image, used: str = "", keep: tuple[str, ...] = (), keep_images: int = 2, days: float = 14
) -> set[str]:
    rules = PruneRules(keep, keep_images, days * DAY)
    plan = plan_prune(images, dict.fromkeys(used.split(), "web-1"), [], rules, NOW)
    removed, kept = ({item.id for item in items} for items in (plan.removed, plan.kept))
    assert removed | kept | set(used.split()) == {one.id for one in images}
    assert not removed & (kept | set(used.split()))
    return removed


RELEASES = [image(f"v{number}", 100 - number * 10, f"shop/api:{number}") for number in range(1, 8)]


@pytest.mark.parametrize(
    ("used", "keep_images", "expected"),
    [
        ("v7", 2, {"v1", "v2", "v3", "v4", "v5"}),
        ("v7", 1, {"v1", "v2", "v3", "v4", "v5", "v6"}),
        ("", 2, {"v1", "v2", "v3", "v4", "v5"}),  # all is stopped just now
        ("v4", 2, {"v1", "v2", "v5"}),  # newer ones were pulled and do not run yet; v3 is what was before
        ("v1", 3, {"v2", "v3", "v4"}),
    ],
)
def test_there_is_always_one_to_go_back_to(used: str, keep_images: int, expected: set[str]) -> None:
    assert gone(*RELEASES, used=used, keep_images=keep_images) == expected


def test_what_is_young_or_named_stays() -> None:
    images = [image("a", 20, "x/a:1"), image("b", 19, "x/a:2"), image("c", 5, "x/a:3"), image("d", 4, "x/a:4")]
    assert gone(*images) == {"a", "b"}
    assert gone(*images, keep=("x/a",)) == set()
    assert gone(*images, keep=("x/a:1",)) == {"b"}
    assert gone(*images, keep=("x/*:2", "y")) == {"a"}
    assert gone(*images, days=1) == {"a", "b"}  # the two newest of the name stay
    assert gone(*images, days=19.5) == {"a"}


def test_an_image_built_anew_takes_the_name_and_the_one_before_stays() -> None:
    program, other = '[["api"]]', '[["worker"]]'
    images = [
        image("first", 90, runs=program),
        image("before", 60, runs=program),
        image("now", 40, "api:latest", runs=program),
        image("stage", 50, runs=other),
    ]
    assert gone(*images, used="now") == {"first", "stage"}
    # Where none like it runs, nobody knows what it was for.
    assert gone(*images) == {"first", "before", "stage"}


def test_images_built_for_one_service_of_compose_belong_together() -> None:
    images = [image(name, days, service=("shop", "api")) for name, days in (("a", 90), ("b", 60), ("c", 50))]
    assert gone(*images, image("d", 40, service=("shop", "web")), used="c") == {"a"}


def test_an_image_of_several_names_stays_as_long_as_one_of_them_needs_it() -> None:
    both = image("both", 90, "x/a:1", "x/b:1")
    newer = [image("a2", 50, "x/a:2"), image("a3", 40, "x/a:3")]
    assert gone(both, *newer) == set()
    assert gone(both, *newer, image("b2", 30, "x/b:2"), image("b3", 20, "x/b:3")) == {"both"}


def test_a_registry_with_a_port_is_no_tag() -> None:
    images = [image(str(number), 90 - number, f"localhost:5000/a:{number}") for number in range(3)]
    assert gone(*images) == {"0"}


def test_containers_that_ran_one_command_go_when_they_are_old() -> None:
    ended = [Ended("1", "shop-api-run-1", NOW - 20 * DAY), Ended("2", "shop-api-run-2", NOW - DAY)]
    plan = plan_prune([], {}, ended, PruneRules((), 2, 14 * DAY), NOW)
    assert [(item.kind, item.id, item.bytes) for item in plan.removed] == [("container", "1", None)]
    assert [item.id for item in plan.kept] == ["2"]
    assert "ended 1 day ago" in plan.kept[0].reason


def test_a_clock_that_was_set_back_removes_nothing() -> None:
    images = [image(str(number), -number, f"a:{number}") for number in range(1, 5)]
    assert gone(*images) == set()
