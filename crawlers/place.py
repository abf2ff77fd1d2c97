"""Where things stand: the folder of what people write, and the folder of what running makes.

The rule to know: both are named by the environment, and a name that is empty is as good as none.
"""

from __future__ import annotations

import os
from pathlib import Path

CONFIG = Path("dags")
DATA = Path("data")


def config_folder() -> Path:
    """The folder of targets and brands: MOLVA_CONFIG, else `dags` in the current one."""
    return Path(os.environ.get("MOLVA_CONFIG") or CONFIG)


def data_folder() -> Path:
    """The folder of everything that running makes: MOLVA_DATA, else `data` in the current one."""
    return Path(os.environ.get("MOLVA_DATA") or DATA)
