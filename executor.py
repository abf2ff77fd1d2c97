"""Airflow's LocalExecutor with workers that have loaded beforehand what their tasks load: a task begins in a tenth of a second.

The rule to know: workers are forked from the scheduler, tasks from workers and spiders from tasks, so that all share what is
loaded here. What is loaded stays as it was: after a change of the code Airflow has to be started anew. Nothing that is loaded may open a
connection, begin a thread of Python or install a reactor.
"""

from __future__ import annotations

from importlib import import_module

from airflow.executors.local_executor import LocalExecutor

from crawlers.child import load_all

LOADED = (
    "airflow.sdk.execution_time.task_runner",
    "airflow.providers.standard.operators.empty",
    "crawlers.collect",
    "nlp.tag",
    "advocacy.load",
)


class ReadyExecutor(LocalExecutor):
    """Runs tasks in processes of this machine."""

    def start(self) -> None:
        """Load, then fork the workers."""
        for name in LOADED:
            import_module(name)
        load_all()
        super().start()
