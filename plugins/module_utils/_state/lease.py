# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Leases: one run at a time works on an environment, and everybody can see which.

What is to be done follows from the lease as it stands (:func:`plan_of`, pure); check mode tells the plan, and the
real run makes the same plan while it holds the lock, then does it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

from .._errors import Day2Error, Refused
from .lease_file import LeaseFile
from .lease_record import Damaged, Holder, Lease, Moment, iso, moment

__all__ = ["LeaseHeld", "LeaseLost", "Plan", "Request", "plan_of", "work"]

LOCK_PATIENCE = 10.0
POLL_SECONDS = 0.5
LONGEST_LIFETIME = 7 * 86400


class LeaseHeld(Refused):
    """Another run works on the environment."""


class LeaseLost(Day2Error):
    """The lease that was to be renewed is no longer this run's."""


@dataclass(frozen=True)
class Request:
    """What is wanted of a lease: ``held``, ``renewed``, ``released`` or ``read``, by whom, for how long."""

    state: str
    holder: Holder
    lifetime: int
    wait: int


@dataclass(frozen=True)
class Plan:
    """What to do with a lease, and why.

    :ivar action: ``taken``, ``taken_over``, ``renewed``, ``released`` or ``none``.
    :ivar told: why, as a sentence.
    :ivar obstacle: why what is wanted cannot be had now; empty when it can.
    """

    action: str
    told: str
    obstacle: str = ""


def work(file: LeaseFile, request: Request, check_mode: bool) -> dict[str, Any]:
    """Do with the lease what *request* asks; in check mode, or when only reading, look and tell.

    :returns: the module's result.
    :raises LeaseHeld: when another run holds it to the end of the wait.
    :raises LeaseLost: when it was to be renewed, and is not this run's.
    """
    _check(file, request)
    if check_mode or request.state == "read" or _nothing_to_release(file, request):
        return _looked_at(file, request)
    started = time.monotonic()
    while True:
        with file.locked(LOCK_PATIENCE):
            now, before = moment(), file.read()
            plan = plan_of(request, before, now)
            if not plan.obstacle:
                after = _do(file, request, plan, before, now)
                return _result(file, request, plan, before, after, now, time.monotonic() - started)
        waited = time.monotonic() - started
        if request.state == "renewed" or waited >= request.wait:
            raise _error(file, request, plan, before, now, waited)
        time.sleep(min(POLL_SECONDS, request.wait - waited))


def plan_of(request: Request, before: Lease | Damaged | None, now: Moment) -> Plan:
    """What *request* means for the lease that is there now."""
    if request.state == "read":
        return Plan("none", f"{_standing(before, request, now)}.")
    mine = isinstance(before, Lease) and before.holder.run == request.holder.run
    if request.state == "released":
        return _plan_to_release(before, request, now, mine)
    if isinstance(before, Lease) and mine:
        late = -before.seconds_left(now)
        told = f" {late:.0f} seconds after it expired; nobody had taken it over" if late >= 0 else ""
        return Plan("renewed", f"This run holds the lease and renews it{told}.")
    if request.state == "renewed":
        return Plan("none", "The lease is not this run's.", _standing(before, request, now))
    if before is None:
        return Plan("taken", "Nobody holds the lease.")
    if _left(before, request, now) > 0:
        return Plan("none", "Another run may be working.", _standing(before, request, now))
    return Plan("taken_over", f"{_standing(before, request, now)}; this run takes the lease over.")


def _plan_to_release(before: Lease | Damaged | None, request: Request, now: Moment, mine: bool) -> Plan:
    if mine:
        return Plan("released", "This run gives the lease back.")
    return Plan("none", f"{_standing(before, request, now)}; it is not this run's to release.")


def _check(file: LeaseFile, request: Request) -> None:
    doing, on = "reading the options of the lease", f"environment {file.environment!r}"
    if not 1 <= request.lifetime <= LONGEST_LIFETIME:
        raise Refused(
            doing, on, f"a lifetime of {request.lifetime} seconds", f"Choose between 1 and {LONGEST_LIFETIME}."
        )
    if request.wait < 0:
        raise Refused(doing, on, f"a wait of {request.wait} seconds", "Choose 0 or more.")
    if request.state != "read" and not request.holder.run.strip():
        raise Refused(doing, on, "the run has no name", "Give the run's id.")


def _nothing_to_release(file: LeaseFile, request: Request) -> bool:
    # Nobody can make a lease this run's but this run, so looking without the lock is enough.
    return request.state == "released" and plan_of(request, file.read(), moment()).action == "none"


