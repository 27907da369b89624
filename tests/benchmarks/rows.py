# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of a made-up platform, the same each time: as uneven, and as easy to compress, as those of real ones.

Text is of words, of which few are frequent and many are rare. What repeats on platforms repeats here: cities, paths and
browsers, what a catalogue says of its goods, paragraphs that somebody wrote once and a program sends again and again.
What does not, does not: amounts, times, references, what people write.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import accumulate

__all__ = ["KINDS", "PARTY", "Kind", "Maker", "Stock"]

_SEED = 20261127
_WORDS = 20_000
_SYLLABLES = (
    "an", "ar", "be", "ber", "bu", "de", "den", "di", "en", "er", "es", "fa", "fe", "ge", "gi", "gro", "hal", "in",
    "ka", "keit", "la", "le", "lin", "lo", "ma", "mel", "mo", "na", "ne", "no", "on", "or", "ost", "pe", "pra", "ra",
    "re", "rü", "sa", "schen", "se", "si", "so", "ta", "te", "ti", "to", "un", "ver", "vor", "wa", "wen", "zu", "ör",
)  # fmt: skip
_COUNTRIES = ["DE", "DE", "DE", "DE", "AT", "CH", "NL", "FR", "PL", "DK"]
_STATUSES = ["new", "paid", "paid", "packed", "shipped", "shipped", "shipped", "returned", "cancelled"]
_EVENTS = ["view", "view", "view", "view", "search", "cart", "login", "logout", "purchase", "error"]
_BEGIN = datetime(2023, 1, 1)


class Stock:
    """What values are taken from; the same for all tables."""

    def __init__(self) -> None:
        dice = random.Random(_SEED)
        made = {"".join(dice.choices(_SYLLABLES, k=dice.choice((1, 2, 2, 3, 3, 4)))) for _turn in range(3 * _WORDS)}
        self._words = sorted(sorted(made), key=lambda word: (dice.random() + 1) * len(word))[:_WORDS]
        # The n-th word is as frequent as 1/n: so it is in every language.
        self._weights = list(accumulate(1 / (rank + 2) for rank in range(len(self._words))))
        self.cities = [dice.choice(self._words).capitalize() for _turn in range(900)]
        self.streets = [f"{dice.choice(self._words).capitalize()}straße" for _turn in range(4000)]
        self.paths = [f"/{dice.choice(self._words)}/{dice.choice(self._words)}" for _turn in range(3000)]
        self.hosts = [
            f"{dice.choice(self._words)}.example.{end}" for end in ("org", "net", "com") for _turn in range(60)
        ]
        self.agents = [
            f"Mozilla/5.0 ({system}) AppleWebKit/{dice.randrange(530, 610)}.{dice.randrange(40)} "
            f"(KHTML, like Gecko) {browser}/{dice.randrange(90, 150)}.0.{dice.randrange(7000)}.0"
            for system in ("X11; Linux x86_64", "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7")
            for browser in ("Chrome", "Safari", "Firefox", "Edge")
            for _turn in range(40)
        ]
        self.goods = [
            f'{{"sku": "{dice.randrange(10**8):08d}", "title": "{self.text(dice, 4, 14)}", '
            f'"price": {dice.lognormvariate(3, 1):.2f}, "group": "{self.text(dice, 1, 2)}"}}'
            for _turn in range(6000)
        ]
        self.templates = [f"{self.text(dice, 20, 90)} %s {self.text(dice, 5, 40)}." for _turn in range(2500)]

    def text(self, dice: random.Random, least: int, most: int) -> str:
        """So many words."""
        return " ".join(dice.choices(self._words, cum_weights=self._weights, k=dice.randint(least, most)))


stock = cache(Stock)


class Maker:
    """Makes the values of one table's rows.

    :param number: which table; each has values of its own.
    :param parties: how many rows there are that others belong to.
    """

    def __init__(self, number: int, parties: int) -> None:
        self.dice = random.Random(_SEED + number)
        self.stock = stock()
        self._parties = parties
        self._clock = _BEGIN

    def text(self, least: int, most: int) -> str:
        """So many words."""
        return self.stock.text(self.dice, least, most)

    def paragraph(self) -> str:
        """One that a program wrote, or one that a person did."""
        if self.dice.random() < 0.6:
            return self.dice.choice(self.stock.templates) % self.text(1, 3)
        return self.text(10, 60) + "."

    def later(self, seconds: float) -> str:
        """A moment some time after the last one."""
        self._clock += timedelta(seconds=self.dice.expovariate(1 / seconds))
        return f"{self._clock:%Y-%m-%d %H:%M:%S.%f}+00"

    def party(self) -> int:
        """One of those that rows belong to; some have many more rows than others."""
        return 1 + int(self._parties * self.dice.random() ** 2)


def _party(maker: Maker, number: int) -> str:
    name = maker.text(2, 3).title()
    mail = f"{name.replace(' ', '.').lower()}.{number}@example.org"
    return f"{number}\t{name}\t{mail}\t{maker.later(900)}"


