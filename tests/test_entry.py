"""What an entry of a feed says: the author's words in those of WordPress, and whether it was edited."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawlers.entry import fullest, own_words
from crawlers.kinds import FeedTarget
from crawlers.post import iso
from crawlers.source import Rejected
from crawlers.spiders.feed import post

LINK = "https://blog.example/fees/#comment-12"


def test_words_whose_markup_is_escaped_once_more_say_no_more() -> None:
    escaped = '&lt;a href="https://blog.example/"&gt;Anna&lt;/a&gt; pays 3 &lt; 5.'
    assert fullest(['<p><a href="https://blog.example/">Anna</a> pays 3 &lt; 5.</p>', escaped]) == (
        '<p><a href="https://blog.example/">Anna</a> pays 3 &lt; 5.</p>'
    )
    assert fullest(["<p>A teaser</p>", "A teaser and the rest."]) == "A teaser and the rest."
    assert fullest([]) is None


@pytest.mark.parametrize("said", ['In reply to <a href="{}">Anna K.</a>.', 'В ответ на <a class="x" href="{}">Анна</a>.'])
def test_whom_a_comment_answers_is_none_of_its_words(said: str) -> None:
    above = "https://blog.example/fees/?a=1&amp;b=2#comment-9"
    raw = {"link": LINK, "html": f"<p>{said.format(above)}</p>\n<p>Not so.</p>"}
    found = own_words(raw)
    assert (found["html"].strip(), found["reply_to"]) == ("<p>Not so.</p>", "https://blog.example/fees/?a=1&b=2#comment-9")
    for other in (raw | {"link": "https://blog.example/fees/"}, {"link": LINK, "html": "<p>Not so.</p>"}, {"title": "Fees"}):
        assert own_words(other) == other


def test_a_post_behind_a_password_is_rejected() -> None:
    with pytest.raises(Rejected, match="password"):
        own_words({"html": '<form action="/wp-login.php" class="post-password-form" method="post"></form>'})


PUBLISHED = "2026-09-02T07:00:00Z"


@pytest.mark.parametrize(("published", "updated", "edited"), [
    (PUBLISHED, "2026-09-02T10:00:00+01:00", "2026-09-02T09:00:00.000Z"),
    (PUBLISHED, PUBLISHED, None),
    (PUBLISHED, "2026-09-02T07:00:09Z", None),  # saved twice as it was published
    (PUBLISHED, "2026-09-01T18:00:00Z", None),  # written before the moment that it was to appear
    (PUBLISHED, "2026-09-02", None),
    (PUBLISHED, "2026-09-04", "2026-09-04T11:00:00.000Z"),
    ("2026-09-02", "2026-09-02T21:00:00Z", None),
    (None, "2026-09-02T21:00:00Z", None),
    (PUBLISHED, "just edited", None),
    (PUBLISHED, None, None),
])  # fmt: skip
def test_an_entry_is_edited_where_it_was_updated_well_after_its_publication(
    published: str | None, updated: str | None, edited: str | None
) -> None:
    target = FeedTarget(name="a", kind="feed", url="https://a.example/atom")
    raw = {"link": "https://a.example/1", "html": "Да", "published": published, "updated": updated}
    assert iso(post({name: value for name, value in raw.items() if value}, target, datetime(2026, 9, 5, tzinfo=UTC)).edited) == edited
