"""The ledger: per author and subject the dated sequence of stances and roles, and what it says of each mention.

The rule to know: a ledger is always computed again from all the mentions of its author, so that it is the same whatever
the order of loading. It says of each mention

- whether it counts in the measures: an opinion that takes a stance, dated, not a copy, not published by the company, its
  author not an employee or a former one at that time. A subject inherited from the post answered is no exception: the answer counts when
  its own text takes a stance;
- when it was superseded: the moment of the next mention that counts, by the same author on the same subject. Nothing that
  does not count supersedes. Order is publication, then position in the thread, then `Post.id`;
- the author's roles. A relation is to a company, not to its products, so all mentions of one brand in one post share what
  any of them shows. Where the post shows no relation, the author's last one applies if it was read from a text at most
  `MEMORY` before and they have not left since. An undated post, an official one and a copy, whose words are another's, neither
  take nor leave a memory.

What is a copy is found by `advocacy.copies` and only read here.

An unnamed author is known for one post only: roles come from that text, nothing is superseded, there is no author document.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice, pairwise
from typing import TypeVar

from advocacy.copies import copies
from crawlers.post import Post
from index.query import UNKNOWN, Author, Flip, Hit, Index, Standing
from nlp.mention import ROLES, Mention

MEMORY = timedelta(days=548)
"""A role is remembered for 18 months."""
INSIDERS = frozenset({"employee", "ex_employee"})
"""Roles whose opinions are left out of the measures and counted apart."""
AUTHORS_AT_ONCE = 500

Roles = tuple[str, ...]
Order = tuple[datetime, int, str]
K = TypeVar("K")


def refresh(index: Index, author_keys: Iterable[str]) -> int:
    """Compute the ledgers of these `Post.author_key`s again and write what has changed; the number of standings written."""
    keys = iter(sorted(set(author_keys)))
    written = 0
    while chunk := list(islice(keys, AUTHORS_AT_ONCE)):
        hits = list(index.mentions_of(chunk))
        found, authors = standings(hits)
        stored = {hit.mention.id: hit.standing for hit in hits}
        changed = {mention: standing for mention, standing in found.items() if stored[mention] != standing}
        if changed:
            index.write_standings(changed)
        index.write_authors(authors, of=chunk)
        written += len(changed)
    return written


def enter(index: Index, posts: Sequence[Post], mentions: Sequence[Mention], author_keys: Set[str]) -> int:
    """Store the posts and their mentions together with the ledgers that they change; the number of mentions.

    `author_keys` are all whom the posts are, or were, by; to them come those whose posts become copies, or are no more. A reader
    never meets a mention that does not have its standing yet. The other standings are written last: by them a load after a
    kill finds again what was a copy of these posts.
    """
    by_id = {post.id: post for post in posts}
    now = copies(index, posts, mentions)
    keys = sorted(author_keys | now.authors)
    kept = [hit for hit in index.mentions_of(keys) if hit.post.id not in by_id]
    new = [Hit(mention=mention, post=by_id[mention.post], standing=Standing()) for mention in mentions]
    found, authors = standings(map(now.told, [*kept, *new]))
    written = index.replace(posts, mentions, standings={mention.id: found[mention.id] for mention in mentions})
    changed = {hit.mention.id: found[hit.mention.id] for hit in kept if found[hit.mention.id] != hit.standing}
    index.write_authors(authors, of=keys)
    if changed:
        index.write_standings(changed)
    return written


def standings(hits: Iterable[Hit]) -> tuple[dict[str, Standing], list[Author]]:
    """The ledgers of some authors, given all mentions of each: mention id -> standing, and the authors' documents by id."""
    found: dict[str, Standing] = {}
    authors: list[Author] = []
    for theirs in grouped(hits, lambda hit: hit.post.author_key).values():
        order = thread_order([hit.post for hit in theirs])
        theirs.sort(key=lambda hit: (hit.post.id not in order, order.get(hit.post.id), hit.mention.id))
        known = superseded(theirs, with_roles(theirs))
        found.update(known)
        authors.extend(documents(theirs, known))
    return found, sorted(authors, key=lambda author: author.id)


def thread_order(posts: Iterable[Post]) -> dict[str, Order]:
    """Post id -> its place among one author's dated posts: by time, then answers after what they answer, then by id."""
    by_id = {post.id: post for post in posts}
    depths: dict[str, int] = {}
    for _, post in sorted(by_id.items()):
        chain: list[Post] = []
        step: Post | None = post
        while step is not None and step.id not in depths and step not in chain:
            chain.append(step)
            step = by_id.get(step.in_reply_to or "")
        known = step is not None or chain[-1].in_reply_to is not None
        above = depths.get(step.id, 0) if step is not None else 0
        for level, link in enumerate(reversed(chain), start=above + 1 if known else 0):
            depths[link.id] = level
    return {post.id: (post.published, depths[post.id], post.id) for post in by_id.values() if post.published is not None}


