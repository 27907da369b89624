# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.day2.ops.plugins.module_utils._host import disks as disks_module
from ansible_collections.day2.ops.plugins.module_utils._host.disks import Mount, disks, mounts_of, paths, worth_telling
from ansible_collections.day2.ops.plugins.module_utils._host.seen import Host, Seen

HOST = r"""22 28 0:21 / /sys rw,nosuid - sysfs sysfs rw
23 28 0:22 / /proc rw,nosuid - proc proc rw
24 28 0:5 / /dev rw - devtmpfs udev rw,size=4k
28 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
30 28 0:25 / /run rw - tmpfs tmpfs rw
31 28 8:2 / /var/lib/my\040data rw shared:2 master:3 - xfs /dev/sda2 rw
32 28 8:1 /srv/www /var/www rw - ext4 /dev/sda1 rw
33 28 7:0 / /snap/core/1 ro - squashfs /dev/loop0 ro
34 28 0:40 / /var/lib/docker/overlay2/a/merged rw - overlay overlay rw,lowerdir=/l
35 28 0:41 / /mnt/nfs rw - nfs4 server:/export rw
36 28 11:0 / /media/cd ro - iso9660 /dev/sr0 ro
37 28 0:42 / /home/u/.gvfs rw - fuse.gvfsd-fuse gvfsd-fuse rw
38 28 0:43 / /home/u/remote rw - fuse.sshfs u@h:/ rw
39 28 8:3 / /archive ro - ext4 /dev/sda3 rw
40 28 8:4 / /frozen rw - ext4 /dev/sda4 ro
41 28 0:44 /@home /home rw - btrfs /dev/sdb rw,subvol=/@home
42 28 0:44 /@var /var/lib/long rw - btrfs /dev/sdb rw,subvol=/@var
43 28 8:5 / /twice rw - ext4 /dev/sda5 rw
44 43 8:6 / /twice rw - ext4 /dev/sda6 rw
45 28 0:50 / /misc rw - autofs /etc/auto.misc rw
46 28 0:51 / /run/user/1000/doc rw - fuse.portal /dev/fuse rw
"""

CONTAINER = r"""100 1 0:60 / / rw - overlay overlay rw,lowerdir=/l
101 100 0:61 / /proc rw - proc proc rw
102 100 8:1 /var/lib/docker/containers/c/hosts /etc/hosts rw - ext4 /dev/sda1 rw
103 100 8:1 /var/lib/docker/volumes/v/_data /data rw - ext4 /dev/sda1 rw
"""


def test_mounts_of_a_host() -> None:
    told = {mount.point: mount for mount in worth_telling(mounts_of(HOST))}
    assert set(told) == {
        "/",
        "/var/lib/my data",
        "/mnt/nfs",
        "/home/u/remote",
        "/archive",
        "/frozen",
        "/home",
        "/twice",
    }
    assert told["/"] == Mount("8:1", "/", "/", "ext4", "/dev/sda1", False)
    assert [told[point].read_only for point in ("/archive", "/frozen", "/home")] == [True, True, False]
    assert told["/twice"].device == "/dev/sda6"


@pytest.mark.parametrize("line", ["nonsense", "1 2 3:4 / /x rw", "1 2 3:4 - ext4 /dev/x rw", "1 2 3:4 / /x rw - "])
def test_a_line_that_is_no_mount(line: str) -> None:
    with pytest.raises(ValueError, match="the mount"):
        mounts_of(line)


def fake(tmp_path: Path, mountinfo: str) -> Host:
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "self" / "mountinfo").write_text(mountinfo)
    return Host(str(tmp_path))


def test_single_files_that_are_mounted_are_left_out(tmp_path: Path) -> None:
    host, seen = fake(tmp_path, CONTAINER), Seen()
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "hosts").touch()
    (tmp_path / "data").mkdir()
    told = disks(host, seen)
    assert told is not None
    assert [(disk["mount"], disk["filesystem"]) for disk in told] == [("/", "overlay"), ("/data", "ext4")]
    assert seen.unseen == []


