# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fingerprints add up, and are read as they are written."""

from __future__ import annotations

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.fingerprint import Fingerprint, _text_of

BIG = Fingerprint(2, (-(1 << 90), 1 << 80))


def test_they_add_up() -> None:
    assert BIG + Fingerprint(1, (1 << 90, 3)) == Fingerprint(3, (0, (1 << 80) + 3))
    assert BIG + Fingerprint(5) == Fingerprint(5) + BIG == Fingerprint(7)


@pytest.mark.parametrize("one", [BIG, Fingerprint(0), Fingerprint(0, (0, 0))])
def test_what_is_written_is_read(one: Fingerprint) -> None:
    assert Fingerprint.read(one.rows, one.content) == one


@pytest.mark.parametrize("text", ["", "1", "1 2 3", "1 x", "1.5 2"])
def test_what_is_no_content_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"unpack|literal"):
        Fingerprint.read(1, text)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ([], "format('')"),
        (["a"], """format('%L', "a")"""),
        (['%s "x"', "b"], """format('%L,%L', "%s ""x""\", "b")"""),
    ],
)
def test_the_text_of_a_row(columns: list[str], expected: str) -> None:
    assert _text_of(columns) == expected
