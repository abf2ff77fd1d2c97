"""A real Elasticsearch node for tests: one per test process, started when first asked for, gone with the process."""

from __future__ import annotations

import atexit
import ctypes
import functools
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from conftest import unused_port

RUN = Path(__file__).parents[1].parent / "shared" / "elasticsearch" / "run"
_READY_WITHIN = 90
_JAVA = "-Xms512m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
"""A node that lives for minutes is compiled quickly rather than well."""


def elasticsearch_url() -> str:
    """The address of the node; skips the test where there is none (conftest makes that a failure where CI is true)."""
    if not RUN.exists():
        pytest.skip("requires: Elasticsearch, ../shared/elasticsearch is missing")
    if shutil.which("java") is None:
        pytest.skip("requires: Elasticsearch, Java is missing")
    return _node()


def _die_with_the_tests() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG: a killed test run leaves no node behind


@functools.cache
def _node() -> str:
    state = Path(tempfile.mkdtemp(prefix="molva-elasticsearch-"))
    url = f"http://127.0.0.1:{(port := unused_port())}"
    log = (state / "log").open("wb")
    command = [str(RUN), str(state / "state"), str(port)]
    environ = {"ES_JAVA_OPTS": _JAVA, **os.environ}
    process = subprocess.Popen(command, env=environ, stdout=log, stderr=subprocess.STDOUT, preexec_fn=_die_with_the_tests)

    def stop() -> None:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        log.close()
        shutil.rmtree(state, ignore_errors=True)

    atexit.register(stop)
    browser = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + _READY_WITHIN
    while time.monotonic() < until and process.poll() is None:
        try:
            with browser.open(f"{url}/_cluster/health?wait_for_status=green&timeout=5s", timeout=10):
                return url
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.3)
    pytest.fail(f"Elasticsearch did not start: {(state / 'log').read_text(errors='replace')[-2000:]}")
