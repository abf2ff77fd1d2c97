"""Spirit's own settings, with its data in the folder SPIRIT_DATA and its pages in the language SPIRIT_LANGUAGE."""

from __future__ import annotations

import os
from pathlib import Path

from spirit.extra.project_template.project_name.settings.base import *  # noqa: F403

_data = Path(os.environ["SPIRIT_DATA"])
_project = "spirit.extra.project_template.project_name"

DEBUG = False
SECRET_KEY = "a forum on loopback"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = f"{_project}.urls"
WSGI_APPLICATION = None
TIME_ZONE = "Europe/Moscow"
LANGUAGE_CODE = os.environ["SPIRIT_LANGUAGE"]
LANGUAGES = [(LANGUAGE_CODE, LANGUAGE_CODE)]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": _data / "spirit.sqlite"}}
CACHES = {
    name: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": name, "TIMEOUT": None}
    for name in ("default", "st_rate_limit")
}
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
HAYSTACK_SIGNAL_PROCESSOR = "haystack.signals.BaseSignalProcessor"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
LOGGING: dict[str, object] = {"version": 1, "disable_existing_loggers": False}
ST_SITE_URL = "http://127.0.0.1/"
