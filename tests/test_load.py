"""Loading tagged batches: once, again, in any order, after a kill at any step, after brands or model changed; and forgetting."""

from __future__ import annotations

import gzip
import itertools
import json
import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tagged_batches import ENGINES, START, Place, everything, fresh_index, many_posts, mention, post

from advocacy import forget as forgetting
from advocacy import load as loading
from advocacy.correction import Correction
from advocacy.desk import open_desk
from advocacy.forget import TombstoneError, bury, forget, posts_named, tombstone, tombstones
from advocacy.load import Loaded, LoadError, load, rebuild
from advocacy.sighting import is_teaser, one_post
from crawlers.archive import Archive, Batch
from crawlers.looked import mark_gone
from crawlers.post import Post, Precision
from index.query import Author, Hit, Index, Query, Standing
from nlp.mention import Mention
from nlp.tag import present_fingerprint


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


@pytest.fixture(params=ENGINES)
def index(request: pytest.FixtureRequest, place: Place) -> Iterator[Index]:
    with fresh_index(request.param, place.data / "index") as opened:
        yield opened


def undisturbed(place: Place) -> tuple[list[Hit], list[Author]]:
    """What everything tagged gives when it is loaded at once."""
    with fresh_index("embedded", place.data / "undisturbed") as opened:
        run(place, opened)
        return everything(opened)


def run(place: Place, index: Index, **more: Any) -> Loaded:
    return load(index, data=place.data, config=place.config, **more)


def test_a_batch_is_loaded_once_and_its_authors_ledgers_with_it(place: Place, index: Index) -> None:
    first, second = post(1, 0), post(2, 1)
    key = place.tagged("forum", 1, [(first, [mention(first)]), (second, [mention(second, "detractor")])])
    assert run(place, index) == Loaded(batches=1, posts=2, mentions=2)
    assert index.loaded() == {key}
    assert [hit.standing.superseded_at for hit in index.export(Query())] == [second.published, None]
    assert [(author.stance, author.posts) for author in index.authors()] == [("detractor", 2)]
    before = everything(index)
    assert run(place, index) == Loaded()
    assert everything(index) == before


def test_a_later_batch_supersedes_what_stood_before(place: Place, index: Index) -> None:
    first, second, between = post(1, 0), post(2, 2), post(3, 1)
    place.tagged("forum", 1, [(first, [mention(first)]), (second, [mention(second)])])
    run(place, index)
    place.tagged("forum", 2, [(between, [mention(between, "detractor")])])
    assert run(place, index) == Loaded(batches=1, posts=1, mentions=1)
    assert [hit.standing.superseded_at for hit in index.export(Query())] == [between.published, None, second.published]
    assert [flip.after for flip in index.authors()[0].flips] == ["detractor", "promoter"]