def _order(maker: Maker, number: int) -> str:
    dice = maker.dice
    note = maker.text(4, 18) if dice.random() < 0.3 else r"\N"
    items = ", ".join(dice.choices(maker.stock.goods, k=dice.choice((1, 1, 1, 2, 2, 3, 5))))
    to = (
        f'{{"street": "{dice.choice(maker.stock.streets)} {dice.randrange(1, 180)}", '
        f'"zip": "{dice.randrange(10000, 99999)}", "city": "{dice.choice(maker.stock.cities)}", '
        f'"country": "{dice.choice(_COUNTRIES)}", '
        f'"gift": {"true" if dice.random() < 0.05 else "false"}, "items": [{items}]}}'
    )
    total = dice.lognormvariate(4, 1)
    return f"{number}\t{maker.party()}\t{maker.later(40)}\t{dice.choice(_STATUSES)}\t{total:.2f}\t{to}\t{note}"


def _event(maker: Maker, number: int) -> str:
    dice = maker.dice
    payload = (
        f'{{"path": "{dice.choice(maker.stock.paths)}/{dice.randrange(40000)}", '
        f'"agent": "{dice.choice(maker.stock.agents)}", '
        f'"referrer": "https://{dice.choice(maker.stock.hosts)}{dice.choice(maker.stock.paths)}", '
        f'"ms": {dice.lognormvariate(3, 1):.2f}, "status": {dice.choice((200, 200, 200, 200, 302, 404, 500))}, '
        f'"query": "{maker.text(1, 4)}"}}'
    )
    address = f"10.{dice.randrange(40)}.{dice.randrange(255)}.{dice.randrange(255)}"
    return f"{number}\t{maker.party()}\t{maker.later(7)}\t{dice.choice(_EVENTS)}\t{address}\t{payload}"


def _document(maker: Maker, number: int) -> str:
    dice = maker.dice
    body = r"\n\n".join(maker.paragraph() for _turn in range(dice.randint(1, 4)))
    tags = ",".join(maker.text(1, 1) for _turn in range(dice.randrange(5)))
    return f"{number}\t{maker.party()}\t{maker.text(3, 9).capitalize()}\t{body}\t{{{tags}}}\t{maker.later(300)}"


def _booking(maker: Maker, number: int) -> str:
    dice = maker.dice
    amount, balance = dice.lognormvariate(4, 1.5), dice.lognormvariate(7, 1.5)
    reference = f"{maker.later(60)[:10]}/{number:08d}-{dice.randrange(10**6):06d}"
    day = maker.later(1)[:10]
    return f"{number}\t{maker.party()}\t{day}\t{amount:.2f}\t{balance:.2f}\t{reference}\t{maker.text(3, 10)}"


def _measurement(maker: Maker, number: int) -> str:
    dice = maker.dice
    return f"{number}\t{maker.party()}\t{maker.later(2)}\t{dice.gauss(21, 4)!r}\t{dice.choice((0, 0, 0, 1, 2))}"


@dataclass(frozen=True)
class Kind:
    """Tables of one shape.

    :ivar columns: SQL that declares them, the key first.
    :ivar indexes: what the indexes beside the primary key are of; a unique one is marked so.
    :ivar row_bytes: what a row takes on the server's disk, in its indexes too, about.
    :ivar row: writes a row as COPY takes it.
    """

    name: str
    columns: str
    indexes: tuple[str, ...]
    row_bytes: int
    row: Callable[[Maker, int], str]

    def rows(self, maker: Maker, count: int) -> Iterator[str]:
        """So many rows."""
        return (self.row(maker, number) + "\n" for number in range(1, count + 1))


PARTY = Kind(
    "party", "name text NOT NULL, mail text NOT NULL, since timestamptz NOT NULL", ("UNIQUE (mail)",), 250, _party
)

_OF = "party_id integer NOT NULL"

KINDS = (
    Kind(
        "document",
        f"{_OF}, title text NOT NULL, body text NOT NULL, tags text[] NOT NULL, updated timestamptz NOT NULL",
        ("(party_id)", "(title)"),
        1050,
        _document,
    ),
    Kind(
        "event",
        f"{_OF}, at timestamptz NOT NULL, kind text NOT NULL, address inet NOT NULL, payload jsonb NOT NULL",
        ("(at)", "(party_id)"),
        450,
        _event,
    ),
    Kind(
        "customer_order",
        f"{_OF}, placed timestamptz NOT NULL, status text NOT NULL, total numeric(12,2) NOT NULL, "
        "shipping jsonb NOT NULL, note text",
        ("(party_id, placed)", "(placed)", "(status)"),
        600,
        _order,
    ),
    Kind(
        "booking",
        f"{_OF}, booked date NOT NULL, amount numeric(14,2) NOT NULL, balance numeric(16,2) NOT NULL, "
        "reference text NOT NULL, purpose text NOT NULL",
        ("UNIQUE (reference)", "(party_id, booked)"),
        250,
        _booking,
    ),
    Kind(
        "measurement",
        f"{_OF}, at timestamptz NOT NULL, value double precision NOT NULL, quality smallint NOT NULL",
        ("(party_id, at)",),
        130,
        _measurement,
    ),
)
