"""The text of a page: its bytes decoded, its markup taken off.

The rule to know: what a page says of its encoding is believed only as far as the bytes agree; a page that claims UTF-8 and
is windows-1251 is read as windows-1251.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit, urlunsplit

import lxml.html
from lxml import etree

CYRILLIC = ("windows-1251", "koi8-r", "ibm866", "iso-8859-5", "mac-cyrillic")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DECLARED = re.compile(rb"""(?:<\?xml[^>]*?encoding\s*=\s*["']?|<meta[^>]*?charset\s*=\s*["']?\s*)([\w.:-]+)""", re.IGNORECASE)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>", re.IGNORECASE)
_CAMPAIGN = re.compile(r"(?:utm_\w+|yclid|gclid|fbclid|_openstat|ysclid)(?:=|$)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x80-\x9f]")
_PAIRS = re.compile("(?=ст|но|то|на|ен|ов|ни|ра|во|ко|по|ро|не|пр|ос|ре|го|ал|ер|ло|ли|от|ка|од|де|та|ва|об|ол|ан|ет|ит|ть)")


@dataclass(frozen=True, slots=True)
class Text:
    """Words of a page without markup: the author's own, and those quoted of others."""

    own: str
    quoted: str | None = None


def decode(body: bytes, content_type: str | None = None) -> str:
    """The page as text: by byte order mark, else by the declared encodings that fit the bytes, else by what reads as Russian.

    Control characters, which neither XML nor a person can read, are taken out.
    """
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return _clean(body.decode(encoding, "replace"))
    try:
        # Russian in another encoding is practically never valid UTF-8, so this comes before what the page says.
        return _clean(body.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    fitting = [text for text in (_strict(body, encoding) for encoding in (*_declared(body, content_type), *CYRILLIC)) if text is not None]
    if not fitting:
        return _clean(body.decode("utf-8", "replace"))
    # The first (declared) text stands unless another one reads clearly better.
    best = max(fitting, key=russian)
    damaged = body.decode("utf-8", "replace")
    if russian(damaged) >= russian(best) and damaged.count("\ufffd") < len(damaged) / 100:
        return _clean(damaged)
    return _clean(best if russian(best) > russian(fitting[0]) * 1.5 + 1 else fitting[0])


@lru_cache(maxsize=1024)  # a walk asks for the same address several times
def canonical(url: str) -> str:
    """The address a post is told by: https, no `www.`, default port, marks of campaigns or empty fragment; host in small letters."""
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").removeprefix("www.")
    if parts.port and parts.port not in (80, 443):
        host = f"{host}:{parts.port}"
    query = "&".join(pair for pair in parts.query.split("&") if pair and not _CAMPAIGN.match(pair))
    return urlunsplit(("https", host, parts.path or "/", query, parts.fragment))


def at_site(url: str | None, asked: str, site: str) -> str | None:
    """The canonical address with the site's name for the host that was `asked`: moving a site changes none of its posts."""
    return canonical(url.replace(urlsplit(asked).netloc, site, 1)) if url else None


def site_of(said: str | None, url: str) -> str:
    """The site of a target's posts: as its file says it, else the host of an address, without `www.`."""
    return said or (urlsplit(url).hostname or "").removeprefix("www.")


def site_with_www(said: str | None, url: str) -> str:
    """The same with its `www.`: by it the posts of some interfaces have been told from the beginning, and their ids stay."""
    return said or urlsplit(url).hostname or ""


def without_declaration(text: str) -> str:
    """An XML document without its first line, whose encoding is no longer true once the document is text."""
    return _XML_DECLARATION.sub("", text.lstrip("\ufeff"), count=1)


def _declared(body: bytes, content_type: str | None) -> list[str]:
    names = [found.group(1) for found in [_CHARSET.search(content_type or "")] if found]
    names += [found.group(1).decode("ascii") for found in [_DECLARED.search(body[:4096])] if found]
    return names


def _strict(body: bytes, encoding: str) -> str | None:
    try:
        return body.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        return None


def _clean(text: str) -> str:
    return _CONTROL.sub("", text)


def russian(text: str) -> float:
    """How much of the Cyrillic reads as Russian: common pairs of small letters per hundred letters that are not ASCII."""
    letters = "".join(character for character in text[:200_000] if character > "\x7f")
    return 100 * sum(1 for _ in _PAIRS.finditer(letters)) / len(letters) if letters else 0.0


_BLOCKS = re.compile(
    r"address|article|aside|blockquote|d[dlt]|details|div|fieldset|figcaption|figure|footer|form|h[1-6]|header|hr|li|main|nav|ol|p|pre"
    r"|section|table|tbody|td|th|thead|tr|ul"
)
_SILENT = re.compile("script|style|noscript|template|head|iframe|object|svg|button|select|textarea")


def plain(html: str) -> Text:
    """The words of a piece of HTML: a line per paragraph, quotes (`blockquote`) kept apart.

    Where nothing but a quote stands, it is the author's own text: some editors put everything in one.
    """
    if "<" not in html and "&" not in html:
        return Text(tidy(html))
    try:
        root = lxml.html.fragment_fromstring(html, create_parent="div")
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):  # the last: a document without a body
        return Text(tidy(re.sub(r"<[^>]*>", " ", html)))
    own: list[str] = []
    quoted: list[str] = []
    _collect(root, own, quoted, inside=False)
    words, quote = tidy("".join(own)), tidy("".join(quoted))
    return Text(words, quote or None) if words else Text(quote)


def tidy(text: str) -> str:
    """Text with single spaces and no empty lines but one between paragraphs."""
    lines = [" ".join(line.split()) for line in text.replace("\xa0", " ").replace("\u200b", "").replace("\u00ad", "").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def without_quotes(markdown: str) -> tuple[str, str | None]:
    """The author's own words of a text in Markdown, and what they quote (`> …`); nothing but a quote is their own.

    Links keep their words.
    """
    own: list[str] = []
    quoted: list[str] = []
    for line in markdown.splitlines():
        quote = re.match(r"\s{0,3}(?:>|&gt;)(?!!)\s?(.*)", line)
        (quoted if quote else own).append(quote[1] if quote else line)
    words = re.sub(r"\[([^\]]+)\]\((?:https?://|/)[^)\s]*\)", r"\1", tidy("\n".join(own)))
    quote_of_others = tidy("\n".join(quoted)) or None
    return (words, quote_of_others) if words else (quote_of_others or "", None)


def _collect(root: lxml.html.HtmlElement, own: list[str], quoted: list[str], *, inside: bool) -> None:
    """Words of an element in reading order, without recursion: pages nest deeper than Python's stack."""
    todo: list[tuple[lxml.html.HtmlElement | str, bool]] = [(root, inside)]
    while todo:
        node, quote = todo.pop()
        into = quoted if quote else own
        if isinstance(node, str):
            into.append(node)
            continue
        tag = node.tag if isinstance(node.tag, str) else ""
        if not tag or _SILENT.fullmatch(tag):
            continue
        if tag == "br":
            into.append("\n")
        quote = quote or tag == "blockquote"
        edge = "\n" if _BLOCKS.fullmatch(tag) else ""
        after: list[tuple[lxml.html.HtmlElement | str, bool]] = [(edge, quote)]
        for child in reversed(node):
            if child.tail:
                after.append((re.sub(r"\s+", " ", child.tail), quote))
            after.append((child, quote))
        after.append((edge + re.sub(r"\s+", " ", node.text or ""), quote))
        todo.extend(after)
