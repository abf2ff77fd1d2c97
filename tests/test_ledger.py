"""The ledger's rules one by one on hand-made authors, and that neither order nor batches of loading can change its result."""

from __future__ import annotations

import dataclasses
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advocacy.ledger import MEMORY, refresh, standings
from crawlers.post import Post, Precision
from index.embedded import EmbeddedIndex
from index.query import Author, Flip, Hit, Index, Query, Standing
from nlp.mention import Mention

START = datetime(2026, 1, 1, 9, tzinfo=UTC)


def days(number: float) -> datetime:
    return START + timedelta(days=number)


def hit(post: str, at: float | None = 0, stance: str = "promoter", **fields: Any) -> Hit:
    """One opinion by account `a` about bank, `at` days after START; fields go to the post or the mention by their name."""
    of_post = {field.name for field in dataclasses.fields(Post)}
    author, copy_of = fields.pop("author_id", "forum.test:a"), fields.pop("copy_of", None)
    written = Post(
        **{
            "id": f"forum.test:{post}",
            "site": "forum.test",
            "source": "reviews",
            "text": "Текст",
            "author_id": author,
            "published": None if at is None else days(at),
            "published_precision": Precision.UNKNOWN if at is None else Precision.MINUTE,
            "collected": days(400),
            **{name: value for name, value in fields.items() if name in of_post and name != "product"},
        }
    )
    mention = Mention(
        **{
            "post": written.id,
            "brand": "bank",
            "found": "text",
            "genre": "opinion",
            "sentiment": "neutral",
            "tone": 0,
            "stance": stance,
            "recommendation": "none",
            "roles": ("none",),
            "switch": "none",
            **{name: value for name, value in fields.items() if name not in of_post or name == "product"},
        }
    )
    return Hit(mention=mention, post=written, standing=Standing(copy_of=copy_of))


def found(*hits: Hit) -> dict[str, Standing]:
    return {mention.removeprefix("forum.test:"): standing for mention, standing in standings(hits)[0].items()}


@pytest.mark.parametrize(
    "fields",
    [
        {"genre": "ad"},
        {"genre": "job_ad"},
        {"genre": "sarcasm"},
        {"genre": "news"},
        {"genre": "question"},
        {"genre": "other"},
        {"stance": "none"},
        {"official": True},
        {"at": None},
        {"roles": ("employee",)},
        {"roles": ("ex_employee",)},
        {"roles": ("client", "employee")},
        {"copy_of": "forum.test:0"},
    ],
)
def test_what_does_not_count_neither_counts_nor_supersedes(fields: dict[str, Any]) -> None:
    standing = found(hit("1", 0), hit("2", **{"at": 1, **fields}))
    assert standing["1/bank/general"] == Standing(counts=True, superseded_at=None, roles=("none",))
    assert not standing["2/bank/general"].counts


@pytest.mark.parametrize("fields", [{"found": "thread"}, {"found": "target"}, {"stance": "passive"}, {"roles": ("prospect",)}])
def test_what_counts_supersedes(fields: dict[str, Any]) -> None:
    standing = found(hit("1", 0), hit("2", **{"at": 1, **fields}))
    assert standing["1/bank/general"].superseded_at == days(1)
    assert standing["2/bank/general"].counts
    assert standing["2/bank/general"].superseded_at is None


def test_a_stance_is_superseded_by_the_next_one_on_the_same_subject_only() -> None:
    standing = found(
        hit("1", 0), hit("2", 1, product="app"), hit("3", 2, brand="rival"), hit("4", 3), hit("5", 4), hit("6", 5, product="app")
    )
    assert {mention: known.superseded_at for mention, known in standing.items()} == {
        "1/bank/general": days(3),
        "2/bank/app": days(5),
        "3/rival/general": None,
        "4/bank/general": days(4),
        "5/bank/general": None,
        "6/bank/app": None,
    }


def test_at_the_same_time_an_answer_follows_what_it_answers_and_else_the_id_decides() -> None:
    answer = hit("1", 0, stance="detractor", in_reply_to="forum.test:2")
    question = hit("2", 0, stance="promoter")
    assert found(answer, question)["2/bank/general"].superseded_at == days(0)
    assert found(answer, question)["1/bank/general"].superseded_at is None
    assert standings([answer, question])[1][0].stance == "detractor"
    assert found(hit("1", 0), hit("2", 0))["1/bank/general"].superseded_at == days(0)


def test_answers_in_a_circle_still_have_one_order() -> None:
    circle = [hit("1", 0, in_reply_to="forum.test:2"), hit("2", 0, in_reply_to="forum.test:1"), hit("3", 0, in_reply_to="forum.test:3")]
    assert found(*circle) == found(*reversed(circle))
    assert sum(standing.superseded_at is None for standing in found(*circle).values()) == 1


