"""The Elasticsearch side of things: the connection, its errors in plain words, the indices and their aliases.

The rule to know: everybody reads and writes through the aliases `<prefix>-posts`, `-mentions`, `-authors`, `-loaded`. A
rebuild fills indices of the next generation and moves the aliases in one step; the retired ones stay for readers that
are in the middle of a listing and are removed by the next writer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from elastic_transport import ConnectionError as NoConnection
from elastic_transport import ConnectionTimeout, TransportError
from elasticsearch import (
    ApiError,
    AuthenticationException,
    AuthorizationException,
    BadRequestError,
    Elasticsearch,
    NotFoundError,
    UnsupportedProductError,
    helpers,
)

from index.elastic_mapping import KINDS, SETTINGS, VERSION, Kind, mapping
from index.query import IndexUnavailable

_REBUILD = "run `python -m advocacy rebuild`"
_FULL = ("flood-stage", "read-only-allow-delete", "no space left")


_KEY = re.compile(r"[!-~]+")


def client(url: str, key: str | None) -> Elasticsearch:
    """A client with the port that goes without saying: 443 for https, 9200 for http.

    Raises IndexUnavailable for a key that can't be sent.
    """
    if key is not None and not _KEY.fullmatch(key):
        raise IndexUnavailable(
            "MOLVA_INDEX_KEY holds what no key of Elasticsearch does (spaces or other letters than Latin): put a valid one."
        )
    parts = urlsplit(url)
    if parts.port is None:
        netloc = parts.netloc.rstrip(":")
        url = parts._replace(netloc=f"{netloc}:{443 if parts.scheme == 'https' else 9200}").geturl()
    return Elasticsearch(url, api_key=key, request_timeout=60, max_retries=3, retry_on_timeout=True)


@contextmanager
def said(url: str) -> Iterator[None]:
    """Elasticsearch's errors in one sentence each, with what to do. Errors of ours (a bad request) stay as they are."""
    place = without_password(url)
    try:
        yield
    except (AuthenticationException, AuthorizationException) as error:
        if any(sign in str(error) for sign in _FULL):
            raise _full(place) from error
        raise IndexUnavailable(f"Elasticsearch at {place} refuses the key: put a valid one into MOLVA_INDEX_KEY.") from error
    except ConnectionTimeout as error:
        raise IndexUnavailable(f"Elasticsearch at {place} doesn't answer in time: see its load, the next run catches up.") from error
    except NoConnection as error:
        raise IndexUnavailable(f"Elasticsearch at {place} can't be reached: start it, or mend MOLVA_INDEX.") from error
    except UnsupportedProductError as error:
        raise IndexUnavailable(f"{place} doesn't answer like Elasticsearch: mend MOLVA_INDEX.") from error
    except ApiError as error:
        if any(sign in str(error) for sign in _FULL):
            raise _full(place) from error
        if error.status_code in (429, 502, 503, 504):
            raise IndexUnavailable(f"Elasticsearch at {place} is overloaded or starting ({error.status_code}): try again later.") from error
        if error.status_code == 404:
            raise IndexUnavailable(f"The index at {place} was replaced or removed meanwhile: try again, or {_REBUILD}.") from error
        raise
    except TransportError as error:
        raise IndexUnavailable(f"{place} doesn't answer like Elasticsearch ({error.message}): mend MOLVA_INDEX.") from error


def _full(place: str) -> IndexUnavailable:
    return IndexUnavailable(f"The disk of Elasticsearch at {place} is full: free some space, the next run catches up.")


def without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def write(elastic: Elasticsearch, place: str, actions: Iterable[dict[str, Any]]) -> None:
    """Send the documents in bulk, again where the node was too busy.

    Documents to delete or update that are not there are passed over. Raises IndexUnavailable when one is not taken.
    """
    for done, answer in helpers.streaming_bulk(
        elastic, actions, chunk_size=500, max_chunk_bytes=10_000_000, max_retries=4, initial_backoff=0.5, raise_on_error=False
    ):
        ((operation, result),) = answer.items()
        if done or (operation in ("delete", "update") and result.get("status") == 404):
            continue
        reason = str(result.get("error"))
        if any(sign in reason for sign in _FULL):
            raise _full(without_password(place))
        raise IndexUnavailable(f"Elasticsearch at {without_password(place)} refused {result.get('_id')}: {reason}")


class Indices:
    """The indices of one prefix: which generation the aliases name, which comes next."""

    def __init__(self, elastic: Elasticsearch, prefix: str) -> None:
        self._elastic = elastic
        self._prefix = prefix

    def alias(self, kind: Kind) -> str:
        return f"{self._prefix}-{kind}"

    def name(self, kind: Kind, generation: int) -> str:
        return f"{self._prefix}-{kind}-{generation:06d}"

    def exist(self) -> bool:
        """Whether anything was ever written. Raises IndexUnavailable for indices of another version, or no Elasticsearch."""
        try:
            found = self._elastic.indices.get_mapping(index=self.alias("mentions"))
        except NotFoundError as error:
            if error.meta.headers.get("x-elastic-product") != "Elasticsearch":
                raise UnsupportedProductError("no Elasticsearch", meta=error.meta, body=error.body) from error
            return False
        ((name, body),) = found.items()
        if body["mappings"].get("_meta", {}).get("version") != VERSION:
            raise IndexUnavailable(f"{name} was written by another version of the program: {_REBUILD}.")
        return True

    def create(self) -> int:
        """Empty indices of the next generation, that no alias names yet."""
        generation = max((number for _, number in self._all()), default=0) + 1
        while not self._created(generation):
            generation += 1
        return generation

    def _created(self, generation: int) -> bool:
        """Create all kinds; False where Elasticsearch has just created one of them for a writer that was killed since."""
        try:
            for kind in KINDS:
                self._elastic.indices.create(index=self.name(kind, generation), settings=SETTINGS, mappings=mapping(kind))
        except BadRequestError as error:
            if error.error != "resource_already_exists_exception":
                raise
            return False
        return True

    def make_current(self, generation: int) -> None:
        """Move the aliases to the generation, all in one step."""
        actions: list[dict[str, Any]] = []
        for name in self._behind_aliases():
            actions.append({"remove": {"index": name, "alias": self.alias(self._kind(name))}})
        actions += [{"add": {"index": self.name(kind, generation), "alias": self.alias(kind)}} for kind in KINDS]
        self._elastic.indices.update_aliases(actions=actions)

    def remove_others(self) -> None:
        """Remove all that no alias names: retired generations and those that a killed rebuild left half-built."""
        current = self._behind_aliases()
        self.remove(name for name, _ in self._all() if name not in current)

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            self._elastic.indices.delete(index=name, ignore_unavailable=True)

    def _kind(self, name: str) -> Kind:
        return next(kind for kind in KINDS if name.startswith(f"{self._prefix}-{kind}-"))

    def _all(self) -> list[tuple[str, int]]:
        pattern = re.compile(rf"{re.escape(self._prefix)}-({'|'.join(KINDS)})-(\d{{6}})")
        found = self._elastic.indices.get(index=f"{self._prefix}-*", expand_wildcards="open,closed", features="aliases")
        return [(name, int(match[2])) for name in found if (match := pattern.fullmatch(name))]

    def _behind_aliases(self) -> set[str]:
        names = {self.alias(kind) for kind in KINDS}
        found = self._elastic.indices.get_alias(index=f"{self._prefix}-*")
        return {name for name, body in found.items() if names & set(body["aliases"])}
