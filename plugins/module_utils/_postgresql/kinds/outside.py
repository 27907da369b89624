# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What reaches beyond the database: extensions, foreign data, publications.

User mappings and subscriptions are no part of a catalog: they hold passwords, and restores leave them alone.
"""

from __future__ import annotations

from .kind import Kind, Since, acl, not_of_extension, option, owner, routine, unless

__all__ = ["OUTSIDE"]

_EXTENSION = Kind(
    "extension",
    "quote_ident(c.extname)",
    {"version": "c.extversion", "schema": option("pg_namespace", "nspname", "c.extnamespace")},
    "FROM pg_extension AS c",
)

_WRAPPER = Kind(
    "foreign data wrapper",
    "quote_ident(c.fdwname)",
    {
        "owner": owner("c.fdwowner"),
        "acl": acl("c.fdwacl", "'F'", "c.fdwowner"),
        "handler": routine("c.fdwhandler"),
        "validator": routine("c.fdwvalidator"),
        "foreign_options": "c.fdwoptions",
    },
    f"FROM pg_foreign_data_wrapper AS c WHERE {not_of_extension('pg_foreign_data_wrapper', 'c.oid')}",
)

_SERVER = Kind(
    "foreign server",
    "quote_ident(c.srvname)",
    {
        "owner": owner("c.srvowner"),
        "acl": acl("c.srvacl", "'S'", "c.srvowner"),
        "wrapper": option("pg_foreign_data_wrapper", "fdwname", "c.srvfdw"),
        "type": "c.srvtype",
        "version": "c.srvversion",
        "foreign_options": "c.srvoptions",
    },
    f"FROM pg_foreign_server AS c WHERE {not_of_extension('pg_foreign_server', 'c.oid')}",
)

_PUBLICATION = Kind(
    "publication",
    "quote_ident(c.pubname)",
    {
        "owner": owner("c.pubowner"),
        "all_tables": "c.puballtables",
        "inserts": "c.pubinsert",
        "updates": "c.pubupdate",
        "deletes": "c.pubdelete",
        "truncates": "c.pubtruncate",
        "via_root": unless("c.pubviaroot", "false"),
        "generated": Since(18, unless("c.pubgencols", "'n'")),
    },
    "FROM pg_publication AS c",
)

_PUBLISHED_TABLE = Kind(
    "published table",
    "quote_ident(c.pubname) || ': ' || t.prrelid::regclass::text",
    {
        "row_filter": Since(15, "pg_get_expr(t.prqual, t.prrelid)"),
        "columns": Since(
            15,
            """(SELECT array_agg(a.attname ORDER BY a.attnum) FROM pg_attribute AS a
                WHERE a.attrelid = t.prrelid AND a.attnum = ANY (t.prattrs))""",
        ),
    },
    "FROM pg_publication_rel AS t JOIN pg_publication AS c ON c.oid = t.prpubid",
)

_PUBLISHED_SCHEMA = Kind(
    "published schema",
    "quote_ident(c.pubname) || ': ' || quote_ident(n.nspname)",
    {},
    """FROM pg_publication_namespace AS s JOIN pg_publication AS c ON c.oid = s.pnpubid
        JOIN pg_namespace AS n ON n.oid = s.pnnspid""",
    since=15,
)

OUTSIDE = (_EXTENSION, _WRAPPER, _SERVER, _PUBLICATION, _PUBLISHED_TABLE, _PUBLISHED_SCHEMA)