def test_a_role_is_remembered_for_the_brand_until_a_text_says_otherwise() -> None:
    standing = found(
        hit("1", 0, roles=("none",)),
        hit("2", 1, roles=("client",)),
        hit("3", 2, roles=None, product="app"),
        hit("4", 3, roles=("none",), brand="rival"),
        hit("5", 4, roles=("ex_client", "competitor_client")),
        hit("6", 5, roles=None),
    )
    assert {mention: (known.roles, known.role_from) for mention, known in standing.items()} == {
        "1/bank/general": (("none",), None),
        "2/bank/general": (("client",), "text"),
        "3/bank/app": (("client",), "history"),
        "4/rival/general": (("none",), None),
        "5/bank/general": (("ex_client", "competitor_client"), "text"),
        "6/bank/general": (("ex_client", "competitor_client"), "history"),
    }


def test_who_leaves_is_no_client_any_more_though_the_model_abstains() -> None:
    reposted = hit("0", 0.5, roles=None, switch="left", copy_of="another's")
    hits = [hit("1", 0, roles=("client",)), reposted, hit("2", 1), hit("3", 2, roles=None, switch="left"), hit("4", 3)]
    assert [(each.roles, each.role_from) for each in found(*hits).values()] == [
        (("client",), "text"),
        (("unknown",), None),
        (("client",), "history"),
        (("unknown",), None),
        (("none",), None),
    ], "a copy leaves no memory and takes none away"


def test_a_role_is_forgotten_after_eighteen_months_and_a_memory_is_not_a_text() -> None:
    inside, outside = MEMORY / timedelta(days=1), MEMORY / timedelta(days=1) + 0.001
    standing = found(hit("1", 0, roles=("client",)), hit("2", 300, roles=None), hit("3", inside, roles=None), hit("4", outside, roles=None))
    assert standing["3/bank/general"].roles == ("client",)
    assert standing["4/bank/general"].roles == ("unknown",)
    assert standing["4/bank/general"].role_from is None


def test_an_employee_stays_one_until_a_text_says_otherwise() -> None:
    standing = found(hit("1", 0, roles=("employee",)), hit("2", 1), hit("3", 2, roles=("client",)), hit("4", 3))
    assert [standing[f"{post}/bank/general"].counts for post in "1234"] == [False, False, True, True]


def test_mentions_of_a_brand_in_one_post_share_what_any_of_them_shows() -> None:
    standing = found(hit("1", roles=None), hit("1", product="app", roles=("employee",)), hit("1", product="card", roles=("client",)))
    for mention in ("1/bank/general", "1/bank/app", "1/bank/card"):
        assert standing[mention] == Standing(counts=False, roles=("client", "employee"), role_from="text")


def test_unnamed_undated_and_official_posts_have_no_memory() -> None:
    unnamed = found(hit("1", 0, author_id=None, roles=("client",)), hit("2", 1, author_id=None, roles=None))
    assert unnamed["1/bank/general"] == Standing(counts=True, roles=("client",), role_from="text")
    assert unnamed["2/bank/general"] == Standing(counts=True, roles=("unknown",))
    undated = found(
        hit("1", None, roles=("client",)), hit("2", 1, roles=None), hit("3", 2, roles=("prospect",)), hit("4", None, roles=None)
    )
    assert undated["2/bank/general"].roles == undated["4/bank/general"].roles == ("unknown",)
    official = found(hit("1", 0, roles=("employee",), official=True), hit("2", 1, roles=None))
    assert official["2/bank/general"] == Standing(counts=True, roles=("unknown",))


def test_the_author_document() -> None:
    hits = [
        hit("1", 0, stance="promoter", roles=("client",), followers=10, author_name="Анна", collected=days(500)),
        hit("2", 1, stance="promoter", followers=12, author_name="Анна К.", collected=days(501)),
        hit("3", 2, stance="detractor", roles=("ex_client",), collected=days(502)),
        hit("4", 3, stance="none", genre="question"),
        hit("5", None),
        hit("3", 2, stance="passive", product="app", collected=days(502)),
    ]
    known, authors = standings(hits)
    shared = {
        "author_id": "forum.test:a",
        "brand": "bank",
        "site": "forum.test",
        "name": "Анна К.",
        "followers": 12,
        "roles": ("ex_client",),
        "roles_since": days(2),
    }
    flip = Flip(at=days(2), before="promoter", after="detractor", mention="forum.test:3/bank/general")
    assert authors == [
        Author(**shared, product="app", stance="passive", stance_since=days(2), posts=1, first=days(2), last=days(2)),
        Author(**shared, product="general", stance="detractor", stance_since=days(2), posts=5, first=days(0), last=days(3), flips=(flip,)),
    ]
    assert len(known) == 6


