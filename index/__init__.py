"""Posts, mentions and authors, kept and counted: one `Index` with two engines that answer equally.

The rule to know: `MOLVA_INDEX` says where it is: an http(s) address is Elasticsearch, anything else a folder of the
embedded engine, and without it the embedded engine is in `MOLVA_DATA/index`. The last part of the address's path names the
index, `http://host:9200/NAME`, and every data folder needs a name of its own on a server; without one it is `molva`. The key
of Elasticsearch is in `MOLVA_INDEX_KEY`. What looks like an address that is not whole is refused and never made a folder:
no engine ever stands in for the other.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from crawlers.place import data_folder
from index.address import address, no_address
from index.embedded import EmbeddedIndex
from index.query import Index

_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_NEARLY = re.compile(r"\w+:/|https?[:/]|[^/]*:\d+(/|$)|\[", re.IGNORECASE)
"""How an address without its beginning, or a mistyped one, begins. A folder of such a name can be given as ./NAME."""


def open_index(where: str | None = None) -> Index:
    """The index at `where`, else at MOLVA_INDEX, else the embedded one in MOLVA_DATA/index.

    Raises IndexUnavailable for an address that can't name an index.
    """
    own = data_folder() / "index"
    where = (where or os.environ.get("MOLVA_INDEX") or "").strip()
    if _ADDRESS.match(where):
        from index.elastic import ElasticIndex  # two seconds that the embedded index is spared

        server, name = address(where)
        return ElasticIndex(server, name, key=os.environ.get("MOLVA_INDEX_KEY") or None, lock=own / "elastic.lock")
    if _NEARLY.match(where):
        raise no_address("it begins with neither http:// nor https://")
    return EmbeddedIndex(Path(where) if where else own)
