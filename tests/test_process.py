"""Families of processes end as a whole: on a signal, when a part is killed, and when the runner itself is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from conftest import ROOT, until

FAMILY = """
import os, subprocess, sys, time
from process import end_with_parent, lead

def work(family):
    # A part that ignores SIGTERM, whose child has a session of its own and loses its parent: what Airflow's tasks do.
    task = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
    part = f'''
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {task!r}], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    subprocess.Popen([sys.executable, "-c", {task!r}], start_new_session=True)
    os._exit(0)
time.sleep(300)
'''
    subprocess.Popen([sys.executable, "-c", part], start_new_session=True, preexec_fn=end_with_parent)
    while sum(process.cmdline()[-1] == task for process in family.members()) < 2:
        time.sleep(0.1)
    time.sleep(0.3)
    print("ready", os.getpid(), *(process.pid for process in family.members()), flush=True)
    while not family.asked():
        time.sleep(0.05)
    family.sweep()
    return 7

sys.exit(lead(work))
"""


def family() -> tuple[subprocess.Popen[str], list[psutil.Process]]:
    """A runner whose family stands: itself, and everything below it, the inner process first."""
    runner = subprocess.Popen(
        [sys.executable, "-c", FAMILY], cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert runner.stdout is not None
    said = runner.stdout.readline().split()
    assert said[0] == "ready"
    members = [psutil.Process(int(pid)) for pid in said[1:]]
    assert len(members) == 4
    return runner, members


def alive(members: list[psutil.Process]) -> list[psutil.Process]:
    return [member for member in members if member.is_running() and member.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("what", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_orphans_in_sessions_of_their_own_too(what: signal.Signals) -> None:
    runner, members = family()
    runner.send_signal(what)
    assert runner.wait(10) == 7
    assert alive(members) == []


def test_killed_inner_process_ends_the_family() -> None:
    runner, members = family()
    members[0].kill()
    assert runner.wait(10) == 1
    assert alive(members) == []


def test_killed_runner_ends_the_family() -> None:
    runner, members = family()
    runner.kill()
    runner.wait(10)
    until(lambda: not alive(members), 10, "the family ends after its head was killed")


def test_second_signal_ends_a_family_that_does_not_want_to() -> None:
    stubborn = FAMILY.replace("while not family.asked():", "while True:")
    runner = subprocess.Popen([sys.executable, "-c", stubborn], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert runner.stdout is not None
    members = [psutil.Process(int(pid)) for pid in runner.stdout.readline().split()[1:]]
    runner.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert runner.poll() is None
    runner.send_signal(signal.SIGINT)
    assert runner.wait(10) == 1
    assert alive(members) == []


def test_data_is_in_use_as_long_as_anything_lives_that_inherited_it(tmp_path: Path) -> None:
    from process import Refused, only_one

    lock = only_one(tmp_path)
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], pass_fds=(lock,))
    os.close(lock)
    try:
        with pytest.raises(Refused, match=f"process {os.getpid()}"):
            only_one(tmp_path)
    finally:
        left.kill()
        left.wait()
    os.close(only_one(tmp_path))