def _looked_at(file: LeaseFile, request: Request) -> dict[str, Any]:
    now, before = moment(), file.read()
    plan = plan_of(request, before, now)
    if plan.obstacle and request.state == "held":
        would = f"would wait up to {request.wait} seconds for it and then fail" if request.wait else "would fail"
        plan = replace(plan, told=f"{plan.obstacle}; this run {would}.")
    elif plan.obstacle:
        plan = replace(plan, told=f"{plan.obstacle}; renewing it would fail.")
    return _result(file, request, plan, before, before, now, 0.0)


def _do(
    file: LeaseFile, request: Request, plan: Plan, before: Lease | Damaged | None, now: Moment
) -> Lease | Damaged | None:
    """Do the plan under the lock; return the lease as it is then."""
    if plan.action == "none":
        return before
    if plan.action == "released":
        file.remove()
        return None
    lease = Lease(file.environment, request.holder, now.wall, now, float(request.lifetime))
    if plan.action == "renewed" and isinstance(before, Lease):
        lease = replace(before, renewed=now, lifetime=lease.lifetime)
        file.replace(lease)
    elif plan.action == "taken_over":
        file.replace(lease)
    elif not file.create(lease):
        found = file.read()
        raise _error(file, request, Plan("none", "", _standing(found, request, now)), found, now, 0.0)
    return lease


def _result(
    file: LeaseFile,
    request: Request,
    plan: Plan,
    before: Lease | Damaged | None,
    after: Lease | Damaged | None,
    now: Moment,
    waited: float,
) -> dict[str, Any]:
    lease = after if isinstance(after, Lease) else None
    empty = dict.fromkeys(("run", "runbook", "person", "controller", "since", "expires"))
    document = {
        "environment": file.environment,
        "path": str(file.path),
        "state": _state(after, request, now),
        "mine": lease is not None and lease.holder.run == request.holder.run,
        **(lease.summary() if lease else empty),
        "seconds_left": None if after is None else max(0, round(_left(after, request, now))),
        "action": plan.action,
        "taken_over": _taken_over(before, empty) if plan.action == "taken_over" else None,
        "waited_seconds": round(waited, 1),
        "message": plan.told,
    }
    late = plan.action == "renewed" and isinstance(before, Lease) and before.seconds_left(now) <= 0
    told = plan.action == "taken_over" or late
    return {"changed": False, "lease": document, "warnings": [plan.told] if told else []}


def _taken_over(before: Lease | Damaged | None, empty: dict[str, Any]) -> dict[str, Any]:
    if isinstance(before, Lease):
        return {**before.summary(), "damage": None}
    return {**empty, "damage": before.why if before else None}


def _left(lease: Lease | Damaged, request: Request, now: Moment) -> float:
    return lease.seconds_left(now, request.lifetime) if isinstance(lease, Damaged) else lease.seconds_left(now)


def _state(lease: Lease | Damaged | None, request: Request, now: Moment) -> str:
    if lease is None:
        return "free"
    if isinstance(lease, Damaged):
        return "damaged"
    return "held" if _left(lease, request, now) > 0 else "expired"


def _standing(lease: Lease | Damaged | None, request: Request, now: Moment) -> str:
    """Who holds the lease, since when, until when: the beginning of a sentence."""
    if lease is None:
        return "Nobody holds the lease"
    left = _left(lease, request, now)
    if isinstance(lease, Damaged):
        respected = f"is respected for {left:.0f} more seconds" if left > 0 else "is too old to be respected"
        return f"The lease file is damaged ({lease.why}), was written at {iso(lease.modified)} and {respected}"
    expiry = f"expires at {iso(lease.expires)}, in {left:.0f} seconds" if left > 0 else _expired(lease, now)
    return f"The lease is held by {lease.holder} since {iso(lease.since)} and {expiry}"


def _expired(lease: Lease, now: Moment) -> str:
    if lease.renewed.wall > now.wall + lease.lifetime:
        return "has no valid expiry, for the clock has been set back since"
    return f"expired at {iso(lease.expires)}"


def _error(
    file: LeaseFile, request: Request, plan: Plan, before: Lease | Damaged | None, now: Moment, waited: float
) -> Day2Error:
    on = f"environment {file.environment!r}"
    why = plan.obstacle[:1].lower() + plan.obstacle[1:]
    if request.state == "renewed":
        return LeaseLost(
            f"renewing the lease of run {request.holder.run}",
            on,
            why,
            "Stop this run: another may have worked since. Look at what it had done, then start it again.",
        )
    remedy = "Wait for that run to end, or give a longer wait."
    if isinstance(before, Lease):
        remedy += f" If it is dead, its lease can be released by its id, {before.holder.run}."
    else:
        remedy += " If nothing works on the environment, remove the file."
    waited_for = f" (waited {waited:.0f} seconds)" if request.wait else ""
    return LeaseHeld("taking the lease", on, why + waited_for, remedy)
