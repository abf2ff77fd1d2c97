"""A configuration of many targets, some of them broken, each in one of many ways; for tests and for `benchmarks/targets.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.site import Answer, Request, Site, serving

BRANDS = "brands:\n  - {slug: vestarna, name: Вестарна, ours: true}\n"
FEED = """\
kind: feed
url: {address}/{name}.xml
site: {name}.example
language: ru
timezone: Europe/Moscow
schedule: every 30 minutes
allow_private: true
"""
FILES = """\
kind: files
path: {name}.csv
site: {name}.example
language: ru
timezone: Europe/Moscow
schedule: every 30 minutes
columns: {{id: id, text: text}}
"""
UNSET = "a secret that is not set"
"""What is not broken, but waits."""
ENTRIES = 3
"""Posts of each good target."""


def _replaced(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new)


WAYS: Mapping[str, tuple[Callable[[str], str], str]] = {
    "unknown key": (_replaced("schedule", "schedul"), ":6: schedul: unknown key"),
    "unknown kind": (_replaced("kind: feed", "kind: fed"), ":1: kind: "),
    "no address": (lambda text: text.replace(text.splitlines()[1] + "\n", ""), "url: is missing"),
    "wrong address": (_replaced("url: http:", "url: htp:"), ":2: url: "),
    "wrong zone": (_replaced("Europe/Moscow", "Europe/Moskva"), ":5: timezone: "),
    "wrong schedule": (_replaced("every 30 minutes", "every so often"), ":6: schedule: "),
    "wrong cron": (_replaced("every 30 minutes", '"61 * * * *"'), ":6: schedule: "),
    "not yes or no": (_replaced("allow_private: true", "allow_private: perhaps"), ":7: allow_private: "),
    "no YAML": (_replaced("language: ru", "language: [ru"), ".yaml:"),
    "a tab": (_replaced("language", "\tlanguage"), ".yaml:4: "),
    "a key twice": (lambda text: text + "kind: feed\n", ":8: "),
    "nothing": (lambda text: "", ":1: the file is empty"),
    "a list": (lambda text: "- kind: feed\n", "must be keys and values"),
    "a number for a text": (_replaced("language: ru", "language: 7"), ":4: language: "),
    UNSET: (_replaced(".xml", ".xml?key=${MOLVA_TEST_UNSET_KEY}"), "MOLVA_TEST_UNSET_KEY"),
    "a delay below zero": (lambda text: text + "delay: -3\n", ":8: delay: "),
    "a field of another kind": (lambda text: text + "columns: {id: id}\n", ":8: columns: "),
    "a limit of nothing": (lambda text: text + "limits: {items: 0}\n", ":8: limits.items: "),
    "no text": (lambda text: "\x00\x01" + text, ".yaml"),
    "an alias of itself": (_replaced("language: ru", "language: &a [*a]"), ":4: "),
}
"""How a target is broken -> what is done to its file, and what its message has to say."""


def stand_in(name: str, way: str) -> str:
    """The id of the DAG that tells what is wrong with a target."""
    return f"{name}.waiting" if way == UNSET else f"{name}.broken"


def write_targets(config: Path, address: str, good: int, broken: int) -> dict[str, str]:
    """Writes so many targets; name of a broken one -> how it is broken."""
    (config / "targets").mkdir(parents=True)
    (config / "brands.yaml").write_text(BRANDS, encoding="utf-8")
    for number in range(good):
        name = f"good-{number:04}"
        _write(config, name, (FEED if number % 2 else FILES).format(address=address, name=name))
        rows = "".join(f"{each},Вестарна: запись {each} из {name}\n" for each in range(ENTRIES))
        (config / f"{name}.csv").write_text(f"id,text\n{rows}", encoding="utf-8")
    ways = list(WAYS)
    wrong = {f"wrong-{number:04}": ways[number % len(ways)] for number in range(broken)}
    for name, way in wrong.items():
        _write(config, name, WAYS[way][0](FEED.format(address=address, name=name)))
    return wrong


def _write(config: Path, name: str, text: str) -> None:
    (config / "targets" / f"{name}.yaml").write_text(text, encoding="utf-8")


class Feeds(Site):
    """A feed under every name."""

    def answer(self, request: Request) -> Answer:
        name, dot, _ = request.path.strip("/").partition(".xml")
        if not dot:
            return Answer("not here", 404)
        entries = "".join(
            f"<entry><id>{name}:{number}</id><title>Запись {number}</title><updated>2026-11-0{1 + number}T10:00:00Z</updated>"
            f"<content>Вестарна: запись {number} из {name}</content></entry>"
            for number in range(ENTRIES)
        )
        body = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>{name}</title>{entries}</feed>'
        return Answer(body, headers={"Content-Type": "application/atom+xml"})


@contextmanager
def feeds() -> Iterator[str]:
    """The address of a server on loopback that has a feed under every name."""
    with serving(Feeds()) as running:
        yield running.url
