"""Requests of clients that bring their own HTTP: they pass the same gate and the same wall as the spiders.

The rule to know: a private address is refused after connecting and before a byte is sent, whatever the name said.
"""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import requests
from prawcore.exceptions import RequestException
from prawcore.requestor import Requestor
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, ReadTimeoutError

from crawlers.address import is_public
from crawlers.gate import FAILURES, Gate, retry_after
from crawlers.hostfile import host_of
from crawlers.settings import DOWNLOAD_MAXSIZE, DOWNLOAD_TIMEOUT, GATE_BACK_OFF, GATE_PATIENCE
from crawlers.source import CollectError


class PolitePraw(Requestor):
    """What praw sends its requests with."""

    def __init__(self, *, data: Path, delay: float, allow_private: bool, **kwargs: Any) -> None:
        super().__init__(session=session(allow_private=allow_private), timeout=DOWNLOAD_TIMEOUT, **kwargs)
        self.gate = Gate(data / "gate", back_off=GATE_BACK_OFF)
        self.delay = delay

    def request(self, *args: Any, timeout: float | None = None, **kwargs: Any) -> requests.Response:
        """Send a request when its host's gate opens. Raises CollectError where that takes longer than a run waits."""
        url = str(args[1] if len(args) > 1 else kwargs["url"])
        host = host_of(url)
        while (wait := self.gate.enter(host, self.delay)) > 0:
            if wait > GATE_PATIENCE:
                raise CollectError(self.gate.why(host, wait))
            time.sleep(wait)
        try:
            response = super().request(*args, timeout=timeout, **kwargs)
        except RequestException as error:
            if isinstance(error.original_exception, requests.Timeout):
                self.gate.in_vain(host)
            elif not isinstance(error.original_exception, CollectError):
                self.gate.failed(host)
            raise
        if response.status_code in FAILURES:
            self.gate.failed(host, retry_after(response.headers.get("Retry-After"), time.time()))
        else:
            self.gate.answered(host)
        return response


class _Session(requests.Session):
    """A session whose answers are limited in size and time: requests itself limits the silence between two bytes only."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """The answer with its body. Raises CollectError where that is too large, also when unpacked, or takes too long."""
        until = time.monotonic() + DOWNLOAD_TIMEOUT
        with super().request(*args, **kwargs | {"stream": True}) as response:
            body = bytearray()
            try:
                while chunk := response.raw.read1(64 * 1024, decode_content=True):
                    body += chunk
                    if len(body) > DOWNLOAD_MAXSIZE:
                        raise CollectError(f"{response.url}: the answer is larger than a page may be")
                    if time.monotonic() > until:
                        raise CollectError(f"{response.url}: no answer in time")
            except ReadTimeoutError as error:
                raise requests.ReadTimeout(error) from error
            except HTTPError as error:
                raise requests.ConnectionError(error) from error
            response._content, response._content_consumed = bytes(body), True
        return response


def session(*, allow_private: bool) -> requests.Session:
    """A session without proxies and settings of the environment, that reaches public addresses only unless told otherwise."""
    made = _Session()
    made.trust_env = False
    made.max_redirects = 5
    if not allow_private:
        for scheme in ("http://", "https://"):
            made.mount(scheme, PublicAdapter())
    return made


def _checked(connected: socket.socket, host: str) -> socket.socket:
    address = connected.getpeername()[0]
    if not is_public(address):
        connected.close()
        raise CollectError(f"{host} is at the private address {address}; if that is meant, set allow_private: true")
    return connected


class _PublicConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn(), self.host)


class _PublicSecureConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn(), self.host)


class _PublicPool(HTTPConnectionPool):
    ConnectionCls = _PublicConnection


class _PublicSecurePool(HTTPSConnectionPool):
    ConnectionCls = _PublicSecureConnection


class PublicAdapter(HTTPAdapter):
    """Connects to public addresses only."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PublicPool, "https": _PublicSecurePool}
