"""The address of an index in Elasticsearch, as MOLVA_INDEX gives it.

The rule to know: it is read without Elasticsearch's client, which takes two seconds to import and which the embedded index
never needs.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from index.query import IndexUnavailable

DEFAULT_NAME = "molva"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_HOST = re.compile(r"[\w.:-]+")


def address(url: str) -> tuple[str, str]:
    """Server and name of the index, of an address `http://host:9200/NAME`; the name is `molva` where there is none.

    Raises IndexUnavailable for what can't be an address, and for a name that Elasticsearch would not take.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError as error:
        raise no_address("its host or its port can't be") from error
    if not _HOST.fullmatch(host) or port == 0 or parts.query or parts.fragment:
        raise no_address("it has no host that can be, or more than a host, a port and a name")
    path, _, name = parts.path.rpartition("/")
    if not _NAME.fullmatch(name or DEFAULT_NAME):
        raise IndexUnavailable(
            f"{name!r} can't name an index: at the end of MOLVA_INDEX, after the last /, put small Latin letters, digits, - and _"
            " (the first a letter or digit, at most 100)."
        )
    return parts._replace(path=path).geturl(), name or DEFAULT_NAME


def no_address(why: str) -> IndexUnavailable:
    """What MOLVA_INDEX says is no address. It isn't repeated, for a password may stand in it."""
    return IndexUnavailable(f"MOLVA_INDEX is no address of Elasticsearch ({why}): write it as http://host:9200/NAME.")
