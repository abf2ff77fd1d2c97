"""The author's words in an entry of a feed of WordPress."""

from __future__ import annotations

import pytest

from crawlers.entry import fullest, own_words
from crawlers.source import Rejected

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
