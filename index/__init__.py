"""Posts, mentions and authors, kept and counted: one `Index` with two engines that answer equally.

The rule to know: `MOLVA_INDEX` says where it is: an http(s) address is Elasticsearch, anything else a folder of the
embedded engine, and without it the embedded engine is in `MOLVA_DATA/index`. The last part of the address's path names the
index, `http://host:9200/NAME`, and every data folder needs a name of its own on a server; without one it is `molva`. The key
of Elasticsearch is in `MOLVA_INDEX_KEY`. No engine ever stands in for the other.
"""

from __future__ import annotations

import os
from pathlib import Path

from crawlers.place import data_folder
from index.elastic import ElasticIndex
from index.elastic_node import address
from index.embedded import EmbeddedIndex
from index.query import Index


def open_index(where: str | None = None) -> Index:
    """The index at `where`, else at MOLVA_INDEX, else the embedded one in MOLVA_DATA/index.

    Raises IndexUnavailable for an address that can't name an index.
    """
    own = data_folder() / "index"
    where = where or os.environ.get("MOLVA_INDEX") or str(own)
    if where.startswith(("http://", "https://")):
        server, name = address(where)
        return ElasticIndex(server, name, key=os.environ.get("MOLVA_INDEX_KEY") or None, lock=own / "elastic.lock")
    return EmbeddedIndex(Path(where))
