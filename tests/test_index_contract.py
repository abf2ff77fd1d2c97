"""One contract, two engines: every question about the index, answered equally by both and by plain lists."""

from __future__ import annotations

import dataclasses
import itertools
import multiprocessing
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import index_reference as reference
import pytest
from elasticsearch_node import elasticsearch_url
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from index_corpus import BRANDS, COLLECTED, KINDS, PLACES, PRODUCTS, SITES, TARGETS, WORDS, corpus

from crawlers.post import Post, Precision, post_id
from index.band import bands
from index.elastic import ElasticIndex
from index.embedded import EmbeddedIndex
from index.page import encode
from index.query import UNKNOWN, Facet, Hit, Index, Query, Standing
from index.standing import first_standing
from nlp.mention import GENRES, RECOMMENDATIONS, ROLES, SENTIMENTS, STANCES, SWITCHES, Mention

ENGINES = ("embedded", "elastic")
ZONES = tuple(
    map(ZoneInfo, ("UTC", "Europe/Berlin", "Europe/Moscow", "Africa/Cairo", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"))
)


def opened(engine: str, folder: Path) -> Index:
    """An empty index of its own."""
    if engine == "embedded":
        return EmbeddedIndex(folder / "index")
    return ElasticIndex(elasticsearch_url(), prefix=f"test-{uuid.uuid4().hex[:12]}", lock=folder / "lock")


SMALL = 60


def filled(index: Index, size: int = 300) -> Index:
    """The index with the corpus in it, in five batches."""
    posts, mentions, standings, authors = corpus(size)
    for number, start in enumerate(range(0, size, size // 5)):
        some = posts[start : start + size // 5]
        ids = {post.id for post in some}
        index.replace(some, [mention for mention in mentions if mention.post in ids], f"corpus/{number}")
    index.write_standings(standings)
    index.write_authors(authors)
    return index


@pytest.fixture(params=ENGINES)
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    """An empty index."""
    found = opened(request.param, tmp_path)
    yield found
    remove(found)


@pytest.fixture(scope="module", params=ENGINES)
def full(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """The corpus; tests only read it."""
    found = filled(opened(request.param, tmp_path_factory.mktemp("full")))
    yield found
    remove(found)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Index, Index]]:
    """The corpus in both engines; tests only read it."""
    found = [filled(opened(engine, tmp_path_factory.mktemp("both"))) for engine in ENGINES]
    yield found[0], found[1]
    for each in found:
        remove(each)


def remove(index: Index) -> None:
    if isinstance(index, ElasticIndex):
        for name in index._elastic.indices.get(index=f"{index._prefix}-*"):
            index._elastic.indices.delete(index=name)
    index.close()


def hits(level: str | None = "brand", size: int = 300) -> list[Hit]:
    """The corpus as an index should hold it."""
    posts, mentions, standings, _ = corpus(size)
    by_id = {post.id: post for post in posts}
    every = [Hit(mention=one, post=by_id[one.post], standing=standings.get(one.id, first_standing(one))) for one in mentions]
    return [hit for hit in every if level is None or (hit.mention.product == "general") == (level == "brand")]


def post(identity: str, **changes: object) -> Post:
    fields: dict[str, object] = {
        "id": identity, "site": "s.ru", "source": "feed", "text": "текст", "collected": COLLECTED, "published": COLLECTED,
        "published_precision": Precision.MINUTE, "author_id": "s.ru:1",
    }  # fmt: skip
    return Post(**(fields | changes))  # type: ignore[arg-type]


def mention(of: Post, brand: str = "sever", product: str = "general", **changes: object) -> Mention:
    fields: dict[str, object] = {
        "post": of.id, "brand": brand, "product": product, "product_kind": KINDS[product], "found": "text", "genre": "opinion",
        "sentiment": "positive", "tone": 1, "stance": "promoter", "recommendation": "none", "roles": None, "switch": "none",
    }  # fmt: skip
    return Mention(**(fields | changes))  # type: ignore[arg-type]


# Storing


def test_an_index_that_nobody_wrote_to_is_empty(index: Index) -> None:
    assert index.count(Query()) == {"": 0}
    assert index.count(Query(), Facet.BRAND) == {}
    assert index.search(Query()).hits == ()
    assert list(index.export(Query())) == list(index.mentions_of(["x"])) == index.thread("x") == index.authors() == []
    assert index.trend(Query(), "day", ZONES[0]) == []
    assert (index.reach(Query()).measured, index.reach(Query()).posts, index.distinct_authors(Query())) == (None, 0, 0)
    assert index.cross(Query(), Facet.BRAND, Facet.ROLE) == index.reach_by(Query(), Facet.BRAND) == {}
    assert (index.loaded(), index.post("x")) == (frozenset(), None)


def test_everything_comes_back_as_it_was_stored(full: Index) -> None:
    expected = reference.listed(hits("product"), "id", False)
    assert list(full.export(Query(level="product"))) == expected
    for stored in corpus()[0]:
        assert full.post(stored.id) == stored


def test_loading_twice_changes_nothing(index: Index) -> None:
    filled(index, SMALL)
    before = list(index.export(Query()))
    filled(index, SMALL)
    assert list(index.export(Query())) == before
    assert index.loaded() == {f"corpus/{number}" for number in range(5)}


def test_replacing_leaves_no_stale_mention(index: Index) -> None:
    one, other = post("s.ru:1"), post("s.ru:2")
    assert index.replace([one, other], [mention(one), mention(one, product="card"), mention(other)]) == 3
    index.write_standings({mention(one).id: Standing(counts=True, roles=("client",), role_from="history")})
    assert index.replace([one], [mention(one, brand="alfa", stance="detractor")]) == 1
    assert index.count(Query(), Facet.BRAND) == {"alfa": 1, "sever": 1}
    assert index.count(Query(level="product")) == {"": 0}
    assert index.replace([one], []) == 0
    assert index.count(Query(), Facet.BRAND) == {"sever": 1}
    assert index.post(one.id) == one


def test_a_replaced_mention_begins_with_what_its_text_shows(index: Index) -> None:
    one = post("s.ru:1")
    index.replace([one], [mention(one, roles=("client", "prospect")), mention(one, brand="alfa", roles=("none",))])
    index.write_standings({mention(one).id: Standing(counts=True, superseded_at=COLLECTED, roles=("employee",), role_from="history")})
    assert index.count(Query(counting=True), Facet.ROLE) == {"employee": 1}
    index.replace([one], [mention(one, roles=("client", "prospect")), mention(one, brand="alfa", roles=("none",))])
    assert index.count(Query(), Facet.ROLE) == {"client": 1, "prospect": 1, "none": 1}
    assert index.count(Query(), Facet.ROLE_FROM) == {"text": 1}
    assert index.count(Query(counting=True)) == {"": 0}


def test_the_text_of_a_changed_post_is_found_by_its_new_words_only(index: Index) -> None:
    one = post("s.ru:1", text="старые слова", title="прежний")
    index.replace([one], [mention(one)])
    index.replace([dataclasses.replace(one, text="новое", title=None, collected=COLLECTED + timedelta(hours=1))], [mention(one)])
    assert index.count(Query(text="новые")) == {"": 1}
    assert index.count(Query(text="старые")) == {"": 0}


def test_a_post_is_stored_as_it_is_given(index: Index) -> None:
    first = post("s.ru:1", text="начало", quoted="чужое", targets=("a",), about=("sever",), followers=5, views=10)
    index.replace([first], [mention(first, brand="sever")])
    second = post("s.ru:1", text="целое", targets=("b",), about=("alfa",), views=20, collected=COLLECTED - timedelta(hours=1))
    index.replace([second], [mention(second, brand="alfa")])
    (found,) = index.search(Query()).hits
    assert found.mention.brand == "alfa"
    assert found.post == index.post("s.ru:1") == second
    assert index.count(Query(), Facet.TARGET) == {"b": 1}
    assert index.count(Query(text="целое")) == {"": 1}


def test_a_mention_given_with_its_standing_has_it_from_the_first(index: Index) -> None:
    one, other = post("s.ru:1"), post("s.ru:2")
    standing = Standing(counts=True, superseded_at=COLLECTED, roles=("client",), role_from="history")
    index.replace([one, other], [mention(one), mention(other)], standings={mention(one).id: standing})
    assert [hit.standing for hit in index.search(Query(), sort="id", descending=False).hits] == [standing, first_standing(mention(other))]
    index.replace([one], [mention(one)])
    assert index.count(Query(counting=True)) == {"": 0}


def test_what_does_not_belong_together_is_refused(index: Index) -> None:
    one = post("s.ru:1")
    with pytest.raises(ValueError, match="without its post"):
        index.replace([], [mention(one)])
    with pytest.raises(ValueError, match="given twice"):
        index.replace([one, one], [])
    with pytest.raises(ValueError, match="given twice"):
        index.replace([one], [mention(one), mention(one)])
    assert index.post(one.id) is None


def test_a_batch_alone_is_recorded(index: Index) -> None:
    assert index.replace([], [], "t/000001") == 0
    assert index.replace([], [], "t/000001") == 0
    index.replace([], [], "t/000002")
    assert index.loaded() == {"t/000001", "t/000002"}


def test_forgetting_leaves_nothing_of_a_post(index: Index) -> None:
    filled(index, SMALL)
    gone = next(
        hit.post for hit in hits(size=SMALL) if hit.post.author_id and sum(other.post == hit.post for other in hits(size=SMALL)) > 1
    )
    before, authors = index.count(Query())[""], index.authors(size=10_000)
    assert index.forget([gone.id, gone.id, "never seen"]) == 1
    assert index.post(gone.id) is None
    assert index.count(Query(posts=(gone.id,))) == index.count(Query(level="product", posts=(gone.id,))) == {"": 0}
    assert index.count(Query())[""] == before - sum(hit.post == gone for hit in hits(size=SMALL))
    assert gone.id not in {hit.post.id for hit in index.mentions_of([gone.author_key])}
    assert index.authors(size=10_000) == authors  # what is known of people is the ledger's to write
    assert gone not in index.thread(gone.thread_id or "")
    assert gone not in list(index.posts())
    assert index.forget([gone.id]) == 0


def test_posts_are_found_by_the_bands_of_the_text_that_they_have_now(index: Index) -> None:
    told, other = "раз два три четыре пять шесть семь восемь девять десять " * 3, "one two three four five six seven eight nine ten " * 3
    assert index.posts_with(bands(told)) == {}
    index.replace([post("s.ru:1", text=told), post("s.ru:2", text=f"Привет! {told}"), post("s.ru:3", text="раз два три")], [])
    having = index.posts_with([*bands(told), 1])
    assert having.keys() == set(bands(told))
    assert set().union(*having.values()) == {"s.ru:1", "s.ru:2"}
    index.replace([post("s.ru:1", text=other)], [])
    assert set().union(*index.posts_with(bands(told)).values()) == {"s.ru:2"}
    assert set(index.posts_with(bands(other)).values()) == {frozenset({"s.ru:1"})}
    index.forget(["s.ru:1"])
    assert index.posts_with(bands(other)) == {}


def test_every_post_is_listed(full: Index) -> None:
    assert list(full.posts()) == sorted(corpus()[0], key=lambda one: one.id.encode())


def test_an_index_that_nobody_made_says_so(index: Index) -> None:
    assert str(index.missing()).startswith("There is no index ")
    index.replace([], [], "t/000001")
    assert index.missing() is None


def test_standings_of_mentions_that_are_not_there_are_passed_over(index: Index) -> None:
    one = post("s.ru:1")
    index.replace([one], [mention(one)])
    index.write_standings({"nobody/knows/it": Standing(counts=True), mention(one).id: Standing(counts=True, roles=("client",))})
    assert index.count(Query(counting=True), Facet.ROLE) == {"client": 1}


def test_very_long_ids_are_ids(index: Index) -> None:
    one, other = post("s.ru:" + "я/" * 400), post("s.ru:" + "я/" * 400 + "2")
    index.replace([one, other], [mention(one), mention(other)], "t/" + "9" * 600)
    index.write_standings({mention(one).id: Standing(counts=True)})
    assert [hit.post.id for hit in index.search(Query(counting=True)).hits] == [one.id]
    assert index.post(other.id) == other
    assert index.forget([one.id]) == 1
    assert index.count(Query()) == {"": 1}
    assert index.loaded() == {"t/" + "9" * 600}


def test_a_value_longer_than_any_index_takes_is_kept(index: Index) -> None:
    one = post("s.ru:1", place="я" * 40_000, author_name="x" * 40_000, in_reply_to="s.ru:" + "y" * 40_000)
    index.replace([one], [mention(one)])
    assert index.post(one.id) == one
    assert [hit.post for hit in index.search(Query(text="текст")).hits] == [one]
    assert index.count(Query(), Facet.BRAND) == {"sever": 1}


# Reading


def test_threads_are_in_order_of_time(full: Index) -> None:
    threads = {stored.thread_id for stored in corpus()[0] if stored.thread_id}
    assert len(threads) > 5
    far = datetime.max.replace(tzinfo=UTC)
    for thread in threads:
        expected = [stored for stored in corpus()[0] if stored.thread_id == thread]
        assert full.thread(thread) == sorted(expected, key=lambda one: (one.published or far, one.id.encode()))


def test_the_post_that_began_a_thread_is_in_it(index: Index) -> None:
    first, answer = post("s.ru:root"), post("s.ru:2", thread_id="s.ru:root", published=COLLECTED + timedelta(minutes=1))
    index.replace([answer, first, post("s.ru:3")], [])
    assert index.thread("s.ru:root") == [first, answer]


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("sort", ["published", "reach", "id"])
def test_pages_continue_to_the_end(full: Index, sort: str, descending: bool) -> None:
    expected = [hit.mention.id for hit in reference.listed(hits(), sort, descending)]
    for size in (7, len(expected), 1000):
        found, after, pages = [], None, 0
        while pages == 0 or after:
            page = full.search(Query(), sort=sort, descending=descending, size=size, after=after)
            found += [hit.mention.id for hit in page.hits]
            after, pages = page.after, pages + 1
            assert page.total == len(expected)
        assert found == expected
        assert pages == -(-len(expected) // size)


def test_a_page_of_none_says_the_total(full: Index) -> None:
    page = full.search(Query(), size=0)
    assert (page.total, page.hits) == (len(hits()), ())


@pytest.mark.parametrize(
    "after", ["", "x", "bnVsbA==", "WzEsIDJd", "WyIxIiwgIjIiXQ==", "ы", encode(10**30, "a"), encode(-(2**63), "a"), "WzEsICJcdWRjZmYiXQ=="]
)
def test_a_continuation_nobody_gave_is_refused(full: Index, after: str) -> None:
    with pytest.raises(ValueError, match="continuation"):
        full.search(Query(), after=after)


@pytest.mark.parametrize("sort", ["published", "reach", "id"])
def test_a_continuation_of_a_very_long_mention_is_one(full: Index, sort: str) -> None:
    assert full.search(Query(), sort=sort, after=encode(None, "я" * 40_000)).total == len(hits())


@pytest.mark.parametrize("value", ["я" * 40_000, "x" * 8_001, "\udcff"])
def test_a_value_that_no_post_can_have_finds_nothing(full: Index, value: str) -> None:
    names = ("brands", "products", "kinds", "places", "sites", "sources", "targets", "languages", "authors", "posts", "roles")
    for name in names:
        assert full.count(Query(**{name: (value,)})) == {"": 0}  # type: ignore[arg-type]
    brand = hits()[0].mention.brand
    assert full.count(Query(brands=(value, brand))) == full.count(Query(brands=(brand,)))
    assert full.authors(author_id=value) == full.authors(brands=(value,)) == full.authors(product=value) == []


def test_the_first_and_the_last_moment_are_moments(full: Index) -> None:
    first, last = datetime.min.replace(tzinfo=ZoneInfo("Europe/Moscow")), datetime.max.replace(tzinfo=ZoneInfo("America/Adak"))
    dated = full.count(Query(dated=True))
    assert full.count(Query(since=first)) == full.count(Query(until=last)) == full.count(Query(since=first, until=last)) == dated
    assert full.count(Query(until=first)) == full.count(Query(since=last)) == {"": 0}


def test_a_page_has_its_limits(full: Index) -> None:
    for size in (-1, 10_001):
        with pytest.raises(ValueError, match="10000"):
            full.search(Query(), size=size)


def test_times_without_a_zone_are_refused(full: Index) -> None:
    with pytest.raises(ValueError, match="time zone"):
        full.count(Query(since=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_mentions_of_authors_of_both_levels(full: Index) -> None:
    keys = {hit.post.author_key for hit in hits(None)}
    some = sorted(keys)[::2]
    expected = [hit for hit in hits(None) if hit.post.author_key in some]
    expected.sort(key=lambda hit: (hit.post.author_key.encode(), hit.mention.id.encode()))
    assert list(full.mentions_of([*some, *some, "nobody"])) == expected
    assert list(full.mentions_of([])) == []


def test_authors_by_followers(full: Index) -> None:
    def expected(**wanted: object) -> list[str]:
        found = [one for one in corpus()[3] if one.product == wanted.get("product", "general")]
        found = [one for one in found if wanted.get("flipped") in (None, bool(one.flips))]
        found = [one for one in found if not wanted.get("brands") or one.brand in wanted["brands"]]
        found = [one for one in found if not wanted.get("stances") or one.stance in wanted["stances"]]
        found.sort(key=lambda one: (-1 if one.followers is None else one.followers) * -1)
        return [one.id for one in sorted(found, key=lambda one: (one.followers is None, -(one.followers or 0), one.id.encode()))]

    for wanted in (
        {},
        {"product": "card"},
        {"flipped": True},
        {"flipped": False},
        {"brands": BRANDS[:2]},
        {"stances": ("promoter", "passive")},
    ):
        assert [one.id for one in full.authors(**wanted)] == expected(**wanted)
        assert [one.id for one in full.authors(**wanted, size=2)] == expected(**wanted)[:2]
    one = corpus()[3][0]
    assert one in full.authors(author_id=one.author_id, product=one.product)


def test_authors_are_replaced_and_removed(index: Index) -> None:
    one, other = corpus()[3][:2]
    assert one.author_id != other.author_id
    again = dataclasses.replace(one, brand="another")
    index.write_authors([one, again, other])
    changed = dataclasses.replace(one, followers=11, stance="passive", flips=())
    index.write_authors([changed], of=[one.author_id, "nobody"])
    assert index.authors(author_id=one.author_id, product=one.product) == [changed]
    assert index.authors(author_id=other.author_id, product=other.product) == [other]
    index.write_authors([], of=[other.author_id])
    assert index.authors(author_id=other.author_id, product=other.product) == []


# Figures


@pytest.mark.parametrize("level", ["brand", "product"])
@pytest.mark.parametrize("facet", Facet)
def test_counts_by_every_facet(full: Index, facet: Facet, level: str) -> None:
    assert full.count(Query(level=level), facet) == reference.counted(hits(level), facet)
    reach = {
        value: reference.reached(hit for hit in hits(level) if value in reference.values(facet, hit))
        for value in full.count(Query(level=level), facet)
    }
    assert full.reach_by(Query(level=level), facet) == reach


def test_counts_are_in_order(full: Index) -> None:
    counts = full.count(Query(), Facet.PLACE)
    assert list(counts) == sorted(counts, key=lambda value: (-counts[value], value))


@pytest.mark.parametrize(
    ("by", "then"), [(Facet.ROLE, Facet.TARGET), (Facet.BRAND, Facet.STANCE), (Facet.PLACE, Facet.LANGUAGE), (Facet.ROLE, Facet.ROLE)]
)
def test_counts_by_two_facets(full: Index, by: Facet, then: Facet) -> None:
    assert full.cross(Query(level="product"), by, then) == reference.crossed(hits("product"), by, then)


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("every", ["day", "week", "month"])
def test_trends_in_the_readers_zone(full: Index, every: str, zone: ZoneInfo) -> None:
    query = Query(since=datetime(2025, 6, 1, tzinfo=UTC))
    expected = [hit for hit in hits() if reference.holds(query, hit)]
    assert full.trend(query, every, zone) == reference.trended(expected, every, zone, None)
    assert full.trend(query, every, zone, Facet.PLACE) == reference.trended(expected, every, zone, Facet.PLACE)


def test_a_trend_over_half_a_century_has_no_holes(full: Index) -> None:
    months = full.trend(Query(), "month", ZONES[2])
    assert months == reference.trended(hits(), "month", ZONES[2], None)
    assert len(months) > 600
    assert months[0].start.year == 1969


def test_reach_is_over_distinct_posts(full: Index) -> None:
    assert full.reach(Query()) == reference.reached(hits())
    assert full.reach(Query(brands=("alfa",))) == reference.reached(hit for hit in hits() if hit.mention.brand == "alfa")
    assert full.reach(Query()).posts < full.count(Query())[""]


def test_unknown_reach_is_not_zero(index: Index) -> None:
    one, other = post("s.ru:1"), post("s.ru:2", views=0)
    index.replace([one, other], [mention(one), mention(other, brand="alfa")])
    unknown, zero = index.reach(Query(brands=("sever",))), index.reach(Query(brands=("alfa",)))
    assert (unknown.measured, unknown.estimated, unknown.posts) == (None, None, 1)
    assert (zero.measured, zero.measured_known) == (0, 1)


def test_distinct_authors(full: Index) -> None:
    for query in (Query(), Query(level="product"), Query(brands=("sever",)), Query(named=False), Query(last_word=True)):
        expected = {hit.post.author_key for hit in hits(query.level) if reference.holds(query, hit)}
        assert full.distinct_authors(query) == len(expected)


def test_the_last_word_of_a_period(index: Index) -> None:
    days = [COLLECTED + timedelta(days=number) for number in range(3)]
    posts = [post(f"s.ru:{number}", published=day) for number, day in enumerate(days)]
    stances = ("detractor", "promoter", "passive")
    index.replace(posts, [mention(one, stance=stance) for one, stance in zip(posts, stances, strict=True)])
    later = [*days[1:], None]
    index.write_standings({mention(one).id: Standing(counts=True, superseded_at=at) for one, at in zip(posts, later, strict=True)})
    for until, stance in zip([*days[1:], days[2] + timedelta(days=1)], stances, strict=True):
        assert index.count(Query(last_word=True, until=until), Facet.STANCE) == {stance: 1}
        assert index.count(Query(last_word=True, until=until + timedelta(microseconds=-1)), Facet.STANCE) == {stance: 1}
    assert index.count(Query(last_word=True), Facet.STANCE) == {"passive": 1}
    assert index.count(Query(last_word=True, counting=False)) == {"": 0}


# Any question

_moments = st.one_of(
    st.sampled_from(sorted({hit.post.published for hit in hits(None) if hit.post.published})[::5]),
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)


def _some(*values: object) -> st.SearchStrategy[tuple[object, ...]]:
    return st.one_of(st.just(()), st.lists(st.sampled_from(values), max_size=3).map(tuple))


_term = st.builds(
    "{}{}".format,
    st.sampled_from(("", "", "-")),
    st.one_of(st.sampled_from(WORDS), st.tuples(*[st.sampled_from(WORDS)] * 2).map('"{0[0]} {0[1]}"'.format)),
)
_texts = st.one_of(st.just(""), st.lists(_term, max_size=3).map(" ".join), st.text(max_size=12))
_flag = st.sampled_from((None, None, True, False))
queries = st.builds(
    Query,
    level=st.sampled_from(("brand", "product")),
    brands=_some(*BRANDS, "nobody"),
    products=st.one_of(st.just(()), _some(*PRODUCTS)),
    kinds=_some(*KINDS.values()),
    stances=_some(*STANCES),
    sentiments=_some(*SENTIMENTS),
    tones=_some(-1, 0, 1),
    genres=_some(*GENRES),
    roles=_some(*ROLES, "none", UNKNOWN),
    recommendations=_some(*RECOMMENDATIONS),
    switches=_some(*SWITCHES),
    sites=_some(*SITES),
    places=_some(*filter(None, PLACES)),
    sources=_some("feed", "reviews"),
    targets=_some(*TARGETS),
    languages=_some("ru", "en"),
    since=st.one_of(st.none(), _moments),
    until=st.one_of(st.none(), _moments),
    dated=_flag,
    text=_texts,
    counting=_flag,
    last_word=st.booleans(),
    named=_flag,
    official=_flag,
    read=_flag,
    copies=_flag,
    groups=_some(*(post_id(SITES[0], str(number)) for number in range(4)), "nobody"),
)


def _sparse(query: Query, keep: set[str]) -> Query:
    """The query with only a few of its conditions, so that most queries find something."""
    free = {name: getattr(Query(), name) for name in Query.__dataclass_fields__ if name not in keep | {"level"}}
    return dataclasses.replace(query, **free)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    query=st.builds(_sparse, queries, st.sets(st.sampled_from(sorted(Query.__dataclass_fields__)), max_size=4)),
    facets=st.tuples(st.sampled_from(Facet), st.sampled_from(Facet)),
    every=st.sampled_from(("day", "week", "month")),
    zone=st.sampled_from(ZONES),
    sort=st.sampled_from(("published", "reach", "id")),
    descending=st.booleans(),
)
def test_any_query_has_one_answer(
    both: tuple[Index, Index], query: Query, facets: tuple[Facet, Facet], every: str, zone: ZoneInfo, sort: str, descending: bool
) -> None:
    found = [hit for hit in hits(None) if reference.holds(query, hit)]
    by, then = facets
    for each in both:
        page = each.search(query, sort=sort, descending=descending, size=5)
        assert page.total == len(found)
        assert list(page.hits) == reference.listed(found, sort, descending)[:5]
        assert each.count(query) == {"": len(found)}
        assert each.count(query, by) == reference.counted(found, by)
        assert each.cross(query, by, then) == reference.crossed(found, by, then)
        assert each.reach(query) == reference.reached(found)
        assert each.distinct_authors(query) == len({hit.post.author_key for hit in found})
        assert each.trend(query, every, zone, by) == reference.trended(found, every, zone, by)


# Living with others


def test_a_listing_is_one_view_while_others_write(index: Index) -> None:
    filled(index, SMALL)
    expected = [hit.mention.id for hit in reference.listed(hits(size=SMALL), "id", False)]
    listing = index.export(Query())
    found = [next(listing).mention.id]
    index.forget([stored.id for stored in corpus(SMALL)[0][:30]])
    index.replace([post("s.ru:new")], [mention(post("s.ru:new"))])
    assert found + [hit.mention.id for hit in listing] == expected
    assert index.count(Query())[""] != len(expected)


def test_a_rebuild_takes_over_at_its_end(index: Index) -> None:
    filled(index, SMALL)
    before = len(hits(size=SMALL))
    listing = index.export(Query())
    first = next(listing)
    with index.rebuild() as fresh:
        assert fresh.count(Query()) == {"": 0}
        fresh.replace([post("s.ru:1")], [mention(post("s.ru:1"))], "new/1")
        fresh.write_standings({mention(post("s.ru:1")).id: Standing(counts=True)})
        assert fresh.count(Query(counting=True)) == {"": 1}
        assert index.count(Query()) == {"": before}
    assert index.count(Query()) == {"": 1}
    assert index.loaded() == {"new/1"}
    assert [first, *listing] == reference.listed(hits(size=SMALL), "id", False)


def test_a_rebuild_that_fails_vanishes(index: Index) -> None:
    filled(index, SMALL)
    with pytest.raises(RuntimeError, match="the power failed"), index.rebuild() as fresh:
        fresh.replace([post("s.ru:1")], [mention(post("s.ru:1"))], "new/1")
        raise RuntimeError("the power failed")
    assert index.count(Query()) == {"": len(hits(size=SMALL))}
    assert "new/1" not in index.loaded()


def test_the_first_rebuild_needs_no_index_before(index: Index) -> None:
    with index.rebuild() as fresh:
        fresh.replace([post("s.ru:1")], [mention(post("s.ru:1"))])
    assert index.count(Query()) == {"": 1}


def test_threads_share_an_index(full: Index) -> None:
    answers: list[object] = []

    def ask() -> None:
        for _ in range(5):
            answers.append(
                (full.count(Query(), Facet.BRAND), full.search(Query(text="банк"), size=3), full.trend(Query(), "month", ZONES[1]))
            )

    readers = [threading.Thread(target=ask) for _ in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(60)
    assert len(answers) == 40
    assert all(answer == answers[0] for answer in answers)


def _load(engine: str, arguments: tuple[str, ...], name: str, number: int) -> None:
    again = EmbeddedIndex(arguments[0]) if engine == "embedded" else ElasticIndex(arguments[0], arguments[1], lock=Path(arguments[2]))
    for turn in range(number):
        with again.writing():
            seen = int(again.count(Query())[""])
            one = post(f"s.ru:{name}-{turn}")
            again.replace([one], [mention(one)], f"{name}/{turn}")
            if again.count(Query())[""] != seen + 1:
                raise AssertionError("somebody wrote in between")
    again.close()


def test_writers_take_turns(index: Index, tmp_path: Path) -> None:
    if isinstance(index, EmbeddedIndex):
        engine, arguments = "embedded", (str(tmp_path / "index"),)
    else:
        assert isinstance(index, ElasticIndex)
        engine, arguments = "elastic", (index._url, index._prefix, str(tmp_path / "lock"))
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_load, args=(engine, arguments, name, 6)) for name in ("a", "b")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert index.count(Query()) == {"": 12}
    assert len(index.loaded()) == 12


def test_more_values_than_one_request_answers(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.elastic._TERMS", 3)
    monkeypatch.setattr("index.elastic_search._GROUPS", 4)
    monkeypatch.setattr("index.elastic_search._PAGE", 5)
    posts = [post(f"s.ru:{number}", place=f"p{number}", author_id=f"s.ru:{number}", views=number) for number in range(23)]
    index.replace(posts, [mention(one, brand=brand) for one, brand in itertools.product(posts, ("sever", "alfa"))])
    assert index.count(Query(), Facet.PLACE) == {f"p{number}": 2 for number in range(23)}
    assert index.distinct_authors(Query()) == 23
    assert index.reach(Query()).measured == sum(range(23))
    assert len(list(index.export(Query()))) == 46
