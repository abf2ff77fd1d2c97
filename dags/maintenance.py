"""Once a day: forget what Airflow noted about runs long past, in its database and in its logs.

The rule to know: only Airflow's own memory is cleaned. Posts, batches and the index are not touched, and each target keeps
its latest run.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.sdk import DAG, CronTriggerTimetable, conf, task

KEEP = timedelta(days=7)
"""How long runs and their logs are kept."""

log = logging.getLogger("molva.maintenance")


def remove_old_files(folder: Path, before: float) -> int:
    """Remove files last written before that moment, then the folders left empty; the number of files."""
    removed = 0
    for path in sorted(folder.rglob("*"), reverse=True):
        try:
            if path.is_dir() and not path.is_symlink():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path.lstat().st_mtime < before:
                path.unlink()
                removed += 1
        except OSError as error:
            log.info("%s stays: %s", path, error)
    return removed


@task
def database() -> None:
    """Remove notes of old runs from Airflow's database with Airflow's own command.

    Airflow hides its database's address from tasks by overwriting two variables; without them the command reads airflow.cfg
    again (or the command named in AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD: state an address of your own in one of these).
    """
    hidden = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__CORE__SQL_ALCHEMY_CONN"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    before = (datetime.now(UTC) - KEEP).isoformat(timespec="seconds")
    command = [sys.executable, "-m", "airflow", "db", "clean", "--clean-before-timestamp", before]
    command += ["--skip-archive", "--yes", "--batch-size", "500", "--error-on-cleanup-failure"]
    done = subprocess.run(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    log.info("%s", done.stdout[-4000:])
    if done.returncode:
        raise RuntimeError(f"airflow db clean ended with {done.returncode}: {done.stdout.strip().splitlines()[-1:]}")


@task
def logs() -> None:
    """Remove old logs of tasks and of the DAG processor."""
    folder = Path(conf.get("logging", "base_log_folder"))
    log.info("%d old log files removed", remove_old_files(folder, time.time() - KEEP.total_seconds()))


with DAG(
    "maintenance",
    description="Clean Airflow's own database and logs",
    schedule=CronTriggerTimetable("17 3 * * *", timezone="UTC", run_immediately=timedelta(0)),  # never at the first start
    tags={"maintenance"},
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=5), "execution_timeout": timedelta(hours=1)},
) as dag:
    database() >> logs()
