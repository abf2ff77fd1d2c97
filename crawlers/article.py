"""The main text of an article's page, found by trafilatura.

The rule to know: it is meant for articles; on forums and lists it doubles text, use selectors there.
"""

from __future__ import annotations

from crawlers.page import Text, plain, tidy


def main_text(html: str, url: str) -> Text | None:
    """The article on a page without menus, comments and quotes of others; None where no article is found."""
    import trafilatura  # as long to import as Scrapy, and most runs fetch no article

    own = trafilatura.extract(html, url=url, include_comments=False, include_tables=True, prune_xpath="//blockquote", deduplicate=False)
    whole = trafilatura.extract(html, url=url, include_comments=False, include_tables=True, deduplicate=False)
    if not whole:
        return None
    if not own or len(own) < len(whole) / 2:
        # More than half of it is quoted: that is how some editors set a whole article.
        return Text(tidy(whole))
    if own == whole:
        return Text(tidy(own))
    return Text(tidy(own), _quotes(whole, own))


def _quotes(whole: str, own: str) -> str | None:
    kept = set(own.splitlines())
    quoted = [line for line in whole.splitlines() if line not in kept]
    return plain("\n".join(quoted)).own or None
