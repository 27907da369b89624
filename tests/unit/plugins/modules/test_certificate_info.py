# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module certificate_info: its options, its documentation, its one shape of result. Files only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509

from ansible_collections.day2.ops.plugins.module_utils._certificates import library
from ansible_collections.day2.ops.plugins.modules import certificate_info
from tests.conftest import RunModule
from tests.stacks.pki import issue

CA = issue("Test CA", authority=True)
SERVER = issue("www.example.org", ["www.example.org"], CA)
RENEWED = issue("www.example.org", ["www.example.org"], CA, days=(-1, 89))


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Paths of a CA bundle, a certificate, and the same renewed."""
    made = {"ca": CA, "server": SERVER, "renewed": RENEWED}
    return {name: str(issued.save(tmp_path, name)[0]) for name, issued in made.items()}


def test_the_result_has_the_documented_keys(run_module: RunModule, files: dict[str, str]) -> None:
    documented = yaml.safe_load(certificate_info.RETURN)["certificates"]["contains"]
    sources = [
        {"type": "file", "path": files["server"], "ca_cert": files["ca"], "compare_with": files["renewed"]},
        {"type": "file", "path": "/nonexistent"},
    ]
    good, bad = run_module("certificate_info", {"sources": sources})["certificates"]
    assert good.keys() == bad.keys() == documented.keys()
    assert good["chain"][0].keys() == documented["chain"]["contains"].keys()
    assert good["compared_with"].keys() == documented["compared_with"]["contains"].keys()
    assert bad["error"].keys() == documented["error"]["contains"].keys()
    assert {key for key, value in bad.items() if value is not None} == {"name", "type", "source", "reached", "error"}


def test_the_options_are_documented() -> None:
    documented = yaml.safe_load(certificate_info.DOCUMENTATION)["options"]
    assert certificate_info.SOURCE.keys() == documented["sources"]["suboptions"].keys()


def test_a_renewed_certificate_that_is_not_in_use_shows(run_module: RunModule, files: dict[str, str]) -> None:
    source = {"type": "file", "path": files["server"], "ca_cert": files["ca"], "server_name": "www.example.org"}
    compared = [{**source, "compare_with": files[name]} for name in ("server", "renewed")]
    missing = {**source, "compare_with": "/nonexistent"}
    unread = {**source, "path": "/nonexistent", "compare_with": files["server"]}
    found = run_module("certificate_info", {"sources": [*compared, missing, unread]})["certificates"]
    assert [one["matches_file"] for one in found] == [True, False, None, None]
    assert [one["chain_valid"] for one in found] == [True, True, True, None]
    assert [one["name_matches"] for one in found] == [True, True, True, None]
    assert found[1]["compared_with"]["days_left"] > 80 > found[1]["days_left"]
    assert found[2]["compared_with"]["error"]["kind"] == "NotReadable"
    assert found[3]["compared_with"]["not_after"] == found[0]["not_after"]


def test_a_file_to_compare_with_may_hold_nonsense(run_module: RunModule, files: dict[str, str], tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense"
    nonsense.write_bytes(b"\x30 no certificate")
    source = {"type": "file", "path": files["server"], "compare_with": str(nonsense)}
    found = run_module("certificate_info", {"sources": [source, {"type": "file", "path": str(nonsense)}]})
    same, unread = found["certificates"]
    assert same["matches_file"] is False
    assert same["compared_with"]["not_after"] is None
    assert unread["reached"] is False
    assert unread["error"]["kind"] == "NotACertificate"


def test_names_that_cannot_be_understood_are_null_with_a_reason(run_module: RunModule, tmp_path: Path) -> None:
    broken = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"\x30\x03\x01")
    path = issue("x", by=CA, extensions=[(broken, False)]).save(tmp_path, "broken")[0]
    source = {"type": "file", "path": str(path), "server_name": "www.example.org"}
    (found,) = run_module("certificate_info", {"sources": [source]})["certificates"]
    assert (found["reached"], found["names"], found["name_matches"]) == (True, None, None)
    assert found["subject"] == "CN=x"
    assert found["error"]["kind"] == "NotUnderstood"
    assert "names: " in found["error"]["why"]
    assert "name_matches: " in found["error"]["why"]


def test_no_sources_are_no_certificates(run_module: RunModule) -> None:
    result = run_module("certificate_info", {"sources": []})
    assert (result["certificates"], result["changed"]) == ([], False)


def test_check_mode_reads_all_the_same(run_module: RunModule, files: dict[str, str]) -> None:
    result = run_module("certificate_info", {"sources": [{"type": "file", "path": files["server"]}]}, check_mode=True)
    assert result["changed"] is False
    assert result["certificates"][0]["subject"] == "CN=www.example.org"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "missing required arguments: sources"),
        ({"sources": [{}]}, "type is endpoint but all of the following are missing: host"),
        ({"sources": [{"type": "file"}]}, "type is file but all of the following are missing: path"),
        ({"sources": [{"host": "a", "path": "/x"}]}, "mutually exclusive: host|path"),
        ({"sources": [{"type": "file", "port": 1, "path": "/x"}]}, "mutually exclusive: port|path"),
        ({"sources": [{"host": "a", "port": "https"}]}, "unable to convert to int"),
        ({"sources": [{"host": "a", "starttls": "ftp"}]}, "value of starttls must be one of"),
        ({"sources": [{"host": "a", "colour": "red"}]}, "Unsupported parameters"),
        (
            {"sources": [{"host": ""}]},
            "Reading the options on the source number 1 failed: host is empty. Give the source a host.",
        ),
        ({"sources": [{"host": "a", "port": 70000}]}, "70000 is no port. Give a port between 1 and 65535."),
        ({"sources": [{"host": "a"}], "timeout": 0}, "a timeout of 0.0 seconds is not possible"),
        ({"sources": [{"host": "a"}], "concurrency": 0}, "0 is less than 1. Give a number of at least 1."),
    ],
)
def test_bad_options_fail(run_module: RunModule, params: dict[str, Any], message: str) -> None:
    result = run_module("certificate_info", params)
    assert result["failed"]
    assert message in result["msg"]


def test_without_the_library_the_module_says_what_to_install(
    run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "VERSION", None)
    result = run_module("certificate_info", {"sources": []})
    assert result["failed"]
    assert result["error"]["kind"] == "NotPossible"
    assert "Install cryptography>=41" in result["msg"]
