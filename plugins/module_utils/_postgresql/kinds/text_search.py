# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text search: configurations, dictionaries, parsers, templates."""

from __future__ import annotations

from .kind import OWN_SCHEMA, Kind, not_of_extension, owner, qualified, routine

__all__ = ["TEXT_SEARCH"]


def _own(catalog: str, schema: str) -> str:
    return f"""FROM {catalog} AS c JOIN pg_namespace AS n ON n.oid = {schema}
   WHERE {OWN_SCHEMA} AND {not_of_extension(catalog, "c.oid")}"""


_CONFIGURATION = Kind(
    "text search configuration",
    qualified("c.cfgname"),
    {
        "owner": owner("c.cfgowner"),
        "parser": """(SELECT quote_ident(s.nspname) || '.' || quote_ident(p.prsname)
                FROM pg_ts_parser AS p JOIN pg_namespace AS s ON s.oid = p.prsnamespace WHERE p.oid = c.cfgparser)""",
        "dictionaries": """(SELECT jsonb_object_agg(m.token, m.dictionaries) FROM (
                SELECT k.alias, array_agg(m.mapdict::regdictionary::text ORDER BY m.mapseqno)
                FROM pg_ts_config_map AS m JOIN ts_token_type(c.cfgparser) AS k ON k.tokid = m.maptokentype
                WHERE m.mapcfg = c.oid GROUP BY k.alias) AS m (token, dictionaries))""",
    },
    _own("pg_ts_config", "c.cfgnamespace"),
)

_DICTIONARY = Kind(
    "text search dictionary",
    qualified("c.dictname"),
    {
        "owner": owner("c.dictowner"),
        "template": """(SELECT quote_ident(s.nspname) || '.' || quote_ident(t.tmplname)
                FROM pg_ts_template AS t JOIN pg_namespace AS s ON s.oid = t.tmplnamespace
                WHERE t.oid = c.dicttemplate)""",
        "settings": "c.dictinitoption",
    },
    _own("pg_ts_dict", "c.dictnamespace"),
)

_PARSER = Kind(
    "text search parser",
    qualified("c.prsname"),
    {
        "start": routine("c.prsstart"),
        "token": routine("c.prstoken"),
        "end": routine("c.prsend"),
        "headline": routine("c.prsheadline"),
        "types": routine("c.prslextype"),
    },
    _own("pg_ts_parser", "c.prsnamespace"),
)

_TEMPLATE = Kind(
    "text search template",
    qualified("c.tmplname"),
    {"init": routine("c.tmplinit"), "lexize": routine("c.tmpllexize")},
    _own("pg_ts_template", "c.tmplnamespace"),
)

TEXT_SEARCH = (_CONFIGURATION, _DICTIONARY, _PARSER, _TEMPLATE)
