# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A container: how it is found, and its runner; programs run in it through the engine's command-line client."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from .._errors import Unreachable
from .engine import CLIENT, engine_environment
from .engine_output import SHORT, Container
from .runner import Environment, Launch, Runner, StreamBroken, Streamed, Word, placed
from .runtime import Service
from .selection import Selection, alike

__all__ = ["ContainerRunner", "select"]

_ID = re.compile(rf"[0-9a-f]{{{SHORT},64}}")

# Descriptors above those that the programs below use; a POSIX shell knows none above 9.
_PRIVATE = (7, 8, 9)

# Constant programs for the container's POSIX shell: whatever varies comes as arguments, never as text of the script.

# Makes names in $folder begin with $own, and removes what programs of ours that were killed have left there.
_FOLDER = """
folder=${TMPDIR:-/tmp}; [ -w "$folder" ] || folder=/dev/shm
own=$folder/day2.$$
for old in "$folder"/day2.*; do
  maker=${old#"$folder"/day2.}
  if [ -O "$old" ] && [ ! -L "$old" ] && [ ! -d "/proc/${maker%%.*}" ]; then rm -rf -- "$old"; fi
done
"""

# Reads files of the sizes in $2 from standard input, opens them for "$@" under the numbers from $1 on, and becomes it.
# Each has lost its name before anything is in it.
_WITH_FILES = (
    _FOLDER
    + """
fail() { printf 'day2.ops can make no private file here: %s\\n' "$1" >&2; exit 125; }
number=$1 sizes=$2; shift 2
whole=iflag=fullblock
dd "$whole" count=0 < /dev/null 2> /dev/null || whole=
take() {
  if [ -z "$whole" ]; then dd bs=1 count="$1"; return; fi
  if [ "$1" -ge 65536 ]; then dd bs=65536 count=$(($1 / 65536)) "$whole"; fi
  if [ $(($1 % 65536)) -gt 0 ]; then dd bs=$(($1 % 65536)) count=1 "$whole"; fi
}
for size in $sizes; do
  file=$(mktemp "$own.XXXXXX") || fail "no folder for temporary files takes one"
  eval "exec $number<> \\"\\$file\\"" && rm -f -- "$file" || fail "its name stays"
  [ -e "/proc/self/fd/$number" ] || fail "there is no /proc"
  take "$size" >&$number 2> /dev/null
  [ $(wc -c < "/proc/self/fd/$number") -eq "$size" ] || fail "it did not arrive whole"
  number=$((number + 1))
done
exec "$@"
"""
)

# Runs "$@" and reports what it wrote. Ends it when standard input ends: then the reader of its output is gone.
# Both ends of its pipe are open before it starts: whoever opened a named pipe alone would wait for ever.
_SENDER = (
    _FOLDER
    + """
mark=$1; shift
dir=$(mktemp -d "$own.XXXXXX") || exit 125
trap 'rm -rf "$dir"' EXIT
mkfifo "$dir/out" "$dir/size" "$dir/sum" || exit 125
exec 3<&0 6<> "$dir/out" 4< "$dir/out" 5> "$dir/out" 6>&-
wc -c < "$dir/size" > "$dir/size.is" 3<&- 4<&- 5>&- & sizer=$!
sha256sum < "$dir/sum" > "$dir/sum.is" 3<&- 4<&- 5>&- & summer=$!
tee "$dir/size" "$dir/sum" <&4 3<&- 4<&- 5>&- & copier=$!
"$@" < /dev/null >&5 3<&- 4<&- 5>&- & main=$!
exec 4<&- 5>&-
{ cat <&3; kill "$main"; } > /dev/null 2>&1 & watch=$!
exec 3<&-
wait "$main"; status=$?
wait "$copier" "$sizer" "$summer"
kill "$watch" 2> /dev/null
printf '\\n%s %s %s\\n' "$mark" "$(tr -d ' ' < "$dir/size.is")" "$(cut -c1-64 < "$dir/sum.is")" >&2
exit "$status"
"""
)

