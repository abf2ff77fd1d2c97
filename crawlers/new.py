"""`python -m crawlers new URL`: look at a place, recognise what it is, and write the target that watches it.

The rule to know: what is said about the place goes to standard error where the file itself is printed, so that it can be piped.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NoReturn
from urllib.parse import urlsplit

import typer

from crawlers import draft
from crawlers.check import check
from crawlers.found import Found
from crawlers.link import is_link
from crawlers.look import same_page
from crawlers.place import CONFIG, DATA
from crawlers.source import CollectError
from crawlers.target import TARGET_FILE, BrokenTarget, read_target, read_targets
from crawlers.yamlfile import shown


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator wants of the file."""

    name: str | None
    kind: str | None
    about: str | None
    out: Path | None
    allow_private: bool
    config: Path


def new(
    url: Annotated[str, typer.Argument(help="A channel, profile, forum, board, topic, blog, news site, feed, page of reviews or app.")],
    name: Annotated[str | None, typer.Option(help="Name of the target; derived from the address unless stated.")] = None,
    kind: Annotated[str | None, typer.Option(help="Take this kind of what is found there, instead of the best.")] = None,
    about: Annotated[str | None, typer.Option(help="Brand that every post there is about.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write this file instead of targets/NAME.yaml.", dir_okay=False)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the file; write nothing.")] = False,
    allow_private: Annotated[bool, typer.Option("--allow-private", help="The address may be in a private network.")] = False,
    config: Annotated[Path, typer.Option("--config", envvar="MOLVA_CONFIG", help="Folder with targets/.", file_okay=False)] = CONFIG,
    data: Annotated[Path, typer.Option("--data", envvar="MOLVA_DATA", help="Folder of what running makes.", file_okay=False)] = DATA,
) -> None:
    """Recognise what stands at an address, and write the target that watches it.

    Large platforms are told by the address alone. Else the page is fetched (robots.txt, delays and limits as in every run) and
    read for engines, presets, feeds and sitemaps. No file is ever written over.

    Examples: `python -m crawlers new t.me/banki_oline` · `python -m crawlers new https://forum.example.org/ --dry-run` ·
    `python -m crawlers new https://blog.example.org --kind feed --name blog`
    """
    address = _address(url)
    wish = Wish(name, kind, about, out, allow_private, config)
    said = _to(sys.stderr if dry_run else sys.stdout)
    try:
        found = _chosen(address, wish, data, said)
        target_name = name or draft.name_of(found, address)
        if not TARGET_FILE.fullmatch(f"{target_name}.yaml"):
            _end(f"{target_name!r} can't be a target's name: give one by --name, of letters, digits, `-`, `_` and `.`", 2)
        text, missing = _text(found, target_name, wish, said)
    except CollectError as error:
        _end(_as_of_one_look(str(error)), 1)
    if missing:
        print(f"needs a key: set {' and '.join(missing)}{_page(found.kind)}; switched off until then", file=sys.stderr)
    if dry_run:
        print(text, end="")
        return
    _write(text, out or config / "targets" / f"{target_name}.yaml", wish, said)


def _as_of_one_look(error: str) -> str:
    """What a run of a target would say, as it is for a command that has neither a file nor a next run."""
    return error.replace("set allow_private: true", "give --allow-private").replace("the next run tries it again", "try again later")


def _address(url: str) -> str:
    """The address, with https:// where none is given."""
    whole = url.strip() if re.match(r"[A-Za-z][A-Za-z+.-]*://", url.strip()) else f"https://{url.strip()}"
    if not is_link(whole) or re.search(r"\s", whole) or urlsplit(whole).username is not None:
        _end(f"{url!r} is no address that can be collected: https://… or http://…, without a login", 2)
    return whole


def _chosen(url: str, wish: Wish, data: Path, said: Callable[[str], None]) -> Found:
    """What is to be watched. Raises CollectError."""
    from crawlers.recognise import Recognised, at_once, recognise  # takes a second that no other command needs
    from crawlers.visit import visit

    if known := at_once(url):
        recognised = Recognised((known,))
    else:
        seen = visit(url, data=data, allow_private=wish.allow_private)
        if not same_page(url, seen.first.url):
            said(f"{url} leads to {seen.first.url}: that is looked at in its place")
        recognised = recognise(seen)
    fitting = [each for each in recognised.found if wish.kind in (None, each.kind)]
    if not fitting:
        there = "; ".join(map(str, recognised.found))
        raise CollectError(f"{url}: nothing of kind {wish.kind} was recognised; there is: {there}")
    said(f"{url}: {fitting[0]}")
    for note in fitting[0].notes:
        said(f"  mind: {note}")
    for other in recognised.found:
        if other is not fitting[0]:
            again = "" if other.kind == fitting[0].kind else f" (--kind {other.kind})"
            said(f"  also: {other}{again}: {other.says.get('url') or other.says.get('sitemap') or ''}")
    for each in recognised.seen:
        said(f"  seen: {each}")
    return fitting[0]


def _text(found: Found, name: str, wish: Wish, said: Callable[[str], None]) -> tuple[str, tuple[str, ...]]:
    """The file, and the variables that aren't set. Raises CollectError."""
    text = draft.text_of(found, about=wish.about, allow_private=wish.allow_private)
    target = draft.drafted(name, text, wish.config)
    for other in draft.watching(target, read_targets(wish.config)):
        said(f"  mind: the target {other} watches it already")
    missing = tuple(target.unset.values())
    if missing:
        text = draft.text_of(found, about=wish.about, allow_private=wish.allow_private, missing=missing)
    return text, missing


def _write(text: str, path: Path, wish: Wish, said: Callable[[str], None]) -> None:
    """Write the file, check it, and say what to do next."""
    if wish.out is None and not wish.config.is_dir():
        _end(f"there is no folder {wish.config}: name that of brands.yaml and targets/ by --config", 2)
    try:
        if wish.out is None:
            path.parent.mkdir(exist_ok=True)
        draft.write(path, text)
    except FileExistsError:
        _end(f"{shown(path)} stands already and is left as it is: give another name by --name, or --dry-run to see the file", 2)
    except OSError as error:
        _end(f"{shown(path)} can't be written: {error.strerror}", 1)
    said(f"wrote {shown(path)}")
    if path.resolve().parent != (wish.config / "targets").resolve():
        target = read_target(path)
        if isinstance(target, BrokenTarget):
            _end(str(target.error), 2)
        said(f"right as a target of its own; it is collected once it stands in {wish.config / 'targets'}")
        return
    checked = check(wish.config, [path.stem])
    for remark in checked.remarks:
        said(remark)
    for wrong in checked.errors:
        print(wrong.one_line(), file=sys.stderr)
    if checked.errors:
        raise typer.Exit(2)
    option = "" if wish.config == CONFIG else f" --config {wish.config}"
    said(f"check: right\nnext: python -m crawlers preview {path.stem}{option}")


def _page(kind: str) -> str:
    """The page that says how a key is had, where there is one."""
    page = Path("docs", "sources", f"{kind}.md")
    return f" ({page})" if (Path(__file__).parents[1] / page).is_file() else ""


def _to(stream: object) -> Callable[[str], None]:
    return lambda line: print(line, file=stream, flush=True)  # type: ignore[call-overload]  # a stream of text


def _end(message: str, code: int) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(code)
