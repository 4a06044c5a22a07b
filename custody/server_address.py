"""A PostgreSQL address taken apart: what the driver is given, what may be shown of it, and why nobody answers there.

libpq reads it, so whatever psql takes is taken here: sockets and several hosts, ?host=, services and password files.
"""

import re
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from custody.places import DatabaseError

Parts = dict[str, str]
"""The address by libpq's own names (host, port, user, dbname, password, …)."""

_HABITS = {"connect_timeout": "10", "client_encoding": "utf8", "fallback_application_name": "bulkhead"}
_SHOWN_BEHIND = ("host", "service")


def parts_of(address: str) -> Parts:
    """An address by its parts; DatabaseError, with nothing of it in its words, where it cannot be read."""
    try:
        given = {name: str(value) for name, value in conninfo_to_dict(address).items() if value not in {None, ""}}
    except psycopg.Error:
        given = None  # libpq's words are not passed on: they repeat what it could not read
    if given is None or not _is_what_was_meant(address, given):
        raise DatabaseError(
            "postgresql://…: this address cannot be read; give postgresql://USER@HOST/DATABASE, a character such as"
            " @ : / ? or % in a password as %40 %3A %2F %3F %25"
        )
    return {**_HABITS, **given}


def _is_what_was_meant(address: str, given: Parts) -> bool:
    """Not where a @ or a / of a password has passed for the address's own: what is behind it would be shown."""
    where, _, database = address.partition("://")[2].partition("?")[0].partition("/")
    ports = given.get("port", "").split(",")
    return where.count("@") <= 1 and "@" not in database and all(not port or port.isdigit() for port in ports)


def printable(parts: Parts) -> str:
    """What may be shown of an address: who, where and which database."""
    host, port = parts.get("host", ""), parts.get("port", "")
    is_socket = host.startswith(("/", "@"))
    user = f"{quote(parts['user'])}@" if "user" in parts else ""
    where = "" if is_socket else f"[{host}]" if ":" in host else host
    behind = {name: parts[name] for name in _SHOWN_BEHIND if name in parts and (is_socket or name != "host")}
    query = "&".join(f"{name}={quote(value)}" for name, value in behind.items())
    database = quote(parts.get("dbname", ""))
    return f"postgresql://{user}{where}{':' + port if port else ''}/{database}{'?' + query if query else ''}"


def why_not(error: psycopg.Error) -> str:
    """Why there is no connection, with what to do; in libpq's own words, for a failed login has no code."""
    words = " ".join(str(error).split())
    if re.search("password authentication failed|no password supplied", words):
        return f"the server refuses this user or password ({words}); check both"
    if re.search('database "[^"]*" does not exist', words):
        return f"the server has no such database ({words}); make it first, with CREATE DATABASE"
    return f"the server cannot be reached or lets nobody in ({words}); check the address, and that it runs"
