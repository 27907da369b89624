# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Slots, senders, the receiver, subscriptions and publications."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable

from ..session import Row
from .look import Look

__all__ = ["replication"]

# Where the server's WAL ends: what it has written, or on a standby what it has received or replayed.
_END = """
  CASE WHEN pg_is_in_recovery()
    THEN GREATEST(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) ELSE pg_current_wal_lsn() END
"""


def replication(look: Look) -> dict[str, Any]:
    """Replication in both directions. Slots, senders and receiver are server-wide."""
    return {name: look.attempt(f"replication.{name}", partial(read, look)) for name, read in _PARTS.items()}


def _slots(look: Look) -> list[Row]:
    return look.query(
        """
        SELECT s.slot_name AS name, s.slot_type AS type, s.plugin, s.database, s.temporary, s.active, s.wal_status,
          pg_wal_lsn_diff("""
        + _END
        + """, s.restart_lsn)::bigint AS retained_bytes,
          s.safe_wal_size, {slot_inactive_since} AS inactive_since,
          round(extract(epoch FROM clock_timestamp() - {slot_inactive_since})::numeric) AS inactive_seconds,
          {slot_invalidation} AS invalidation_reason,
          age(s.xmin) AS xmin_age, age(s.catalog_xmin) AS catalog_xmin_age
        FROM pg_replication_slots s ORDER BY s.slot_name
        """
    )


def _senders(look: Look) -> list[Row] | None:
    if not look.role["pg_read_all_stats"]:
        look.miss("replication.senders", "the role does not see them; grant it pg_monitor (or pg_read_all_stats)")
        return None
    return look.query(
        """
        SELECT s.pid, s.application_name AS application, s.usename AS user, host(s.client_addr) AS client,
          s.state, s.sync_state,
          extract(epoch FROM s.write_lag) AS write_lag_seconds, extract(epoch FROM s.flush_lag) AS flush_lag_seconds,
          extract(epoch FROM s.replay_lag) AS replay_lag_seconds,
          pg_wal_lsn_diff("""
        + _END
        + """, s.sent_lsn)::bigint AS unsent_bytes,
          pg_wal_lsn_diff("""
        + _END
        + """, s.replay_lsn)::bigint AS lag_bytes
        FROM pg_stat_replication s ORDER BY s.application_name, s.pid
        """
    )


def _receiver(look: Look) -> Row | None:
    """The process that streams from a primary; None when there is none."""
    rows = look.query(
        """
        SELECT r.pid, r.status, r.sender_host, r.sender_port, r.slot_name AS slot, r.received_tli AS timeline,
          r.last_msg_receipt_time AS last_message,
          round(extract(epoch FROM clock_timestamp() - r.last_msg_receipt_time)::numeric, 3) AS last_message_seconds
        FROM pg_stat_wal_receiver r
        """
    )
    if rows and not look.role["pg_read_all_stats"]:
        look.miss("replication.receiver", "the role sees its pid only; grant it pg_monitor (or pg_read_all_stats)")
    return rows[0] if rows else None


def _standby(look: Look) -> Row | None:
    """How far a standby is behind; None on a primary. Without anything to replay, a standby is not behind."""
    if not look.in_recovery:
        return None
    facts = look.row(
        """
        SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::bigint AS unreplayed_bytes,
          pg_last_xact_replay_timestamp() AS last_replayed,
          CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
            ELSE round(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::numeric, 3)
          END AS replay_lag_seconds,
          pg_is_wal_replay_paused() AS replay_paused
        """
    )
    streaming = look.query("SELECT r.pid FROM pg_stat_wal_receiver r")
    if facts["replay_lag_seconds"] == 0 and not streaming:
        # What it has received it has replayed, but nobody is sending: how far it is behind is not known here.
        facts["replay_lag_seconds"] = None
        look.miss("replication.standby.replay_lag_seconds", "nothing streams to this standby: what it lacks is unknown")
    return facts


def _subscriptions(look: Look) -> list[Row]:
    return look.query(
        """
        SELECT s.subname AS name, s.subenabled AS enabled, s.subslotname AS slot, s.subpublications AS publications,
          w.pid, w.latest_end_time, w.last_msg_receipt_time AS last_message,
          round(extract(epoch FROM clock_timestamp() - w.last_msg_receipt_time)::numeric, 3) AS last_message_seconds,
          {apply_errors} AS apply_error_count, {sync_errors} AS sync_error_count,
          (SELECT count(*) FROM pg_subscription_rel r WHERE r.srsubid = s.oid) AS tables,
          (SELECT count(*) FROM pg_subscription_rel r WHERE r.srsubid = s.oid AND r.srsubstate <> 'r')
            AS tables_not_ready
        FROM pg_subscription s
        LEFT JOIN pg_stat_subscription w ON w.subid = s.oid AND {main_apply_worker}
        WHERE s.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
        ORDER BY s.subname
        """
    )


def _publications(look: Look) -> list[Row]:
    return look.query(
        """
        SELECT p.pubname AS name, p.puballtables AS all_tables,
          (SELECT count(*) FROM pg_publication_rel r WHERE r.prpubid = p.oid) AS tables, {published_schemas} AS schemas
        FROM pg_publication p ORDER BY p.pubname
        """
    )


_PARTS: dict[str, Callable[[Look], Any]] = {
    "slots": _slots,
    "senders": _senders,
    "receiver": _receiver,
    "standby": _standby,
    "subscriptions": _subscriptions,
    "publications": _publications,
}
