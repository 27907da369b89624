# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Items of access control lists are read and written as the server does."""

from __future__ import annotations

import pytest

from ansible_collections.day2.ops.plugins.module_utils._postgresql.grants import Grant


@pytest.mark.parametrize(
    ("item", "parts"),
    [
        ("reader=r*w/owner", ("reader", "r*w", "owner")),
        ("=Tc/owner", ("", "Tc", "owner")),
        ("x=/y", ("x", "", "y")),
        ('"odd ""role"" =/"=C*T*c*/"the=owner/"', ('odd "role" =/', "C*T*c*", "the=owner/")),
        ('"ünï"=U/_a1', ("ünï", "U", "_a1")),
    ],
)
def test_an_item_is_read_and_written(item: str, parts: tuple[str, str, str]) -> None:
    grant = Grant.of(item)
    assert (grant.grantee, grant.letters, grant.grantor) == parts
    assert str(grant) == item


@pytest.mark.parametrize("item", ["", "reader", "reader=r", "reader=1/x"])
def test_what_is_none_is_refused(item: str) -> None:
    with pytest.raises(ValueError, match="aclitem"):
        Grant.of(item)
