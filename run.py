"""Everything at once on one machine, loopback only: the demo's site, Airflow, the dashboard. `make run` calls it.

The rule to know: the parts start in the order they need each other and end together. When one ends by itself, so do all.
How nothing is left behind is told in process.py.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from process import Family, Refused, below, end_with_parent, lead, only_one, send

ROOT = Path(__file__).resolve().parent
DEMO = ROOT / "demo" / "config"
PORTS = {"MOLVA_DASHBOARD_PORT": 8501, "MOLVA_AIRFLOW_PORT": 8080, "MOLVA_DEMO_PORT": 8710}
POOL_SLOTS = 2
"""Tagging and loading at once: each tagging process holds the model."""
PATIENCE = 300.0
"""Seconds until an address must answer; an overloaded machine starts Airflow in a minute or two."""
GRACE, LAST_GRACE = 4.0, 1.0
"""Seconds that the parts, then Airflow's server, have to end by themselves. Ten in all are promised; a busy machine needs the rest."""


class Stopped(Exception):
    """A person or the system asked for the end."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where this run keeps its data, what it collects and where it listens."""

    config: Path
    data: Path
    ports: dict[str, int]

    def address(self, port: str) -> str:
        return f"http://127.0.0.1:{self.ports[port]}"

    @property
    def airflow_home(self) -> Path:
        return self.data / "airflow"

    @property
    def logs(self) -> Path:
        return self.data / "logs"


def setting(environ: dict[str, str]) -> Setting:
    """The setting of this run from the environment. Raises Refused on a folder that is none, a port that is none or is named twice."""
    config = Path(environ.get("MOLVA_CONFIG") or DEMO).resolve()
    data = Path(environ.get("MOLVA_DATA") or ROOT / "data" / ("demo" if config == DEMO else "")).resolve()
    ports: dict[str, int] = {}
    for name, usual in PORTS.items():
        if name == "MOLVA_DEMO_PORT" and config != DEMO:
            continue
        text = environ.get(name) or str(usual)
        if not text.isdecimal() or not 0 < int(text) < 65536:
            raise Refused(f"{name} is {text!r}: set it to a number from 1 to 65535.")
        if int(text) in ports.values():
            raise Refused(f"{name} is {text}, which another part uses already: set it to another port.")
        ports[name] = int(text)
    if not config.is_dir():
        raise Refused(f"There is no folder {config}: set MOLVA_CONFIG to the folder that holds `targets`.")
    return Setting(config=config, data=data, ports=ports)


def check_free(ports: dict[str, int]) -> None:
    """Raises Refused where a port is taken."""
    for name, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
                raise Refused(f"Port {port} {why}: set {name} to another one.") from None


def kept_secrets(home: Path) -> dict[str, str]:
    """Airflow's keys, made at the first start and kept, so that what was encrypted stays readable.

    Raises Refused where there is no room for them.
    """
    path = home / "secrets.json"
    if not path.exists():
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(f"{error.filename} cannot be written ({error.strerror}): set MOLVA_DATA to a folder that can.") from None
        keys = {
            "AIRFLOW__CORE__FERNET_KEY": urlsafe_b64encode(os.urandom(32)).decode(),
            "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(64),
        }
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(keys))
        draft.rename(path)
    found: dict[str, str] = json.loads(path.read_text())
    return found


def environment(run: Setting, environ: dict[str, str]) -> dict[str, str]:
    """The environment of every part: ours and Airflow's, with the packages of this interpreter in front."""
    loopback = ",".join(filter(None, [environ.get("NO_PROXY") or environ.get("no_proxy"), "127.0.0.1", "localhost"]))
    home = environ.get("HOME", "")
    return {
        **environ,
        # Streamlit and others write below the home folder, which services and containers may lack.
        "HOME": home if os.access(home, os.W_OK) else str(run.data),
        **{name: str(port) for name, port in run.ports.items()},
        "MOLVA_CONFIG": str(run.config),
        "MOLVA_DATA": str(run.data),
        "MOLVA_AIRFLOW_URL": run.address("MOLVA_AIRFLOW_PORT"),
        "AIRFLOW_HOME": str(run.airflow_home),
        "AIRFLOW_CONFIG": str(ROOT / "airflow.cfg"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__API__PORT": str(run.ports["MOLVA_AIRFLOW_PORT"]),
        "AIRFLOW__API__BASE_URL": run.address("MOLVA_AIRFLOW_PORT"),
        **kept_secrets(run.airflow_home),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), environ.get("PATH", os.defpath)]),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), environ.get("PYTHONPATH")])),
        "PYTHONUNBUFFERED": "1",
        "NO_COLOR": "1",
        "NO_PROXY": loopback,
        "no_proxy": loopback,
        "MALLOC_ARENA_MAX": "2",
    }


def say(line: str) -> None:
    """A short line for the person at the terminal, who may have left."""
    with contextlib.suppress(OSError):
        print(line, flush=True)


