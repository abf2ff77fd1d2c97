"""One voice, many copies: whatever the order of loading, and when originals come late, change or go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tagged_batches import ENGINES, TOLD, Place, everything, fresh_index, mention, post

from advocacy.forget import forget
from advocacy.ledger import enter
from advocacy.load import load, rebuild
from advocacy.measures import online_nps
from crawlers.post import Post, Precision
from index.band import alike
from index.query import Facet, Index, Query

GREETED = f"Всем привет! {TOLD[0]}"
FIRST = post(1, 1, text=TOLD[0], author_id="a.test:anna", views=100)
SECOND = post(2, 2, text=GREETED, author_id="b.test:boris")
THIRD = post(3, 3, text=TOLD[0] + " Согласны?", author_id="c.test:clara")

SHIFTED = tuple(" ".join(f"слово{number}" for number in range(start, start + 50)) for start in (0, 4, 8))
"""The middle one is alike to both others, and these are not to each other."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


@pytest.fixture(params=ENGINES)
def index(request: pytest.FixtureRequest, place: Place) -> Iterator[Index]:
    with fresh_index(request.param, place.data / "index") as opened:
        yield opened


@pytest.fixture
def embedded(place: Place) -> Iterator[Index]:
    with fresh_index("embedded", place.data / "index") as opened:
        yield opened


def loaded(place: Place, index: Index, number: int, *posts: Post) -> dict[int, int | None]:
    """Load a batch of opinions about the bank and its app; number of each post -> that of its original."""
    kinds = ({}, {"product": "app", "product_kind": "app_online"})
    place.tagged("forum", number, [(each, [mention(each, "detractor", roles=("client",), **kind) for kind in kinds]) for each in posts])
    load(index, data=place.data, config=place.config)
    return originals(index)


def originals(index: Index) -> dict[int, int | None]:
    found = [hit for level in ("brand", "product") for hit in index.export(Query(level=level))]  # type: ignore[arg-type]
    assert all(hit.standing.counts == (hit.standing.copy_of is None) for hit in found)
    return {_number(hit.post.id): hit.standing.copy_of and _number(hit.standing.copy_of) for hit in found}  # type: ignore[misc]


def _number(post_id: str) -> int:
    return int(post_id.partition(":")[2])


def test_an_original_that_arrives_late_turns_the_others_into_copies(place: Place, index: Index) -> None:
    assert loaded(place, index, 1, THIRD) == {3: None}
    assert [(author.author_id, author.stance) for author in index.authors()] == [("c.test:clara", "detractor")]
    assert loaded(place, index, 2, SECOND) == {2: None, 3: 2}
    assert loaded(place, index, 3, FIRST) == {1: None, 2: 1, 3: 1}
    assert online_nps(index, Query()).detractors == 1
    assert {author.author_id: (author.stance, author.roles, author.posts) for author in index.authors()} == {
        "a.test:anna": ("detractor", ("client",), 1), "b.test:boris": (None, ("unknown",), 1), "c.test:clara": (None, ("unknown",), 1),
    }  # fmt: skip
    assert index.count(Query(groups=(FIRST.id,)))[""] == 3
    assert index.count(Query(copies=True, text="согласны"), Facet.COPY_OF) == {FIRST.id: 1}
    before = everything(index)
    rebuild(index, data=place.data, config=place.config)
    assert everything(index) == before


def test_an_original_that_is_edited_or_forgotten_frees_its_copies(place: Place, index: Index) -> None:
    assert loaded(place, index, 1, FIRST, SECOND, THIRD) == {1: None, 2: 1, 3: 1}
    edited = replace(FIRST, text="Банк всё вернул, спасибо.", collected=FIRST.collected + timedelta(days=9))
    assert loaded(place, index, 2, edited) == {1: None, 2: None, 3: 2}
    assert {author.author_id: author.stance for author in index.authors()} == {
        "a.test:anna": "detractor", "b.test:boris": "detractor", "c.test:clara": None,
    }  # fmt: skip
    forget(index, [SECOND.id], data=place.data)
    assert originals(index) == {1: None, 3: None}


def test_no_similarity_is_handed_on(place: Place, embedded: Index) -> None:
    first, middle, last = (post(number, number, text=text) for number, text in enumerate(SHIFTED))
    earliest = replace(last, id="forum.test:00009", published=first.published - timedelta(days=1))  # type: ignore[operator]
    assert loaded(place, embedded, 1, middle) == {1: None}
    assert loaded(place, embedded, 2, last) == {1: None, 2: 1}
    assert loaded(place, embedded, 3, first, earliest) == {0: None, 1: 9, 2: 9, 9: None}
    forget(embedded, [earliest.id], data=place.data)
    assert originals(embedded) == {0: None, 1: 0, 2: 1}


