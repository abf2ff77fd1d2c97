"""What `replace` is given: posts, and mentions that belong to them.

The rule to know: a mention comes with its post in the same call, and a post has one mention of a subject.
"""

from __future__ import annotations

from collections.abc import Sequence

from crawlers.post import Post
from nlp.mention import Mention


def grouped(posts: Sequence[Post], mentions: Sequence[Mention]) -> dict[str, list[Mention]]:
    """Mentions by their post.

    Raises ValueError for a post given twice, a mention given twice, or a mention of a post that is not given.
    """
    found: dict[str, dict[str, Mention]] = {}
    for post in posts:
        if post.id in found:
            raise ValueError(f"post {post.id} is given twice; give its latest version")
        found[post.id] = {}
    for mention in mentions:
        if mention.post not in found:
            raise ValueError(f"mention {mention.id} is given without its post")
        if mention.id in found[mention.post]:
            raise ValueError(f"mention {mention.id} is given twice")
        found[mention.post][mention.id] = mention
    return {post: list(of_post.values()) for post, of_post in found.items()}
