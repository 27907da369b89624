# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs: functions, procedures, aggregates, languages, transforms, casts, event triggers."""

from __future__ import annotations

from .kind import (
    BUILT_IN,
    OWN_SCHEMA,
    Kind,
    Since,
    acl,
    not_made_along,
    not_of_extension,
    option,
    owner,
    qualified,
    routine,
    unless,
)

__all__ = ["ROUTINES"]


def _types(array: str) -> str:
    """The names of types, in their order."""
    return f"""(SELECT array_agg(format_type(a.type, NULL) ORDER BY a.place)
                FROM unnest({array}) WITH ORDINALITY AS a (type, place))"""


# A function's name is put together from its own row: what makes a signature would look at the function as it is now.
_SIGNATURE = (
    f"{qualified('c.proname')} || '(' || coalesce(array_to_string({_types('c.proargtypes::oid[]')}, ', '), '') || ')'"
)
# Types of ranges bring functions and casts of their own, more with each version.
_OWN_FUNCTION = f"""{OWN_SCHEMA} AND {not_of_extension("pg_proc", "c.oid")}
         AND {not_made_along("pg_proc", "c.oid")}"""

_FUNCTION = Kind(
    "function",
    _SIGNATURE,
    {
        "kind": "c.prokind",
        "owner": owner("c.proowner"),
        "acl": acl("c.proacl", "'f'", "c.proowner"),
        "language": option("pg_language", "lanname", "c.prolang"),
        "returns": "format_type(c.prorettype, NULL)",
        "returns_set": unless("c.proretset", "false"),
        "argument_names": "c.proargnames",
        "argument_modes": "c.proargmodes::text[]",
        "argument_types": _types("c.proallargtypes"),
        "argument_defaults": "pg_get_expr(c.proargdefaults, 0)",
        "variadic": "CASE WHEN c.provariadic <> 0 THEN format_type(c.provariadic, NULL) END",
        "source": "c.prosrc",
        "library": "c.probin",
        "body": Since(14, "CASE WHEN c.prosqlbody IS NOT NULL THEN pg_get_function_sqlbody(c.oid) END"),
        "volatility": "c.provolatile",
        "parallel": unless("c.proparallel", "'u'"),
        "strict": unless("c.proisstrict", "false"),
        "security_definer": unless("c.prosecdef", "false"),
        "leakproof": unless("c.proleakproof", "false"),
        "cost": "c.procost",
        "rows": unless("c.prorows", "0"),
        "support": routine("c.prosupport"),
        "transforms": _types("c.protrftypes"),
        "settings": "c.proconfig",
    },
    f"""FROM pg_proc AS c JOIN pg_namespace AS n ON n.oid = c.pronamespace
   WHERE {_OWN_FUNCTION}""",
)

_AGGREGATE = Kind(
    "aggregate",
    _SIGNATURE,
    {
        "kind": unless("a.aggkind", "'n'"),
        "direct_arguments": unless("a.aggnumdirectargs", "0"),
        "transition": routine("a.aggtransfn"),
        "final": routine("a.aggfinalfn"),
        "combine": routine("a.aggcombinefn"),
        "serial": routine("a.aggserialfn"),
        "deserial": routine("a.aggdeserialfn"),
        "moving_transition": routine("a.aggmtransfn"),
        "moving_inverse": routine("a.aggminvtransfn"),
        "moving_final": routine("a.aggmfinalfn"),
        "final_extra": unless("a.aggfinalextra", "false"),
        "moving_final_extra": unless("a.aggmfinalextra", "false"),
        "final_modifies": unless("a.aggfinalmodify", "'r'"),
        "moving_final_modifies": unless("a.aggmfinalmodify", "'r'"),
        "sort_operator": "NULLIF(a.aggsortop, 0)::regoperator::text",
        "state": "format_type(a.aggtranstype, NULL)",
        "state_bytes": unless("a.aggtransspace", "0"),
        "moving_state": "CASE WHEN a.aggmtranstype <> 0 THEN format_type(a.aggmtranstype, NULL) END",
        "moving_state_bytes": unless("a.aggmtransspace", "0"),
        "initial": "a.agginitval",
        "moving_initial": "a.aggminitval",
    },
    f"""FROM pg_aggregate AS a JOIN pg_proc AS c ON c.oid = a.aggfnoid JOIN pg_namespace AS n ON n.oid = c.pronamespace
   WHERE {_OWN_FUNCTION}""",
)

_LANGUAGE = Kind(
    "language",
    "quote_ident(c.lanname)",
    {
        "owner": owner("c.lanowner"),
        "acl": acl("c.lanacl", "'l'", "c.lanowner"),
        "trusted": "c.lanpltrusted",
        "handler": routine("c.lanplcallfoid"),
        "inline": routine("c.laninline"),
        "validator": routine("c.lanvalidator"),
    },
    f"FROM pg_language AS c WHERE c.oid >= {BUILT_IN} AND {not_of_extension('pg_language', 'c.oid')}",
)

_TRANSFORM = Kind(
    "transform",
    f"format('%s in %I', format_type(c.trftype, NULL), {option('pg_language', 'lanname', 'c.trflang')})",
    {"from_sql": routine("c.trffromsql"), "to_sql": routine("c.trftosql")},
    f"FROM pg_transform AS c WHERE {not_of_extension('pg_transform', 'c.oid')}",
)

_CAST = Kind(
    "cast",
    "format('%s AS %s', format_type(c.castsource, NULL), format_type(c.casttarget, NULL))",
    {"context": "c.castcontext", "method": "c.castmethod", "function": routine("c.castfunc")},
    f"""FROM pg_cast AS c
   WHERE c.oid >= {BUILT_IN} AND {not_of_extension("pg_cast", "c.oid")} AND {not_made_along("pg_cast", "c.oid")}""",
)

_EVENT_TRIGGER = Kind(
    "event trigger",
    "quote_ident(c.evtname)",
    {
        "owner": owner("c.evtowner"),
        "event": "c.evtevent",
        "enabled": "c.evtenabled",
        "tags": "c.evttags",
        "function": routine("c.evtfoid"),
    },
    f"FROM pg_event_trigger AS c WHERE {not_of_extension('pg_event_trigger', 'c.oid')}",
)

ROUTINES = (_FUNCTION, _AGGREGATE, _LANGUAGE, _TRANSFORM, _CAST, _EVENT_TRIGGER)