@dataclass
class Parts:
    """The processes that make up a run, in the order they were started; their output goes to files in `logs`."""

    run: Setting
    environ: dict[str, str]
    lock: int
    family: Family
    started: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start one part in a session of its own, so that Ctrl-C reaches only us; it is told to end when we die."""
        log = self.run.logs / f"{name}.log"
        self.run.logs.mkdir(parents=True, exist_ok=True)
        if log.exists() and name not in self.started:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            self.started[name] = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(self.lock,),
                preexec_fn=end_with_parent,
            )
        return self.started[name]

    def watch(self) -> None:
        """Raise Stopped when asked to, RuntimeError with the end of its log when a part ended by itself."""
        if self.family.asked():
            raise Stopped
        self.family.members()
        for name, process in self.started.items():
            if process.poll() is not None:
                raise RuntimeError(self.last_words(name, f"{name} ended by itself with code {process.returncode}"))

    def last_words(self, name: str, what: str) -> str:
        log = self.run.logs / f"{name}.log"
        lines = log.read_text(errors="replace").splitlines()[-12:]
        return "\n".join([f"{what}; the end of {log}:", *(f"    {line[:200]}" for line in lines)])

    def finish(self, name: str, *arguments: str) -> None:
        """Run a part to its end. Raises RuntimeError where it fails."""
        process = self.start(name, *arguments)
        del self.started[name]
        while process.poll() is None:
            self.watch()
            time.sleep(0.1)
        if process.returncode:
            raise RuntimeError(self.last_words(name, f"{name} failed with code {process.returncode}"))

    def wait(self, name: str, url: str) -> None:
        """Wait until the address answers."""
        until = time.monotonic() + PATIENCE
        while not answers(url):
            self.watch()
            if time.monotonic() > until:
                raise RuntimeError(self.last_words(name, f"{name} does not answer at {url}"))
            time.sleep(0.3)


def answers(url: str) -> bool:
    """Whether the address answers with success, asked without any proxy."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def start_all(parts: Parts) -> None:
    """Start the parts in the order they need each other and name each address once it answers."""
    run = parts.run
    airflow, dashboard = run.address("MOLVA_AIRFLOW_PORT"), run.address("MOLVA_DASHBOARD_PORT")
    if run.config == DEMO:
        parts.start("demo", "-m", "demo", "--port", str(run.ports["MOLVA_DEMO_PORT"]))
    options = ["--server.address", "127.0.0.1", "--server.port", str(run.ports["MOLVA_DASHBOARD_PORT"])]
    options += ["--server.headless", "true", "--server.fileWatcherType", "none", "--browser.gatherUsageStats", "false"]
    parts.start("dashboard", "-m", "streamlit", "run", str(ROOT / "app.py"), *options)
    prepare(parts)
    parts.start("airflow-server", "-m", "airflow", "api-server")
    if run.config == DEMO:
        parts.wait("demo", run.address("MOLVA_DEMO_PORT"))
        say(f"Demo site   {run.address('MOLVA_DEMO_PORT')}")
    parts.wait("dashboard", f"{dashboard}/_stcore/health")
    say(f"Dashboard   {dashboard}")
    parts.wait("airflow-server", f"{airflow}/api/v2/monitor/health")
    parts.start("airflow-scheduler", "-m", "airflow", "scheduler", "--skip-serve-logs")
    parts.start("airflow-dag-processor", "-m", "airflow", "dag-processor")
    say(f"Airflow     {airflow}")
    say("Ctrl-C ends everything.")


def prepare(parts: Parts) -> None:
    """Airflow's database and the pool of `enrich`, once for each version of Airflow."""
    stamp = parts.run.airflow_home / "prepared"
    ready = f"{version('apache-airflow')} {POOL_SLOTS}"
    if stamp.exists() and stamp.read_text() == ready:
        return
    say("Preparing Airflow's database (the first start only) …")
    parts.finish("airflow-database", "-m", "airflow", "db", "migrate")
    parts.finish(
        "airflow-pool", "-m", "airflow", "pools", "set", "enrich", str(POOL_SLOTS), "Tagging and loading: no collection can take these"
    )
    stamp.write_text(ready)


def stop_all(parts: Parts) -> None:
    """End everything: first running tasks, whose retry Airflow then notes, then the parts, last Airflow's server.

    A task ignores SIGTERM and is killed; a collection killed at any moment loses nothing.
    """
    started = time.monotonic()
    server = parts.started.get("airflow-server")
    scheduler = parts.started.get("airflow-scheduler")
    for process in parts.started.values():
        if process is not server:
            process.terminate()

    def waited(patience: float, spared: subprocess.Popen[bytes] | None) -> None:
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if scheduler is not None:
                send([task for worker in below(scheduler.pid) for task in below(worker.pid)], signal.SIGKILL)
            for process in parts.started.values():
                process.poll()
            rest = {process.pid for process in parts.family.members()}
            if spared is not None:
                rest -= {spared.pid, *(process.pid for process in below(spared.pid))}
            if not rest:
                return
            time.sleep(0.1)

    waited(GRACE, server)
    if server is not None:
        server.terminate()
        waited(LAST_GRACE, None)
    parts.family.sweep()
    say(f"Stopped in {time.monotonic() - started:.1f} s.")


def work(run: Setting, lock: int, family: Family) -> int:
    """Start, watch and stop the parts; the exit code."""
    parts = Parts(run, environment(run, dict(os.environ)), lock, family)
    code = 0
    try:
        start_all(parts)
        while True:
            parts.watch()
            time.sleep(0.5)
    except Stopped:
        say("Stopping …")
    except (RuntimeError, OSError) as error:
        say(f"{error}\nStopping everything else …")
        code = 1
    stop_all(parts)
    return code


def main(arguments: list[str]) -> int:
    """`run.py` runs everything; `run.py airflow …` is Airflow's own command with this run's folders and keys."""
    try:
        if arguments[:1] == ["airflow"]:
            run = setting(dict(os.environ))
            os.execve(sys.executable, [sys.executable, "-m", *arguments], environment(run, dict(os.environ)))
        if arguments:
            raise Refused("run.py takes no arguments, or `airflow` and a command of Airflow's.")
        run = setting(dict(os.environ))
        check_free(run.ports)
        lock = only_one(run.data)
        return lead(lambda family: work(run, lock, family))
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
