"""How Scrapy behaves here: one downloader with one policy of manners and limits for every source reached by HTTP.

The rule to know: nothing in this file is loosened for one place; a target can only ask for more patience (`delay`) or,
with `allow_private`, for a host inside the own network.

MOLVA_CONTACT in the environment is the operator's address or page (`mailto:crawl@bank.example`, `https://bank.example/bot`). It
stands in the user agent, so that a site's owner can reach whoever runs this: set it before collecting from other people's sites.

`scrapy crawl` itself exits with 0 however the run ended; Scrapy knows of no run that fails. `python -m crawlers collect` exits
with 1.
"""

from __future__ import annotations

import os

BOT_NAME = "molva"
SPIDER_MODULES = ["crawlers.spiders"]
NEWSPIDER_MODULE = "crawlers.spiders"

# Who we are. A site's owner must be able to reach the operator.
_CONTACT = os.environ.get("MOLVA_CONTACT", "").strip()
USER_AGENT = f"Molva/0.1 (+{_CONTACT})" if _CONTACT else "Molva/0.1 (customer advocacy; the operator has set no contact)"
ROBOTSTXT_USER_AGENT = "Molva"
ROBOTSTXT_OBEY = True
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "ru,en;q=0.8",
    "Accept-Encoding": "gzip",  # of this alone we tell whether it is whole
}

# Pace. AutoThrottle follows the latency of a host from this start; the gate holds it over all processes.
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 0.5
AUTOTHROTTLE_MAX_DELAY = 30.0
CONCURRENT_REQUESTS = 16
CONCURRENT_REQUESTS_PER_DOMAIN = 4
GATE_BACK_OFF = 0.5
"""Seconds to leave a host alone after its first failure in a row; doubled with each further one."""
GATE_PATIENCE = 60.0
"""Longest wait inside a run, in seconds. A host that asks for more ends the run; the next one asks again."""

# Limits. The size also holds after decompression.
DOWNLOAD_TIMEOUT = 30
DOWNLOAD_MAXSIZE = 16 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
PAGE_SECONDS = 60.0
"""Processor's time that reading one page may take; a spider that needs more is ended."""
EXTENSIONS = {"crawlers.watch.Watch": 0}
RETRY_TIMES = 3
RETRY_GIVE_UP_LOG_LEVEL = "INFO"
HTTPERROR_ALLOW_ALL = True  # spiders say themselves what an answer means
REDIRECT_MAX_TIMES = 5
METAREFRESH_ENABLED = False
URLLENGTH_LIMIT = 2083

# Safety. Certificates are verified, names are resolved to public addresses only, and only http and https are spoken.
# A proxy would resolve names for us, out of reach of that check.
DOWNLOAD_VERIFY_CERTIFICATES = True
TWISTED_DNS_RESOLVER = "crawlers.middlewares.PublicResolver"
HTTPPROXY_ENABLED = False
COOKIES_ENABLED = False
REFERRER_POLICY = "no-referrer"
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
DOWNLOAD_HANDLERS = {"data": None, "file": None, "ftp": None, "s3": None}

DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawlers.robots.KnownRobotsMiddleware": 100,  # the place of Scrapy's own
    "crawlers.middlewares.WholeBodyMiddleware": 600,  # answers pass it before Scrapy's 590 unpacks them
    "crawlers.middlewares.GateMiddleware": 740,
    "crawlers.middlewares.PrivateAddressMiddleware": 760,
}
SPIDER_MIDDLEWARES = {"crawlers.middlewares.KeptMiddleware": 0}
ITEM_PIPELINES = {"crawlers.pipelines.ArchivePipeline": 300}

LOG_LEVEL = "WARNING"  # what became of the items is printed at the end; `-L INFO` shows the way
LOG_SHORT_NAMES = True
STATS_DUMP = False
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
