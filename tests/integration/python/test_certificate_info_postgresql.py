# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""certificate_info against PostgreSQL of each version."""

from __future__ import annotations

import io
import subprocess
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import RunModule
from tests.stacks.embedded import EmbeddedServer
from tests.stacks.pki import Issued
from tests.tools import servers
from tests.tools.containers import container
from tests.tools.program import output

from .certificate_places import MIDDLE, ROOT, Read, reader, server

HOME = "/var/lib/postgresql"


@pytest.fixture
def ca(tmp_path: Path) -> str:
    """The bundle with the root."""
    return str(ROOT.save(tmp_path, "ca")[0])


@pytest.fixture
def read(run_module: RunModule, ca: str) -> Read:
    """Read one source; the root is trusted."""
    return reader(run_module, ca)


@dataclass(frozen=True)
class Database:
    """A PostgreSQL server in a container, with ssl = on."""

    container: str
    host: str
    issued: Issued
    major: int

    def psql(self, query: str) -> str:
        """Ask over the local socket."""
        return output(["docker", "exec", self.container, "psql", "-X", "-A", "-t", "-c", query], check=False)


@pytest.fixture(scope="module", params=sorted(servers.MAJORS))
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """PostgreSQL of each version; those from 17 on also ask for client certificates."""
    issued = server(by=MIDDLE)
    settings = {"ssl": "on", "ssl_cert_file": f"{HOME}/server.crt", "ssl_key_file": f"{HOME}/server.key"}
    settings.update({"ssl_ca_file": f"{HOME}/ca.crt"} if request.param >= 17 else {})
    image = f"day2-test/postgresql:{request.param}"
    words = (word for setting, value in settings.items() for word in ("-c", f"{setting}={value}"))
    given = ["--env", "POSTGRES_PASSWORD=secret"]
    with container(f"certificates-{request.param}", image, *words, options=given, start=False) as name:
        archive = packed({"server.crt": issued.pem + MIDDLE.pem, "server.key": issued.key_pem, "ca.crt": ROOT.pem})
        subprocess.run(["docker", "cp", "-", f"{name}:{HOME}"], input=archive, check=True, capture_output=True)
        output(["docker", "start", name])
        address = output(["docker", "inspect", "--format", "{{.NetworkSettings.Networks.bridge.IPAddress}}", name])
        running = Database(name, address.strip(), issued, request.param)
        limit = time.monotonic() + 60
        while running.psql("SHOW ssl").strip() != "on":
            assert time.monotonic() < limit, output(["docker", "logs", name])
            time.sleep(0.1)
        yield running


def packed(files: dict[str, bytes]) -> bytes:
    """A tar archive of private files of the container's user postgres."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.uid, entry.gid = len(content), 0o600, 999, 999
            archive.addfile(entry, io.BytesIO(content))
    return whole.getvalue()


def test_postgresql(read: Read, database: Database, tmp_path: Path) -> None:
    expected = database.issued.save(tmp_path, "expected")[0]
    found = read(host=database.host, starttls="postgresql", server_name="localhost", compare_with=str(expected))
    assert (found["error"], found["chain_valid"], found["name_matches"]) == (None, True, True)
    assert found["matches_file"] is True
    assert [link["subject"] for link in found["chain"]] == ["CN=server.test", "CN=Middle"]
    assert found["client_certificate_requested"] is (database.major >= 17)
    assert read(host=database.host, starttls="postgresql")["name_matches"] is False


def test_postgresql_without_starttls(read: Read, database: Database) -> None:
    found = read(host=database.host, port=5432)
    if database.major >= 17:  # these also take TLS from the first byte
        assert (found["reached"], found["chain_valid"]) == (True, True)
    else:
        assert (found["reached"], found["error"]["kind"]) == (False, "Disconnected")
        assert "starttls" in found["error"]["remedy"]


def test_postgresql_logs_nothing_when_it_is_read(read: Read, database: Database) -> None:
    def log() -> list[str]:
        database.psql("DO $$ BEGIN RAISE LOG 'a mark'; END $$")
        said = subprocess.run(["docker", "logs", database.container], capture_output=True, text=True, check=True)
        return said.stderr.splitlines()

    before = log()
    assert read(host=database.host, starttls="postgresql")["reached"] is True
    new = log()[len(before) :]
    assert new
    assert all("a mark" in line or "PL/pgSQL" in line or "RAISE" in line for line in new), new


def test_postgresql_with_ssl_off(read: Read, embedded: EmbeddedServer) -> None:
    found = read(host=embedded.host, port=embedded.port, starttls="postgresql")
    assert (found["reached"], found["error"]["kind"]) == (False, "TlsNotOffered")
    assert "ssl = off" in found["error"]["why"]