# Runs "$@" with standard input and reports what came in.
_RECEIVER = (
    _FOLDER
    + """
mark=$1; shift
dir=$(mktemp -d "$own.XXXXXX") || exit 125
trap 'rm -rf "$dir"' EXIT
mkfifo "$dir/size" "$dir/sum" || exit 125
wc -c < "$dir/size" > "$dir/size.is" & sizer=$!
sha256sum < "$dir/sum" > "$dir/sum.is" & summer=$!
tee "$dir/size" "$dir/sum" | "$@"; status=$?
wait "$sizer" "$summer"
printf '\\n%s %s %s\\n' "$mark" "$(tr -d ' ' < "$dir/size.is")" "$(cut -c1-64 < "$dir/sum.is")" >&2
exit "$status"
"""
)


def select(service: Service, containers: Iterable[Container]) -> Selection:
    """The container of that name, or else of that id, among those of an engine."""
    there = list(containers)
    found = [container for container in there if container.name == service.name]
    if not found and _ID.fullmatch(service.name):
        found = [container for container in there if container.id == service.name[:SHORT]]
    if found:
        return Selection(tuple(found), ())
    near = alike(service.name, {container.name for container in there})
    return Selection((), (f"The engine has no container {service.name}.{near}",))


class ContainerRunner(Runner):
    """Runs programs inside a running container through the engine's command-line client.

    :param name: the container's name or id.
    :param user: the user inside the container; the image's own when omitted.
    :param client: the client program.
    """

    direct = False

    def __init__(self, name: str, user: str | None = None, client: str = CLIENT) -> None:
        self.name = name
        self.where = f"container {name}"
        self.client = client
        self._user = user
        # A word that no program's own message can hold by chance.
        self._mark = f"day2-stream-{secrets.token_hex(8)}"

    @contextmanager
    def launch(self, argv: Sequence[Word], env: Environment) -> Iterator[Launch]:
        contents: list[bytes] = []

        def place(content: bytes) -> str:
            contents.append(content)
            return f"/proc/self/fd/{_PRIVATE[len(contents) - 1]}"

        words, variables = placed(argv, env, place)
        if contents:
            sizes = " ".join(str(len(content)) for content in contents)
            words = ["sh", "-c", _WITH_FILES, "sh", str(_PRIVATE[0]), sizes, *words]
        yield Launch(*self.command(words, variables), preface=b"".join(contents))

    def container(self) -> str:
        """The container's name or id; overridden where the container has to be found first."""
        return self.name

    def command(self, argv: Sequence[str], env: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
        """Return the local argv and environment that run *argv* with the added *env* in the container."""
        options = ["--interactive"]
        if self._user:
            options += ["--user", self._user]
        for name, value in {"LC_ALL": "C", **env}.items():
            options += ["--env", f"{name}={value}"]
        return [self.client, "exec", *options, "--", self.container(), *argv], engine_environment()

    def check(self) -> None:
        """Make sure that the container runs.

        :raises Unreachable: when it does not, or the engine does not answer.
        """
        done = self.run(["true"], timeout=30)
        if done.returncode:
            raise Unreachable(
                "reaching the service",
                self.where,
                done.stderr or f"its exec ended with status {done.returncode}",
                f"Start the container, or name the right one; '{self.client} ps' lists those that run.",
            )

    def sender(self, argv: Sequence[Word]) -> Sequence[Word]:
        return ["sh", "-c", _SENDER, "sh", self._mark, *argv]

    def receiver(self, argv: Sequence[Word]) -> Sequence[Word]:
        return ["sh", "-c", _RECEIVER, "sh", self._mark, *argv]

    def checked(self, streamed: Streamed, doing: str) -> Streamed:
        reports = re.findall(rf"^{self._mark} (\d+) ([0-9a-f]{{64}})$", streamed.stderr, re.MULTILINE)
        rest = re.sub(rf"\n?{self._mark}.*\n?", "", streamed.stderr)
        if streamed.returncode == 0 and reports != [(str(streamed.size), streamed.sha256)]:
            told = f"{reports[0][0]} bytes" if reports else "nothing"
            raise StreamBroken(
                doing,
                self.where,
                f"{streamed.size} bytes were counted here and {told} there, or their hashes differ",
                "Run it again; if it happens again, look at the engine's log and the host's memory.",
            )
        return replace(streamed, stderr=rest)