def test_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # bsize, frsize, blocks, bfree, bavail, files, ffree, favail, flag, namemax
    answers: dict[str, Any] = {
        "/": os.statvfs_result((4096, 4096, 1000, 400, 350, 200, 150, 150, 0, 255)),
        "/no-inodes": os.statvfs_result((4096, 4096, 0, 0, 0, 0, 0, 0, 0, 255)),
    }
    monkeypatch.setattr(disks_module.os, "statvfs", lambda name: answers["/" + name[len(str(tmp_path)) + 1 :]])
    mountinfo = "28 1 8:1 / / rw - ext4 /dev/sda1 rw\n29 28 8:2 / /no-inodes rw - xfs /dev/sda2 rw\n"
    told = disks(fake(tmp_path, mountinfo), Seen())
    assert told == [
        {
            "mount": "/",
            "device": "/dev/sda1",
            "filesystem": "ext4",
            "read_only": False,
            "bytes": 4096000,
            "used_bytes": 2457600,
            "free_bytes": 1433600,
            "used_percent": 63.2,
            "inodes": 200,
            "inodes_used_percent": 25.0,
        },
        {
            "mount": "/no-inodes",
            "device": "/dev/sda2",
            "filesystem": "xfs",
            "read_only": False,
            "bytes": 0,
            "used_bytes": 0,
            "free_bytes": 0,
            "used_percent": 0.0,
            "inodes": 0,
            "inodes_used_percent": 0.0,
        },
    ]


def test_a_file_system_that_does_not_answer_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(disks_module, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(disks_module.os, "statvfs", lambda name: ended.wait(10))
    host, seen = fake(tmp_path, "28 1 0:9 / / rw - nfs4 server:/ rw\n"), Seen()
    told = disks(host, seen)
    ended.set()
    assert told is not None
    assert (told[0]["mount"], told[0]["bytes"], told[0]["used_percent"]) == ("/", None, None)
    assert seen.unseen == [{"what": "disk /", "reason": "it did not answer within 0.1 seconds"}]


def test_mounts_that_cannot_be_read(tmp_path: Path) -> None:
    seen = Seen()
    assert disks(Host(str(tmp_path)), seen) is None
    assert seen.unseen[0]["what"] == "disks"
    assert "No such file" in seen.unseen[0]["reason"]
    told = paths(["/"], Host(str(tmp_path)), seen)
    assert (told[0]["exists"], told[0]["mount"]) == (True, None)
    assert told[0]["bytes"] > 0


def test_paths(tmp_path: Path) -> None:
    mountinfo = "28 1 8:1 / / rw - ext4 /dev/sda1 rw\n29 28 8:2 / /data rw - xfs /dev/sda2 rw\n"
    host, seen = fake(tmp_path, mountinfo), Seen()
    for name in ("data/deep", "database"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "data" / "deep")
    names = ["/data", "/data/deep", "/database", "/link", "/missing/x", "/database/ü;\n"]
    told = paths(names, host, seen)
    assert [each["path"] for each in told] == names
    assert [each["exists"] for each in told] == [True, True, True, True, False, False]
    assert [each["mount"] for each in told] == ["/data", "/data", "/", "/data", None, None]
    assert [each["bytes"] is None for each in told] == [False, False, False, False, True, True]
    assert seen.unseen == []
    assert paths([], host, seen) == []


def test_a_path_that_may_not_be_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise PermissionError(13, "Permission denied", name)

    monkeypatch.setattr(disks_module.os, "statvfs", refuse)
    host, seen = fake(tmp_path, HOST), Seen()
    (told,) = paths(["/secret"], host, seen)
    assert (told["exists"], told["bytes"]) == (None, None)
    assert seen.unseen == [{"what": "path /secret", "reason": "Permission denied"}]