def with_roles(hits: Sequence[Hit]) -> dict[str, Standing]:
    """Standings of one author's mentions, in order, with effective roles and whether they count; not yet superseded."""
    shown = shown_roles(hits)
    memory: dict[str, tuple[datetime, Roles]] = {}
    found: dict[str, Standing] = {}
    for hit in hits:
        mention, post = hit.mention, hit.post
        roles = shown.get((post.id, mention.brand))
        copied = hit.standing.copy_of
        remembers = post.author_id is not None and post.published is not None and not post.official and copied is None
        if roles:
            standing = Standing(roles=roles, role_from="text")
            if remembers and post.published is not None:
                memory[mention.brand] = (post.published, roles)
        elif mention.switch == "left":
            # Who leaves is no client any more, whatever earlier posts showed.
            standing = Standing(roles=tuple(mention.roles) if mention.roles else (UNKNOWN,))
            if remembers:
                memory.pop(mention.brand, None)
        elif remembers and (remembered := recall(memory.get(mention.brand), post.published)):
            standing = Standing(roles=remembered, role_from="history")
        else:
            standing = Standing(roles=tuple(mention.roles) if mention.roles else (UNKNOWN,))
        found[mention.id] = replace(standing, copy_of=copied, counts=copied is None and counts(mention, post, standing.roles))
    return found


def shown_roles(hits: Iterable[Hit]) -> dict[tuple[str, str], Roles]:
    """(post id, brand) -> the relations that the mentions of the brand in that post show together, in the order of `ROLES`."""
    together: dict[tuple[str, str], set[str]] = defaultdict(set)
    for hit in hits:
        together[hit.post.id, hit.mention.brand].update(hit.mention.roles or ())
    return {key: tuple(role for role in ROLES if role in roles) for key, roles in together.items()}


def recall(memory: tuple[datetime, Roles] | None, at: datetime | None) -> Roles | None:
    """The remembered roles, while they are fresh enough."""
    if memory is None or at is None:
        return None
    read, roles = memory
    return roles if at - read <= MEMORY else None


def counts(mention: Mention, post: Post, roles: Iterable[str]) -> bool:
    """Whether the mention enters the measures, unless it is a copy."""
    return (
        mention.genre == "opinion"
        and mention.stance != "none"
        and post.published is not None
        and not post.official
        and INSIDERS.isdisjoint(roles)
    )


def superseded(hits: Sequence[Hit], known: Mapping[str, Standing]) -> dict[str, Standing]:
    """The same standings, each mention that counts knowing when the author next took a stance on its subject."""
    result = dict(known)
    counted = (hit for hit in hits if known[hit.mention.id].counts and hit.post.author_id is not None)
    for stances in grouped(counted, subject).values():
        for hit, later in pairwise(stances):
            result[hit.mention.id] = replace(known[hit.mention.id], superseded_at=later.post.published)
    return result


def subject(hit: Hit) -> tuple[str, str]:
    """(brand, product): what the mention speaks of."""
    return hit.mention.brand, hit.mention.product


def grouped(hits: Iterable[Hit], key: Callable[[Hit], K]) -> dict[K, list[Hit]]:
    """The hits by key, in the order given."""
    groups: dict[K, list[Hit]] = defaultdict(list)
    for hit in hits:
        groups[key(hit)].append(hit)
    return groups


def documents(hits: Sequence[Hit], known: Mapping[str, Standing]) -> list[Author]:
    """One author's documents, a subject each; none for an unnamed author or for the company's own account."""
    theirs = [hit for hit in hits if hit.post.author_id is not None and not hit.post.official]
    if not theirs:
        return []
    fresh = sorted({hit.post.id: hit.post for hit in theirs}.values(), key=lambda post: (post.collected, post.id), reverse=True)
    person = Author(
        author_id=theirs[0].post.author_key,
        brand="",
        product="",
        site=fresh[0].site,
        name=next((post.author_name for post in fresh if post.author_name is not None), None),
        url=next((post.author_url for post in fresh if post.author_url is not None), None),
        followers=next((post.followers for post in fresh if post.followers is not None), None),
    )
    relations = {brand: relation(said, known) for brand, said in grouped(theirs, lambda hit: hit.mention.brand).items()}
    result = []
    for (brand, product), said in grouped(theirs, subject).items():
        roles, since = relations[brand]
        result.append(account(replace(person, brand=brand, product=product, roles=roles, roles_since=since), said, known))
    return result


def relation(hits: Iterable[Hit], known: Mapping[str, Standing]) -> tuple[Roles, datetime | None]:
    """The author's last roles towards one brand that dated texts show, and since when the texts show just these.

    Who leaves in a text that does not tell their role has none that is known.
    """
    roles: Roles = (UNKNOWN,)
    since: datetime | None = None
    for hit in hits:
        standing = known[hit.mention.id]
        told = standing.role_from == "text" or hit.mention.switch == "left"
        if standing.copy_of is None and told and hit.post.published is not None and standing.roles != roles:
            roles, since = standing.roles, hit.post.published
    return roles, since


def account(author: Author, hits: Sequence[Hit], known: Mapping[str, Standing]) -> Author:
    """The document filled in from the author's mentions of its subject, in order."""
    dates = [hit.post.published for hit in hits if hit.post.published is not None]
    stances = [hit for hit in hits if known[hit.mention.id].counts]
    flips = tuple(
        Flip(at=later.post.published, before=hit.mention.stance, after=later.mention.stance, mention=later.mention.id)
        for hit, later in pairwise(stances)
        if later.post.published is not None and hit.mention.stance != later.mention.stance
    )
    start = flips[-1].at if flips else (stances[0].post.published if stances else None)
    return replace(
        author,
        stance=stances[-1].mention.stance if stances else None,
        stance_since=start,
        posts=len({hit.post.id for hit in hits}),
        first=min(dates, default=None),
        last=max(dates, default=None),
        flips=flips,
    )
