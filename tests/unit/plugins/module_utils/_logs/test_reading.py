# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chunks, files, stretches of files: every line is read once, whatever it is packed in."""

from __future__ import annotations

import gzip
import io
import os
import random
import socket
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import zstandard

from ansible_collections.day2.ops.plugins.module_utils._errors import NotPossible
from ansible_collections.day2.ops.plugins.module_utils._logs import files as files_module
from ansible_collections.day2.ops.plugins.module_utils._logs import scan as scan_module
from ansible_collections.day2.ops.plugins.module_utils._logs.assembly import Lines
from ansible_collections.day2.ops.plugins.module_utils._logs.budget import Budget
from ansible_collections.day2.ops.plugins.module_utils._logs.files import (
    FoundFile,
    find_files,
    read_file,
    read_part,
)
from ansible_collections.day2.ops.plugins.module_utils._logs.found import Unreadable
from ansible_collections.day2.ops.plugins.module_utils._logs.scan import plan, scan
from ansible_collections.day2.ops.plugins.module_utils._runtime.host import HostRunner

from .made_up import MAKERS, PATTERNS, settings, source

HOST = HostRunner()


def assembled(chunks: list[bytes], longest: int = 1000) -> tuple[list[bytes], Lines]:
    given: list[bytes] = []
    lines = Lines(given.append, longest)
    for chunk in chunks:
        lines.feed(chunk)
    lines.end()
    assert all(block.endswith(b"\n") for block in given)
    return b"".join(given).split(b"\n")[:-1], lines


@pytest.mark.parametrize("seed", range(30))
def test_lines_are_the_same_however_they_come(seed: int) -> None:
    dice = random.Random(seed)
    longest = dice.choice([1, 2, 5, 17, 1000])
    whole = [b"x" * dice.choice([0, 1, 2, 4, 5, 6, 16, 17, 18, 40]) for _turn in range(dice.randrange(60))]
    text = b"\n".join(whole) + dice.choice([b"", b"\n"])
    cuts = sorted(dice.randrange(len(text) + 1) for _turn in range(dice.randrange(12)))
    chunks = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)])]
    found, lines = assembled(chunks, longest)
    expected = text.split(b"\n")
    if not expected[-1]:
        expected.pop()
    assert found == [line[:longest] for line in expected]
    assert (lines.bytes, lines.lines) == (len(text), len(expected))
    assert lines.cut == sum(1 for line in expected if len(line) > longest)


def test_a_line_of_100_megabytes_takes_little_memory() -> None:
    chunk = b"x" * (1 << 19)
    tracemalloc.start()
    found, lines = assembled([chunk] * 200 + [b"\nshort\n"], 4096)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert ([len(line) for line in found], lines.cut) == ([4096, 5], 1)
    assert peak < 8 << 20


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    found, lines = assembled([b"\xef\xbb\xbf{}\n"])
    assert (found, lines.bytes) == ([b"{}"], 6)


def read(path: Path) -> tuple[bytes, str | None]:
    pieces: list[bytes] = []
    try:
        read_file(str(path), HOST, pieces.append, Budget())
    except Unreadable as error:
        return b"".join(pieces), str(error)
    return b"".join(pieces), None


TEXT = b"".join(b"line %d of many\n" % number for number in range(50000))