def test_small_batches_are_written_together_and_progress_tells_of_batches(
    place: Place, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        place.tagged("forum", number, [(post(2 * number), []), (post(2 * number + 1), [])])
    monkeypatch.setattr(loading, "POSTS_AT_ONCE", 3)
    told: list[tuple[int, int]] = []
    assert run(place, index, progress=lambda done, total: told.append((done, total))) == Loaded(batches=5, posts=10)
    assert told == [(0, 5), (2, 5), (4, 5), (5, 5)]


def test_an_edited_post_loses_the_mentions_it_no_longer_has(place: Place, index: Index) -> None:
    old = post(1)
    edited = replace(old, text="Соперник лучше", collected=old.collected + timedelta(days=1))
    place.tagged("forum", 1, [(old, [mention(old), mention(old, product="app", product_kind="app_online")])])
    run(place, index)
    place.tagged("forum", 2, [(edited, [mention(edited, brand="rival")])])
    run(place, index)
    assert [hit.mention.id for hit in everything(index)[0]] == ["forum.test:00001/rival/general"]
    assert [author.brand for author in everything(index)[1]] == ["rival"]


def test_newer_metrics_change_the_post_and_not_what_was_read(place: Place, index: Index) -> None:
    seen = post(1, views=10, targets=("one",))
    again = replace(seen, views=25, targets=("two",), collected=seen.collected + timedelta(days=1))
    older = replace(seen, views=5, likes=3, targets=("three",), collected=seen.collected - timedelta(minutes=1))
    for number, sighting in enumerate((again, older, seen)):
        place.tagged("forum", number, [(sighting, [mention(sighting, "detractor")])])
        run(place, index)
    (hit,) = index.export(Query())
    assert (hit.post.views, hit.post.likes, hit.post.targets, hit.post.collected) == (25, 3, ("one", "three", "two"), again.collected)
    assert hit.standing == Standing(counts=True, roles=("none",))


def test_a_teaser_never_takes_the_place_of_the_text() -> None:
    full = post(1, text="Банк вернул деньги за день. Спасибо!")
    for words in ("Банк вернул деньги…", "Банк вернул деньги [...]", "Банк вернул деньги", ""):
        teaser = replace(full, text=words, collected=full.collected + timedelta(days=1), views=7)
        united, mentions = one_post([(teaser, [mention(teaser, "none")]), (full, [mention(full)])])
        assert (united.text, united.views, united.collected) == (full.text, 7, teaser.collected)
        assert [found.stance for found in mentions] == ["promoter"]
    assert not is_teaser(full.text, of=full.text)
    assert not is_teaser("Банк не вернул…", of=full.text)
    other = replace(full, text="Банк вернул всё", collected=full.collected + timedelta(days=1))
    assert one_post([(other, []), (full, [])])[0].text == other.text


def test_the_language_is_that_of_the_text_that_holds() -> None:
    full = post(1, text="Банк швидко повернув гроші, раджу всім", language="uk")
    teaser = replace(full, text="Банк…", language="ru", collected=full.collected + timedelta(days=1))
    assert one_post([(teaser, []), (full, [mention(full)])])[0].language == "uk", "as it was read"
    edited = replace(teaser, text="Спасибо", language=None)
    assert one_post([(edited, []), (full, [])])[0].language is None, "of a few words it is not known"


def test_what_several_targets_say_unites() -> None:
    known = post(1, about=("rival",), published=None, published_precision=Precision.UNKNOWN, targets=("page",))
    named = replace(post(1), about=("bank",), author_name="Анна", collected=known.collected + timedelta(days=2))
    dated = replace(post(1), published_precision=Precision.DAY, collected=known.collected + timedelta(days=3))
    of_target = mention(known, "detractor", brand="rival", found="target")
    united, mentions = one_post([(known, [of_target]), (named, [mention(named)]), (dated, [mention(dated)])])
    assert (united.about, united.targets, united.author_name) == (("bank", "rival"), ("forum", "page"), "Анна")
    assert (united.published, united.published_precision) == (named.published, Precision.MINUTE)
    to_the_hour = replace(known, published=named.published, published_precision=Precision.HOUR)
    assert one_post([(dated, []), (to_the_hour, []), (known, [])])[0].published_precision is Precision.HOUR
    assert [found.brand for found in mentions] == ["bank", "rival"]
    assert mentions[1].names == of_target.names


def test_a_company_only_an_older_text_was_said_to_be_about_stays_without_marks() -> None:
    old = post(1, about=("rival",))
    new = replace(old, text="Совсем другое", about=(), collected=old.collected + timedelta(days=1))
    _, mentions = one_post([(old, [mention(old, brand="rival", found="target"), mention(old)]), (new, [mention(new, "detractor")])])
    assert [(found.brand, found.stance, found.names) for found in mentions] == [
        ("bank", "detractor", ((0, 4),)),
        ("rival", "promoter", ()),
    ]


@st.composite
def sightings_of_one(draw: st.DrawFn) -> list[tuple[Post, list[Mention]]]:
    """Sightings of one post that disagree about everything."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        seen = post(
            1,
            text=draw(st.sampled_from(["Банк хорош", "Банк", "Банк […]", "Банк [", "Банк плох.", ""])),
            collected=post(1).collected + timedelta(hours=draw(st.integers(0, 2))),
            author_id=draw(st.sampled_from([None, "forum.test:a", "forum.test:b"])),
            views=draw(st.sampled_from([None, 1, 2])),
            about=draw(st.sampled_from([(), ("bank",), ("rival",)])),
            official=draw(st.booleans()),
        )
        stance = draw(st.sampled_from(["promoter", "detractor"]))
        brands = draw(st.lists(st.sampled_from(["bank", "rival"]), unique=True))
        found.append((seen, [mention(seen, stance, brand=brand, found=draw(st.sampled_from(["text", "target"]))) for brand in brands]))
    return found


@given(sightings_of_one())
@settings(deadline=None)
def test_sightings_make_the_same_post_in_any_order(sightings: list[tuple[Post, list[Mention]]]) -> None:
    assert all(one_post(order) == one_post(sightings) for order in itertools.permutations(sightings))
    united = one_post(sightings)
    assert one_post([*sightings, sightings[0]]) == united
    assert len({found.id for found in united[1]}) == len(united[1])


@pytest.mark.parametrize("engine", ENGINES)
@given(seed=st.integers(0, 10**6), size=st.integers(4, 15))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_and_any_batches_end_in_the_same_index(
    tmp_path_factory: pytest.TempPathFactory, engine: str, seed: int, size: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        whole, parts = (Place(tmp_path_factory.mktemp("any"), patch) for _ in range(2))
        sightings = many_posts(40, seed)
        whole.tagged("all", 1, sightings)
        chance = random.Random(seed)
        shuffled = chance.sample(sightings, len(sightings))
        with fresh_index(engine, parts.data / "index") as index:
            for number, start in enumerate(range(0, len(shuffled), size)):
                parts.tagged(f"target{chance.randrange(2)}", number, shuffled[start : start + size])
                if chance.random() < 0.5:
                    run(parts, index)
            run(parts, index)
            assert everything(index) == undisturbed(whole)
            assert run(parts, index) == Loaded()


@pytest.mark.parametrize("step", ["replace", "write_authors", "recorded"])
def test_a_load_cut_off_between_its_steps_is_mended_by_the_next(
    place: Place, monkeypatch: pytest.MonkeyPatch, step: str, index: Index
) -> None:
    sightings = many_posts(60, 5)
    for number in range(3):
        place.tagged("forum", number, sightings[number * 20 : number * 20 + 20])
    expected = undisturbed(place)

    class CutOff(BaseException):
        pass

    def cut(*_: object, **__: object) -> None:
        raise CutOff

    with monkeypatch.context() as patch:
        if step == "recorded":
            replace_posts = index.replace
            patch.setattr(index, "replace", lambda posts, said, **more: cut() if "batch" in more else replace_posts(posts, said, **more))
        else:
            patch.setattr(index, step, cut)
        with pytest.raises(CutOff):
            run(place, index)
    assert index.loaded() == frozenset()
    assert run(place, index).batches == 3
    assert everything(index) == expected


def test_a_damaged_cache_of_sightings_is_made_again(place: Place, index: Index) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen)])])
    run(place, index)
    cache = place.data / "tagged" / present_fingerprint(place.config) / "sightings.sqlite"
    assert cache.exists()
    cache.write_bytes(b"not a database" * 100)
    older = replace(seen, collected=seen.collected - timedelta(days=1), text="Старое")
    place.tagged("forum", 2, [(older, [mention(older, "detractor")])])
    run(place, index)
    (hit,) = index.export(Query())
    assert (hit.post.text, hit.mention.stance) == (seen.text, "promoter")


def collected(place: Place, number: int, *, damaged: bool = False) -> None:
    """A collected batch without items, or one whose items are lost."""
    batch = Batch(place.data / "raw" / "forum", number)
    batch.folder.mkdir(parents=True, exist_ok=True)
    batch.manifest_path.write_text(json.dumps({"items": 0}))
    if not damaged:
        batch.path.write_bytes(gzip.compress(b""))


def test_after_a_change_of_the_model_the_old_reading_stands_until_all_is_tagged(place: Place, index: Index) -> None:
    seen, other = post(1), post(2, 1)
    place.tagged("forum", 1, [(seen, [mention(seen)]), (other, [mention(other)])])
    run(place, index)
    before = everything(index)
    place.new_model("second")
    collected(place, 1)
    collected(place, 2)
    place.tagged("forum", 1, [(seen, [mention(seen, "detractor")]), (other, [])])
    waiting = run(place, index)
    assert waiting == Loaded(waiting=("forum/000002",))
    assert "1 batches are still to be tagged anew (forum/000002)" in str(waiting)
    assert everything(index) == before
    with pytest.raises(LoadError, match="1 batches are not tagged"):
        rebuild(index, data=place.data, config=place.config)
    place.tagged("forum", 2, [])
    assert run(place, index) == Loaded(batches=2, posts=2, mentions=1, rebuilt=True)
    assert [hit.mention.stance for hit in index.export(Query())] == ["detractor"]
    assert [(author.stance, author.posts) for author in index.authors()] == [("detractor", 1)]
    assert all(key.startswith(present_fingerprint(place.config)) for key in index.loaded())
    assert run(place, index) == Loaded()


def test_a_batch_that_cannot_be_read_any_more_is_not_waited_for(place: Place, index: Index) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen)])])
    run(place, index)
    place.new_model("second")
    place.tagged("forum", 1, [(seen, [mention(seen, "detractor")])])
    collected(place, 2, damaged=True)
    collected(place, 3)
    assert run(place, index) == Loaded(waiting=("forum/000002", "forum/000003"))
    place.tagged("forum", 3, [])
    done = run(place, index)
    assert done == Loaded(batches=2, posts=1, mentions=1, rebuilt=True, damaged=("forum/000002",))
    assert str(done).endswith("damaged (restore them from a backup): forum/000002")
    assert [hit.mention.stance for hit in index.export(Query())] == ["detractor"]


def test_only_a_few_batches_are_named() -> None:
    assert loading.some([f"b{number}" for number in range(7)], most=2) == "b0, b1 and 5 more"
    assert loading.some(["b0", "b1"], most=2) == "b0, b1"


def test_loading_one_by_one_gives_what_a_rebuild_gives_where_a_newer_text_has_no_quote(place: Place, index: Index) -> None:
    old = post(1, quoted="Чужие слова", edited=post(1).published, title="Заголовок")
    new = replace(old, text="Другой текст", quoted=None, edited=None, title=None, collected=old.collected + timedelta(days=1))
    for number, sighting in enumerate((old, new)):
        place.tagged("forum", number, [(sighting, [mention(sighting)])])
        run(place, index)
    (hit,) = index.export(Query())
    assert (hit.post.quoted, hit.post.edited, hit.post.title) == (None, None, "Заголовок")
    before = everything(index)
    rebuild(index, data=place.data, config=place.config)
    assert everything(index) == before


def test_a_reader_never_meets_a_mention_without_its_standing(place: Place, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    first, later = post(1, 0), post(2, 1)
    place.tagged("forum", 1, [(first, [mention(first, roles=("client",))])])
    run(place, index)
    place.tagged("forum", 2, [(first, [mention(first, roles=("client",))]), (later, [mention(later)])])
    read: list[tuple[int, list[Standing]]] = []
    replace_posts = index.replace

    def replaced(posts: Any, mentions: Any, *more: Any, **named: Any) -> int:
        written = replace_posts(posts, mentions, *more, **named)
        read.append((len(posts), [hit.standing for hit in index.export(Query())]))
        return written

    monkeypatch.setattr(index, "replace", replaced)
    run(place, index)
    assert read[0] == (
        2,
        [
            Standing(counts=True, superseded_at=later.published, roles=("client",), role_from="text"),
            Standing(counts=True, roles=("client",), role_from="history"),
        ],
    )


def test_a_post_seen_often_with_other_numbers_is_read_from_one_batch(place: Place, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9):
        seen = post(1, views=number, collected=post(1).collected + timedelta(days=number))
        edited = replace(seen, text="Раньше было иначе") if number == 4 else seen
        place.tagged("forum", number, [(edited, [mention(edited)])])
    run(place, index)
    last = post(1, views=99, collected=post(1).collected + timedelta(days=9))
    place.tagged("forum", 9, [(last, [mention(last)])])
    opened: list[str] = []
    read = loading.read_tagged
    monkeypatch.setattr(loading, "read_tagged", lambda path: (opened.append(path.name), read(path))[1])
    run(place, index)
    assert opened == ["000004.jsonl.gz", "000009.jsonl.gz"]
    (hit,) = index.export(Query())
    assert (hit.post.views, hit.post.text) == (99, last.text)


def test_when_a_tagged_batch_is_gone_older_sightings_speak_again(place: Place, index: Index) -> None:
    old = post(1, views=1)
    new = replace(old, views=2, collected=old.collected + timedelta(days=1))
    for number, sighting in enumerate((old, new)):
        place.tagged("forum", number, [(sighting, [mention(sighting)])])
    run(place, index)
    (place.data / "tagged" / present_fingerprint(place.config) / "forum" / "000001.jsonl.gz").unlink()
    rebuild(index, data=place.data, config=place.config)
    (hit,) = index.export(Query())
    assert hit.post.views == 1


def test_rebuild_gives_what_loading_gave(place: Place, index: Index) -> None:
    sightings = many_posts(60, 3)
    for number in range(3):
        place.tagged("forum", number, sightings[number * 20 : number * 20 + 20])
    run(place, index)
    before = everything(index)
    rebuilt = rebuild(index, data=place.data, config=place.config)
    assert (rebuilt.rebuilt, rebuilt.batches) == (True, 3)
    assert everything(index) == before


def test_an_empty_data_folder_never_empties_an_index(place: Place, tmp_path: Path, index: Index) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen)])])
    run(place, index)
    place.new_model("second")
    assert load(index, data=tmp_path / "elsewhere", config=place.config) == Loaded()
    with pytest.raises(LoadError, match="Nothing is tagged"):
        rebuild(index, data=tmp_path / "elsewhere", config=place.config)
    assert len(everything(index)[0]) == 1


def test_a_forgotten_post_is_gone_and_stays_gone(place: Place, index: Index) -> None:
    first, second = post(1, 0), post(2, 1)
    batch = [(first, [mention(first)]), (second, [mention(second, "detractor")])]
    place.tagged("forum", 1, batch)
    run(place, index)
    assert forget(index, [second.id, "forum.test:never"], data=place.data) == 1
    assert [(hit.post.id, hit.standing.superseded_at) for hit in index.export(Query())] == [(first.id, None)]
    assert [(author.stance, author.posts, author.flips) for author in index.authors()] == [("promoter", 1, ())]
    place.tagged("forum", 2, [(second, [mention(second)])])
    assert run(place, index) == Loaded(batches=1, forgotten=1)
    assert rebuild(index, data=place.data, config=place.config).forgotten == 1
    assert index.post(second.id) is None
    assert second.id not in (place.data / "forgotten.jsonl").read_text()
    assert tombstones(place.data) == {tombstone(second.id), tombstone("forum.test:never")}
    assert forget(index, [second.id], data=place.data) == 0
    assert run(place, index) == Loaded()
    assert len((place.data / "forgotten.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize("step", ["replace", "write_authors", "forget"])
def test_a_forgetting_cut_off_is_finished_by_the_next_load(place: Place, monkeypatch: pytest.MonkeyPatch, step: str, index: Index) -> None:
    first, second = post(1, 0), post(2, 1)
    place.tagged("forum", 1, [(first, [mention(first)]), (second, [mention(second, "detractor")])])
    run(place, index)

    class CutOff(BaseException):
        pass

    def cut(*_: object, **__: object) -> None:
        raise CutOff

    with monkeypatch.context() as patch:
        patch.setattr(index, step, cut)
        with pytest.raises(CutOff):
            forget(index, [second.id], data=place.data)
    assert run(place, index) == Loaded(removed=1)
    assert [(hit.post.id, hit.standing.superseded_at) for hit in index.export(Query())] == [(first.id, None)]
    assert [(author.stance, author.posts) for author in index.authors()] == [("promoter", 1)]
    assert index.post(second.id) is None
    assert run(place, index) == Loaded()
    assert sorted(path.name for path in place.data.glob("forg*")) == ["forgotten.jsonl", "forgotten.lock"]


def test_a_post_forgotten_in_one_index_leaves_the_other_with_its_next_load(place: Place, index: Index) -> None:
    first, second, silent = post(1, 0), post(2, 1), post(3, 2)
    place.tagged("forum", 1, [(first, [mention(first)]), (second, [mention(second, "detractor")]), (silent, [])])
    run(place, index)
    with fresh_index("embedded", place.data / "other") as other:
        run(place, other)
        assert forget(other, [second.id, silent.id], data=place.data) == 2
        assert index.post(second.id) == second
        done = run(place, index)
        assert (done, str(done)) == (Loaded(removed=2), "loaded 0 batches: 0 posts, 0 mentions; 2 posts forgotten meanwhile are removed")
        assert everything(index) == everything(other)
        assert [post.id for post in index.posts()] == [first.id]
        assert run(place, index) == run(place, other) == Loaded()
        forget(index, [first.id], data=place.data)
        assert run(place, other) == Loaded(removed=1)


@pytest.mark.parametrize("step", [None, "bury", "replace", "forget"])
def test_what_is_gone_at_its_source_is_forgotten_by_the_next_load_of_every_index(
    place: Place, monkeypatch: pytest.MonkeyPatch, step: str | None, index: Index
) -> None:
    """Also where it is cut off; the same text elsewhere stays, and a correction goes with its post."""
    first, second, copied = post(1, 0), post(2, 1), post(4, 3, text=post(2).text)
    place.tagged("forum", 1, [(first, [mention(first)]), (second, [mention(second, "detractor")]), (copied, [mention(copied)])])
    run(place, index)
    with closing(open_desk(place.data)) as desk:
        said = Correction(post=second.id, brand="bank", head="stance", value="passive", text_hash="x", author="Anna", made=START)
        desk.append([said])
    (place.data / "raw" / "forum").mkdir(parents=True, exist_ok=True)
    mark_gone(Archive(place.data), "forum", [(second.id, "404")], now=START, since={second.id: START})

    class CutOff(BaseException):
        pass

    def cut(*_: object, **__: object) -> None:
        raise CutOff

    if step is not None:
        with monkeypatch.context() as patch:
            patch.setattr(forgetting if step == "bury" else index, step, cut)
            with pytest.raises(CutOff):
                run(place, index)
    with fresh_index("embedded", place.data / "other") as other:
        run(place, other)
        assert run(place, index).removed == 1
        for each in (index, other):
            assert sorted(found.id for found in each.posts()) == sorted([first.id, copied.id])
            assert run(place, each) == Loaded()
    with closing(open_desk(place.data)) as desk:
        assert not desk.of([second.id])
    place.tagged("forum", 2, [(second, [mention(second)])])
    assert run(place, index) == Loaded(batches=1, forgotten=1)
    assert rebuild(index, data=place.data, config=place.config).forgotten == 1


def test_an_index_of_an_older_reading_forgets_too(place: Place, index: Index) -> None:
    first, second = post(1, 0), post(2, 1)
    place.tagged("forum", 1, [(first, [mention(first)]), (second, [mention(second)])])
    run(place, index)
    place.new_model("second")
    collected(place, 2)
    bury([second.id], data=place.data)
    assert run(place, index) == Loaded(waiting=("forum/000002",), removed=1)
    assert [hit.post.id for hit in index.export(Query())] == [first.id]


def test_names_of_posts(place: Place, index: Index) -> None:
    first = post(1, url="https://forum.test/1?utm_source=x")
    second, third, later = post(2, url="https://forum.test/thread"), post(3, url="https://forum.test/thread"), post(4)
    place.tagged("forum", 1, [(first, [mention(first)]), (second, []), (third, [])])
    run(place, index)
    place.tagged("forum", 2, [(later, [mention(later)])])
    bury(["forum.test:gone"], data=place.data)
    names = {
        first.id: {first.id}, mention(first, product="app").id: {first.id}, "http://www.forum.test/1": {first.id},
        "https://forum.test/thread": {second.id, third.id}, later.id: {later.id}, mention(later).id: {later.id},
        "forum.test:gone": {"forum.test:gone"}, "https://forum.test/1/2/3": set(), "forum.test:9": set(), "http://[": set(),
        "": set(), "\udcff": set(),
    }  # fmt: skip
    assert posts_named(index, names, data=place.data) == names


@pytest.mark.parametrize("line", [b"{", b"[1]", b"{}", b'{"post": 5}', b'{"post": "short"}', b"\xff", b'{"post": ["a"]}'])
def test_a_line_that_is_no_tombstone_is_named(place: Place, index: Index, line: bytes) -> None:
    bury(["forum.test:1"], data=place.data)
    path = place.data / "forgotten.jsonl"
    path.write_bytes(path.read_bytes() + line + b"\n")
    for ask in (run, lambda place, index: forget(index, ["x"], data=place.data)):
        with pytest.raises(TombstoneError, match=r"forgotten\.jsonl:2 is no tombstone: restore the file from a backup"):
            ask(place, index)
