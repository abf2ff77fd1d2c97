"""Molva as `make run` starts it, for benchmarks of the whole."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]


def environment() -> dict[str, str]:
    """This process's own as the Makefile hands it on: Python keeps what it compiles, or each process compiles all modules anew."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def free_port() -> int:
    """A port of loopback that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(places: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """`run.py` with these variables, on ports of its own; it is ended behind."""
    ports = {name: str(free_port()) for name in ("MOLVA_DASHBOARD_PORT", "MOLVA_AIRFLOW_PORT")}
    run = subprocess.Popen([sys.executable, str(ROOT / "run.py")], env=environment() | places | ports, stdout=sys.stderr, cwd=ROOT)
    try:
        yield run
    finally:
        run.send_signal(signal.SIGTERM)
        run.wait()