def test_compressed_files_are_known_by_what_they_begin_with(tmp_path: Path) -> None:
    packed = zstandard.ZstdCompressor().compress(TEXT)
    contents = {
        "plain": TEXT,
        "a.gz": gzip.compress(TEXT),
        "a.1": gzip.compress(TEXT),
        "members.gz": gzip.compress(TEXT[:1000]) + gzip.compress(TEXT[1000:]),
        "a.zst": packed,
        "a.2": packed,
        "frames.zst": zstandard.ZstdCompressor().compress(TEXT[:7]) + zstandard.compress(TEXT[7:]),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        assert read(tmp_path / name) == (TEXT, None), name


@pytest.mark.parametrize("library", [True, False])
def test_what_comes_before_the_damage_is_read(tmp_path: Path, library: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not library:
        monkeypatch.setattr(files_module, "zstandard", None)
    noise = random.Random(1).randbytes(400_000).hex().encode()
    packed = {".gz": gzip.compress(noise), ".zst": zstandard.compress(noise)}
    for suffix, content in packed.items():
        for name, broken in {"cut": content[: len(content) // 2], "tail": content + b"garbage"}.items():
            path = tmp_path / f"{name}{suffix}"
            path.write_bytes(broken)
            found, error = read(path)
            assert error is not None, path
            assert f"corrupt {'gzip' if suffix == '.gz' else 'zstd'}" in error
            assert noise.startswith(found)
            assert library is False or found
        flipped = bytearray(content)
        flipped[len(content) // 2] ^= 0xFF
        path = tmp_path / f"flipped{suffix}"
        path.write_bytes(flipped)
        found, error = read(path)
        # Zstandard's checksum is optional: damage inside a literal may pass unseen where there is none.
        assert error is not None or suffix == ".zst"


def test_zstd_bombs_are_taken_in_small_pieces(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zst"
    with path.open("wb") as stream, zstandard.ZstdCompressor().stream_writer(stream) as writer:
        for _turn in range(300):
            writer.write(b"\0" * (1 << 20))
    sizes: list[int] = []
    read_file(str(path), HOST, lambda chunk: sizes.append(len(chunk)), Budget())
    assert sum(sizes) == 300 << 20
    assert max(sizes) <= 33 << 20


def test_without_library_and_program_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "zstandard", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "a.zst"
    path.write_bytes(zstandard.compress(TEXT))
    found, error = read(path)
    assert found == b""
    assert error is not None
    assert "install the Python library zstandard or the program zstd" in error


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.gz", b"plain text", "it does not begin as gzip does"),
        ("a.gz", b"", "it is empty"),
        ("a.zst", b"plain text", "it does not begin as zstd does"),
        ("a.bz2", b"BZh91AY", "compressed by bzip2, which is not read"),
        ("a.log", b"\xfd7zXZ\x00", "compressed by xz, which is not read"),
    ],
)
def test_what_is_not_what_it_is_called(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    (tmp_path / name).write_bytes(content)
    found, error = read(tmp_path / name)
    assert (found, why in (error or "")) == (b"", True)


def test_a_missing_file_cannot_be_read(tmp_path: Path) -> None:
    assert read(tmp_path / "gone") == (b"", "No such file or directory")
    assert files_module.compressed(str(tmp_path / "gone"))


def test_each_file_is_found_once(tmp_path: Path) -> None:
    for name in ("a.log", "b.log", ".hidden.log", "deep/er/c.log", "odd [1] $x;\n.log"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (tmp_path / "link.log").symlink_to(tmp_path / "a.log")
    os.link(tmp_path / "b.log", tmp_path / "hard.log")
    (tmp_path / "broken.log").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.log")
    found = find_files([f"{tmp_path}/*.log", f"{tmp_path}/a.log", f"{tmp_path}/**/*.log"])
    assert [(Path(file.path).name, file.error) for file in found if file.path.endswith("log")] == [
        ("a.log", None),
        ("b.log", None),
        ("broken.log", "No such file or directory"),
        ("odd [1] $x;\n.log", None),
        ("pipe.log", "it is a pipe, not a file"),
        ("broken.log", "No such file or directory"),
        ("c.log", None),
    ]
    assert [file.error for file in find_files([f"{tmp_path}/odd [1] $x;\n.log"])] == [None]
    assert [Path(file.path).name for file in find_files([f"{tmp_path}/.h*"])] == [".hidden.log"]


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "sock"))
        paths = [
            str(tmp_path),
            str(tmp_path / "sock"),
            "/dev/null",
            f"{tmp_path}/no*",
            f"{tmp_path}/no",
            "a\0b",
            "/a**b",
        ]
        errors = [file.error for file in find_files(paths)]
    assert errors[:5] == [
        "it is a directory, not a file",
        "it is a socket, not a file",
        "it is a device, not a file",
        "no file matches",
        "no such file",
    ]
    assert all(errors)


def test_relative_globs_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.log").write_text("x")
    monkeypatch.chdir(tmp_path)
    assert [file.path for file in find_files(["*.log"])] == ["x.log"]


@pytest.mark.parametrize("seed", range(20))
def test_stretches_of_a_file_hold_each_line_once(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    lines = [b"%d " % number + b"x" * dice.choice([0, 3, 50, 900]) for number in range(dice.randrange(1, 80))]
    text = b"\n".join(lines) + dice.choice([b"", b"\n"])
    path = tmp_path / "a.log"
    path.write_bytes(text)
    pieces = dice.randrange(1, 9)
    ends = [len(text) * piece // pieces for piece in range(pieces + 1)]
    found, total = b"", 0
    for start, end in zip(ends, ends[1:]):
        got: list[bytes] = []
        before: list[bytes] = []
        read_part(str(path), start, end, before.append, got.append)
        joined = b"".join(got)
        assert all(text.startswith(given) or given == b"" for given in before)
        assert not before or before[0] == found
        found += joined
        total += len(joined)
    assert (found, total) == (text, len(text))


def test_large_plain_files_are_shared_out(tmp_path: Path) -> None:
    piece = 8 << 20
    (tmp_path / "big").write_text("2026-11-22")
    (tmp_path / "packed.gz").write_bytes(gzip.compress(b"x"))
    big, packed = FoundFile(f"{tmp_path}/big", size=5 * piece), FoundFile(f"{tmp_path}/packed.gz", size=piece)
    small = FoundFile(f"{tmp_path}/big", size=10)

    def planned(files: list[FoundFile], concurrency: int) -> list[list[tuple[int, int, int | None]]]:
        shares = plan(list(enumerate(files)), concurrency)
        return [
            [(part.place, part.start // piece, part.end and part.end // piece) for part in share] for share in shares
        ]

    assert planned([small, small], 4) == [[(0, 0, None), (1, 0, None)]]
    assert planned([], 4) == [[]]
    assert planned([big], 1) == [[(0, 0, None)]]
    assert planned([big], 5) == [[(0, start, start + 1)] for start in range(5)]
    assert planned([big, packed], 2) == [[(1, 0, None)], [(0, 0, 2), (0, 2, 5)]]


@pytest.mark.parametrize("made", MAKERS)
def test_several_processes_count_as_one_does(tmp_path: Path, made: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_module, "SMALLEST_PART", 5000)
    text = MAKERS[made](random.Random(3), 300)
    (tmp_path / "a.log").write_bytes(text)
    (tmp_path / "b.log").write_bytes(MAKERS[made](random.Random(4), 100))
    (tmp_path / "c.log.gz").write_bytes(gzip.compress(MAKERS[made](random.Random(5), 100)))
    (tmp_path / "d.log.gz").write_bytes(gzip.compress(text)[:-20])
    spec = source(format=made, patterns=PATTERNS, paths=(f"{tmp_path}/*",))
    alone = scan(spec, settings(), HOST, 1)
    together = scan(spec, settings(), HOST, 3)
    assert alone["entries"] > 400
    assert [bool(file["error"]) for file in alone["files"]] == [False, False, False, True]
    assert together == alone


def test_a_process_that_dies_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_module, "SMALLEST_PART", 100)
    monkeypatch.setattr(scan_module._Worker, "help", lambda *_given: os._exit(9))
    (tmp_path / "a.log").write_bytes(TEXT[:10000])
    with pytest.raises(NotPossible, match="a process ended with 9 before it was done"):
        scan(source(paths=(str(tmp_path / "a.log"),)), settings(), HOST, 2)


def test_old_files_are_not_read_for_a_recent_period(tmp_path: Path) -> None:
    asked = settings(since=settings().now - 3600)
    for name, age in (("new.log", 0), ("day.log", 80000), ("old.log", 100000)):
        path = tmp_path / name
        path.write_text("2026-11-22 01:59:00 ERROR x\n")
        os.utime(path, (asked.now - age, asked.now - age))
    found: dict[str, Any] = scan(source(paths=(f"{tmp_path}/*.log",)), asked, HOST)
    assert [(file["lines"], file["skipped"] is None) for file in found["files"]] == [(1, True), (1, True), (0, False)]
    assert found["levels"] == {"error": 2}


def test_growth_during_the_scan_is_left_for_the_next(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(TEXT)
    pieces = io.BytesIO()

    def sink(chunk: bytes) -> None:
        pieces.write(chunk)
        with path.open("ab") as stream:
            stream.write(chunk)

    read_file(str(path), HOST, sink, Budget())
    assert pieces.getvalue() == TEXT
