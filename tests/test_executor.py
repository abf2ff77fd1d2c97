"""What Airflow's scheduler loads for its tasks, and what a spider that is forked there has of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOADS = """
import os, sys, threading
from importlib import import_module
from executor import LOADED
from crawlers.child import load_all
for name in LOADED:
    import_module(name)
load_all()
print("twisted.internet.reactor" in sys.modules, threading.active_count())
"""
FORKS = """
import os, sys
from scrapy.utils.project import get_project_settings
from crawlers import child
child.execute = lambda arguments: print(get_project_settings()["USER_AGENT"], *arguments, chr(0xdcff), file=sys.stderr)
environment = dict(os.environ) | {"SCRAPY_SETTINGS_MODULE": "crawlers.settings", "MOLVA_CONTACT": "mailto:crawl@bank.example"}
print(child.run_child(["crawl", "feed"], environment, None))
"""
HAS = """
import os, sys
from crawlers import child
child.execute = lambda arguments: print("crawlers.spiders.feed" in sys.modules, "scrapy.commands.crawl" in sys.modules, file=sys.stderr)
print(child.run_child(["crawl", "feed"], dict(os.environ) | {"SCRAPY_SETTINGS_MODULE": "crawlers.settings"}, None))
"""


def python(code: str, tmp_path: Path) -> str:
    environ = {"PATH": "/usr/bin:/bin", "AIRFLOW_HOME": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()[-1]


def test_nothing_that_is_loaded_installs_a_reactor_or_begins_a_thread(tmp_path: Path) -> None:
    assert python(LOADS, tmp_path) == "False 1"


def test_a_spider_reads_its_settings_anew_and_says_all_that_python_can(tmp_path: Path) -> None:
    assert python(FORKS, tmp_path) == "Molva/0.1 (+mailto:crawl@bank.example) scrapy crawl feed \\udcff"


def test_a_spider_has_all_that_it_needs_when_it_is_forked(tmp_path: Path) -> None:
    assert python(HAS, tmp_path) == "True True"