@pytest.mark.parametrize("step", ["replace", "write_authors", "write_standings"])
def test_a_load_cut_off_while_an_original_comes_is_mended_by_the_next(
    place: Place, embedded: Index, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    loaded(place, embedded, 1, FIRST, THIRD)
    edited = replace(FIRST, text=TOLD[1], collected=FIRST.collected + timedelta(days=9))
    earlier = post(9, 0, text=TOLD[1], author_id="d.test:dora")

    def cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(embedded, step, cut)
        with pytest.raises(KeyboardInterrupt):
            loaded(place, embedded, 2, edited, earlier)
    assert loaded(place, embedded, 2, edited, earlier) == {1: 9, 3: None, 9: None}
    assert {author.author_id: author.stance for author in embedded.authors()} == {
        "a.test:anna": None, "c.test:clara": "detractor", "d.test:dora": "detractor",
    }  # fmt: skip


def test_the_same_words_about_another_company_are_a_voice_there(place: Place, embedded: Index) -> None:
    both = [mention(SECOND, "detractor"), mention(SECOND, "detractor", brand="rival", found="target")]
    place.tagged("forum", 1, [(FIRST, [mention(FIRST, "detractor")]), (SECOND, both), (THIRD, [mention(THIRD, brand="rival")])])
    load(embedded, data=place.data, config=place.config)
    found = {(hit.post.id, hit.mention.brand): hit.standing.copy_of for hit in embedded.export(Query())}
    assert found == {
        (FIRST.id, "bank"): None, (SECOND.id, "bank"): FIRST.id, (SECOND.id, "rival"): None, (THIRD.id, "rival"): SECOND.id,
    }  # fmt: skip


def test_an_undated_post_and_a_later_one_of_the_same_account_are_copies_and_short_texts_are_none(place: Place, embedded: Index) -> None:
    undated = replace(SECOND, id="forum.test:00000", published=None, published_precision=Precision.UNKNOWN)
    again = replace(THIRD, author_id=FIRST.author_id)
    short = [post(number, number, text="Отличный банк!", author_id=f"a.test:{number}") for number in (4, 5)]
    place.tagged("forum", 1, [(each, [mention(each)]) for each in (undated, FIRST, again, *short)])
    load(embedded, data=place.data, config=place.config)
    assert {hit.post.id[-1]: hit.standing.copy_of for hit in embedded.export(Query())} == {
        "0": FIRST.id, "1": None, "3": FIRST.id, "4": None, "5": None,
    }  # fmt: skip
    assert embedded.count(Query(counting=True))[""] == 3


TEXTS = (*SHIFTED, GREETED, TOLD[0], "Банк как банк")
changes = st.lists(
    st.tuples(
        st.integers(0, 4), st.sampled_from(TEXTS), st.sampled_from([None, 0, 1]), st.sampled_from([(), ("bank",), ("bank", "rival")])
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda change: change[0],
)


@given(st.lists(changes, min_size=2, max_size=5))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_a_copy_depends_on_what_there_is_and_on_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Sequence[tuple[int, str, int | None, tuple[str, ...]]]]
) -> None:
    """Posts come, change and go, some at a time; in the end each mention has the original that its definition says."""
    now: dict[str, tuple[Post, tuple[str, ...]]] = {}
    with fresh_index("embedded", tmp_path_factory.mktemp("copies")) as index:
        for step in steps:
            given = [(post(number, day or 0, text=text, author_id=f"a.test:{number}"), brands) for number, text, day, brands in step]
            undated = {"published": None, "published_precision": Precision.UNKNOWN}
            given = [
                (each if day is not None else replace(each, **undated), brands)
                for (each, brands), (_, _, day, _) in zip(given, step, strict=True)
            ]
            now |= {each.id: (each, brands) for each, brands in given}
            mentions = [mention(each, brand=brand) for each, brands in given for brand in brands]
            enter(index, [each for each, _ in given], mentions, {each.author_key for each, _ in given})
        found = {(hit.post.id, hit.mention.brand): hit.standing.copy_of for hit in index.export(Query())}

    def order(each: Post) -> tuple[bool, object, str]:
        return each.published is None, each.published, each.id

    expected = {}
    for each, brands in now.values():
        for brand in brands:
            earlier = [
                other for other, theirs in now.values() if brand in theirs and order(other) < order(each) and alike(other.text, each.text)
            ]
            expected[each.id, brand] = min(earlier, key=order).id if earlier else None
    assert found == expected