def test_a_stance_stands_since_it_was_first_taken_and_flips_need_opinions_that_count() -> None:
    _, (author,) = standings(
        [hit("1", 0, "detractor"), hit("2", 1, "promoter"), hit("3", 2, "detractor", genre="news"), hit("4", 3, "promoter")]
    )
    assert (author.stance, author.stance_since, len(author.flips)) == ("promoter", days(1), 1)
    _, (silent,) = standings([hit("1", 0, "none", genre="news")])
    assert (silent.stance, silent.stance_since, silent.flips, silent.posts) == (None, None, (), 1)


def test_unnamed_authors_and_the_company_itself_have_no_document() -> None:
    assert standings([hit("1", author_id=None), hit("2", official=True)])[1] == []


@st.composite
def worlds(draw: st.DrawFn) -> list[list[Hit]]:
    """Posts of three accounts and unnamed ones, few days and subjects so that they collide; a list of mentions per post."""
    posts = []
    for number in range(draw(st.integers(1, 12))):
        shared = {
            "at": draw(st.sampled_from([None, 0, 0, 1, 2, 300, 600, 900])),
            "author_id": draw(st.sampled_from([None, "forum.test:a", "forum.test:b", "forum.test:c"])),
            "official": draw(st.sampled_from([False, False, False, True])),
            "in_reply_to": draw(st.sampled_from([None, *(f"forum.test:{other}" for other in range(12))])),
            "collected": days(1000 + draw(st.integers(0, 3))),
            "followers": draw(st.sampled_from([None, 1, 2])),
        }
        subjects = draw(st.lists(st.sampled_from(["bank", "rival"]), min_size=1, max_size=2, unique=True))
        posts.append(
            [
                hit(
                    str(number),
                    **shared,
                    brand=brand,
                    product=product,
                    stance=draw(st.sampled_from(["promoter", "passive", "detractor", "none"])),
                    genre=draw(st.sampled_from(["opinion", "opinion", "opinion", "news"])),
                    roles=draw(st.sampled_from([None, ("none",), ("client",), ("employee",), ("client", "ex_client")])),
                )
                for brand in subjects
                for product in ("general", *draw(st.sampled_from([(), ("app",)])))
            ]
        )
    return posts


@given(worlds(), st.randoms())
@settings(max_examples=200, deadline=None)
def test_the_order_of_reading_changes_nothing(world: list[list[Hit]], chance: random.Random) -> None:
    hits = [mention for post in world for mention in post]
    shuffled = chance.sample(hits, len(hits))
    assert standings(shuffled) == standings(hits)
    last = [known for known in standings(hits)[0].values() if known.counts and known.superseded_at is None]
    speaking = {(h.post.author_key, h.mention.brand, h.mention.product) for h in hits if standings(hits)[0][h.mention.id].counts}
    assert len(last) == len(speaking)


def load(index: Index, posts: list[list[Hit]]) -> None:
    index.replace([post[0].post for post in posts], [mention.mention for post in posts for mention in post])
    refresh(index, {post[0].post.author_key for post in posts})


def state(index: Index) -> tuple[dict[str, Standing], list[Author]]:
    kept = {known.mention.id: known.standing for known in index.export(Query(level="brand"))}
    kept |= {known.mention.id: known.standing for known in index.export(Query(level="product"))}
    return kept, [author for product in ("general", "app") for author in index.authors(product=product, size=1000)]


@given(worlds(), st.randoms(), st.integers(1, 5))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_and_any_batches_give_the_same_documents(
    tmp_path_factory: pytest.TempPathFactory, world: list[list[Hit]], chance: random.Random, size: int
) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    whole, parts = EmbeddedIndex(folder / "whole"), EmbeddedIndex(folder / "parts")
    load(whole, world)
    shuffled = chance.sample(world, len(world))
    for start in range(0, len(shuffled), size):
        load(parts, shuffled[start : start + size])
    try:
        assert state(parts) == state(whole)
        expected, authors = standings([mention for post in world for mention in post])
        assert state(whole)[0] == expected
        assert sorted(state(whole)[1], key=lambda author: author.id) == authors
        assert refresh(whole, {post[0].post.author_key for post in world}) == 0
    finally:
        whole.close()
        parts.close()


def test_a_document_goes_when_the_author_no_longer_speaks_of_the_subject(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path / "index")
    post = hit("1")
    load(index, [[post, hit("1", product="app")]])
    assert len(index.authors(product="app")) == 1
    load(index, [[post]])
    assert index.authors(product="app") == []
    assert [author.author_id for author in index.authors()] == ["forum.test:a"]
    index.forget([post.post.id])
    refresh(index, ["forum.test:a"])
    assert index.authors() == []
    index.close()
