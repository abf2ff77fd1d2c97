"""Tagging: which mentions a post becomes, what is judged and what is not judged again, and what stands on the disk."""

from __future__ import annotations

import contextlib
import errno
import gzip
import os
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from plain_judge import PlainJudge
from raw_batches import EMPTY, Place, with_plain_judge

from crawlers.archive import Archive
from crawlers.brand import read_brands
from crawlers.looked import EDITS
from crawlers.post import Post
from crawlers.source import Item, Page
from crawlers.target import BrokenTarget, read_target
from crawlers.writer import Writer
from nlp import classifier
from nlp.brands import Finder
from nlp.classifier import MODEL, Classifier, ModelError
from nlp.judgements import Judgements, JudgementsError
from nlp.mention import Mention
from nlp.pair import Pair
from nlp.tag import TagError, fingerprint, present_fingerprint, read_tagged, remove_stale, tag, tag_posts, tagged, untagged

CONFIG = Path(__file__).parent / "recorded" / "brands"
READ_CONFIG = classifier.read_config
FINDER = Finder(read_brands(CONFIG))
PLACES = [("сбер", "Сбер отличный банк"), ("втб", "В ВТБ хамство"), ("оба", "Сбер супер, а ВТБ ужас"), ("никто", "просто день")]


def post(number: str, text: str, **values: Any) -> Post:
    return Post(id=number, site="test", source="files", text=text, collected=datetime(2026, 11, 1, tzinfo=UTC), **values)


def mentions(*posts: Post, judge: PlainJudge | None = None) -> dict[str, Mention]:
    return {mention.id: mention for _, found in tag_posts(posts, FINDER, judge or PlainJudge()) for mention in found}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    with_plain_judge(monkeypatch)
    return Place(tmp_path)


# One post


def test_brand_as_a_whole_and_each_product_are_judged_on_what_is_said_of_them() -> None:
    judge = PlainJudge()
    text = "Я в Сбере. Приложение отличное, а колл-центр ужасный."
    found = mentions(post("1", text), judge=judge)
    assert {key: found[key].stance for key in found} == {"1/sber/general": "none", "1/sber/app": "promoter", "1/sber/support": "detractor"}
    assert [pair.text for pair in judge.asked] == [text, "Приложение отличное,", "а колл-центр ужасный."]
    assert [pair.product for pair in judge.asked] == [None, "СберБанк Онлайн", "Поддержка"]


def test_role_and_switch_of_a_product_are_those_of_its_brand() -> None:
    found = mentions(post("1", "Я ушёл из Сбера. Приложение отличное, а колл-центр ужасный."))
    for product in ("app", "support"):
        assert found[f"1/sber/{product}"].roles == found["1/sber/general"].roles == ("client",)
        assert found[f"1/sber/{product}"].switch == "left"
        assert found[f"1/sber/{product}"].confidence["roles"] == found["1/sber/general"].confidence["roles"]


def test_the_only_product_of_the_only_brand_is_not_judged_twice() -> None:
    judge = PlainJudge()
    found = mentions(post("1", "Приложение ВТБ ужас"), judge=judge)
    assert len(judge.asked) == 1
    assert (found["1/vtb/app"].stance, found["1/vtb/general"].stance) == ("detractor", "detractor")
    assert found["1/vtb/app"].names == ((0, 10),)


def test_the_head_names_a_product_that_the_text_has_no_alias_for() -> None:
    found = mentions(post("1", "ВТБ: ипотечный вклад ужас"))
    assert set(found) == {"1/vtb/general", "1/vtb/mortgage"}, "ВТБ has one mortgage and no deposit among its products"
    assert (found["1/vtb/mortgage"].names, found["1/vtb/mortgage"].product_kind) == ((), "mortgage")


def test_each_of_several_brands_is_judged_with_its_own_names() -> None:
    judge = PlainJudge()
    mentions(post("1", "Сбер супер. А ВТБ ужас"), judge=judge)
    assert [(pair.target, pair.spans) for pair in judge.asked] == [("Сбер", ((0, 4),)), ("ВТБ", ((14, 17),))]


def test_the_title_is_read_and_offsets_stay_those_of_the_text() -> None:
    judge = PlainJudge()
    [mention] = mentions(post("1", "Никто не отвечает в ВТБ", title="Ужас"), judge=judge).values()
    assert judge.asked[0].text == "Ужас\n\nНикто не отвечает в ВТБ"
    assert judge.asked[0].text[slice(*judge.asked[0].spans[0])] == "ВТБ"
    assert (mention.stance, mention.names) == ("detractor", ((20, 23),))


def test_names_in_the_title_are_marked_too() -> None:
    judge = PlainJudge()
    [mention] = mentions(post("1", "Хамят, а ВТБ молчит", title="ВТБ: ужас"), judge=judge).values()
    assert [judge.asked[0].text[slice(*span)] for span in judge.asked[0].spans] == ["ВТБ", "ВТБ"]
    assert mention.names == ((9, 12),)


def test_stars_go_with_the_brand_that_the_page_is_about() -> None:
    judge = PlainJudge()
    mentions(post("1", "Ужас. Уйду в ВТБ", rating=1.0, about=("sber",)), judge=judge)
    assert {pair.target: (pair.rating, pair.reviewed) for pair in judge.asked} == {"Сбер": (1.0, None), "ВТБ": (None, "Сбер")}


@pytest.mark.parametrize(
    ("stars", "stance", "sentiment", "tone"),
    [
        (5.0, "promoter", "positive", 1),
        (4.0, "passive", "positive", 1),
        (3.0, "detractor", "negative", 0),
        (2.0, "detractor", "negative", -1),
        (1.0, "detractor", "negative", -1),
        (4.5, "promoter", "positive", 1),
    ],
)
def test_a_rating_without_a_text_is_read_by_its_stars(stars: float, stance: str, sentiment: str, tone: int) -> None:
    judge = PlainJudge()
    [mention] = mentions(post("1", "", rating=stars, about=("vtb",)), judge=judge).values()
    assert (mention.stance, mention.sentiment, mention.tone, mention.model, mention.found) == (stance, sentiment, tone, "stars", "target")
    assert judge.asked == []


def test_stars_without_a_text_are_not_those_of_a_rival_in_the_title() -> None:
    found = mentions(post("1", "", title="Сбер хуже ВТБ", rating=1.0, about=("sber",)))
    assert {key: (each.stance, each.model) for key, each in found.items()} == {
        "1/sber/general": ("detractor", "stars"),
        "1/vtb/general": ("none", "textless"),
    }


def test_official_posts_are_ads_without_a_stance() -> None:
    [(seen, [mention])] = tag_posts([post("1", "В ВТБ отличные условия", author_id="vk.com:22522055")], FINDER, PlainJudge())
    assert seen.official
    assert (mention.genre, mention.stance, mention.roles, mention.sentiment) == ("ad", "none", ("none",), "neutral")


def test_roles_the_model_abstains_on_are_unknown() -> None:
    [mention] = mentions(post("1", "Как там ВТБ?")).values()
    assert mention.roles is None


def test_other_languages_are_kept_and_marked_unread() -> None:
    judge = PlainJudge()
    [(seen, [mention])] = tag_posts([post("1", "Мені дуже подобається цей ВТБ, але їх підтримка жахлива")], FINDER, judge)
    assert (seen.language, mention.model, mention.genre, mention.stance, mention.roles) == ("uk", "unread", "other", "none", None)
    assert judge.asked == []


@pytest.mark.parametrize(("text", "language"), [("ВТБ ужас", "RU"), ("ВТБ не работает, не отвечает, не советую", None)])
def test_what_is_said_in_russian_is_read(text: str, language: str | None) -> None:
    [(seen, [mention])] = tag_posts([post("1", text, language=language)], FINDER, PlainJudge())
    assert (seen.language, mention.model, mention.stance) == ("ru", "plain", "detractor")


def test_posts_without_a_brand_are_kept() -> None:
    assert [(seen.id, found) for seen, found in tag_posts([post("1", "просто день")], FINDER, PlainJudge())] == [("1", [])]


def test_answers_inherit_the_brand_whatever_the_order() -> None:
    first, second, third = post("1", "ВТБ лежит"), post("2", "да", in_reply_to="1"), post("3", "и у меня", in_reply_to="2")
    one_way, other_way = mentions(first, second, third), mentions(third, second, first)
    assert {key: one_way[key].found for key in one_way} == {"1/vtb/general": "text", "2/vtb/general": "thread", "3/vtb/general": "thread"}
    assert one_way == other_way
    assert mentions(post("4", "да", in_reply_to="4"), post("5", "нет", in_reply_to="gone")) == {}


def test_confidence_has_two_places_and_every_head() -> None:
    for mention in mentions(post("1", "Я доволен: приложение Сбера, колл-центр ВТБ, ипотека")).values():
        assert set(mention.confidence) == {"genre", "sentiment", "tone", "stance", "recommendation", "roles", "switch", "products"}
        assert all(share == round(share, 2) for share in mention.confidence.values())


# Judgements kept


def test_what_was_judged_is_not_judged_again(tmp_path: Path) -> None:
    judge = PlainJudge()
    one, two = Pair(text="супер", target="Сбер"), Pair(text="супер", target="ВТБ")
    first = Judgements(judge, tmp_path / "plain.sqlite").judge([one, one, two])
    again = Judgements(judge, tmp_path / "plain.sqlite").judge([two, one, Pair(text="супер", target="ВТБ", spans=((0, 5),))])
    assert judge.asked == [one, two, Pair(text="супер", target="ВТБ", spans=((0, 5),))]
    assert (first[0], first[1], first[2]) == (again[1], again[1], again[0])


def test_damaged_judgements_are_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "plain.sqlite").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(JudgementsError, match="delete it, it is only a cache"):
        Judgements(PlainJudge(), tmp_path / "plain.sqlite")


@pytest.mark.parametrize("kept", ["{}", '{"stance": "promoter"}', "no JSON", "null"])
def test_a_judgement_of_another_form_is_judged_again(tmp_path: Path, kept: str) -> None:
    path, pair = tmp_path / "plain.sqlite", Pair(text="супер", target="Сбер")
    [first] = Judgements(PlainJudge(), path).judge([pair])
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE judgements SET judgement = ?", (kept,))
    judge = PlainJudge()
    assert Judgements(judge, path).judge([pair]) == Judgements(judge, path).judge([pair]) == [first]
    assert judge.asked == [pair]


# Batches


def rows(prefix: str = "") -> list[dict[str, Any]]:
    return [{"id": f"{prefix}{number}", "text": text} for number, text in PLACES]


def test_every_batch_is_tagged_once(place: Place) -> None:
    place.collect("forum", rows("a"))
    place.collect("forum", rows("b"))
    place.collect("other", rows("c"))
    assert len(untagged(place.data, place.config)) == 3
    steps: list[tuple[int, int]] = []
    done = tag(untagged(place.data, place.config), data=place.data, config=place.config, progress=lambda *step: steps.append(step))
    assert (done.batches, done.posts, done.mentions) == (3, 12, 12)
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert untagged(place.data, place.config) == []
    before = place.outputs()
    assert tag(Archive(place.data).batches(), data=place.data, config=place.config).batches == 0
    assert place.outputs() == before


def test_output_is_read_back(place: Place) -> None:
    place.collect("forum", rows())
    tag(untagged(place.data, place.config), data=place.data, config=place.config)
    mark = present_fingerprint(place.config)
    [path] = tagged(place.data, mark)
    assert path == place.data / "tagged" / mark / "forum" / "000001.jsonl.gz"
    read = list(read_tagged(path))
    assert [len(found) for _, found in read] == [1, 1, 2, 0]
    assert [seen.text for seen, _ in read] == [text for _, text in PLACES]
    assert all(mention.post == seen.id for seen, found in read for mention in found)


def test_output_that_is_damaged_says_what_to_do(place: Place) -> None:
    place.collect("forum", rows())
    tag(untagged(place.data, place.config), data=place.data, config=place.config)
    [path] = tagged(place.data, present_fingerprint(place.config))
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        with contextlib.suppress(TagError):  # a flip in the name or time of the packed file is none
            list(read_tagged(path))
    path.write_bytes(whole[:-20])
    with pytest.raises(TagError, match="delete it and run"):
        list(read_tagged(path))


def test_a_disk_that_is_full_leaves_no_partial_output(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.collect("forum", rows())

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            tag(untagged(place.data, place.config), data=place.data, config=place.config)
    assert not [path for path in (place.data / "tagged").rglob("*") if path.is_file()]
    assert tag(untagged(place.data, place.config), data=place.data, config=place.config).batches == 1


def test_readings_by_other_brands_or_models_give_their_room_back(place: Place) -> None:
    place.collect("forum", rows())
    tag(untagged(place.data, place.config), data=place.data, config=place.config)
    mark = present_fingerprint(place.config)
    (place.data / "tagged" / "older" / "forum").mkdir(parents=True)
    (place.data / "tagged" / "older" / "forum" / "000001.jsonl.gz").write_bytes(b"")
    remove_stale(place.data, mark)
    assert [path.name for path in (place.data / "tagged").iterdir()] == [mark]
    assert len(tagged(place.data, mark)) == 1


def test_a_damaged_earlier_batch_does_not_keep_its_answers_from_being_read(place: Place) -> None:
    place.collect("forum", [{"id": "1", "text": "ВТБ лежит"}])
    place.collect("forum", [{"id": "2", "text": "и у меня", "reply_to": "1"}])
    first, second = untagged(place.data, place.config)
    first.path.write_bytes(b"nothing")
    assert tag([second], data=place.data, config=place.config).posts == 1


def test_a_new_alias_tags_anew_but_judges_only_what_is_new(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.collect("forum", [*rows(), {"id": "new", "text": "Газпромбанк супер"}])
    tag(untagged(place.data, place.config), data=place.data, config=place.config)
    first = present_fingerprint(place.config)
    brands = place.config / "brands.yaml"
    brands.write_text(brands.read_text(encoding="utf-8") + "  - {slug: gpb, name: Газпромбанк}\n", encoding="utf-8")
    assert present_fingerprint(place.config) != first
    asked: list[Pair] = []
    judge = PlainJudge.judge
    monkeypatch.setattr(PlainJudge, "judge", lambda self, pairs: asked.extend(pairs) or judge(self, pairs))
    done = tag(untagged(place.data, place.config), data=place.data, config=place.config)
    assert (done.batches, [pair.target for pair in asked]) == (1, ["Газпромбанк"])
    assert len(tagged(place.data, first)) == len(tagged(place.data, present_fingerprint(place.config))) == 1


@pytest.mark.parametrize("version", ["FRAMING", "JUDGING"])
def test_other_framing_or_judging_asks_the_model_again(place: Place, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    place.collect("forum", rows())
    tag(untagged(place.data, place.config), data=place.data, config=place.config)
    for module in ("nlp.tag", "nlp.judgements"):
        monkeypatch.setattr(f"{module}.{version}", "another")
    asked: list[Pair] = []
    judge = PlainJudge.judge
    monkeypatch.setattr(PlainJudge, "judge", lambda self, pairs: asked.extend(pairs) or judge(self, pairs))
    assert tag(untagged(place.data, place.config), data=place.data, config=place.config).posts == len(PLACES)
    assert len(asked) == 4


def test_comments_in_the_brands_file_change_nothing(place: Place) -> None:
    first = present_fingerprint(place.config)
    brands = place.config / "brands.yaml"
    brands.write_text("# a comment\n" + brands.read_text(encoding="utf-8"), encoding="utf-8")
    assert present_fingerprint(place.config) == first
    assert fingerprint(read_brands(place.config), "another model") != first


def test_answers_inherit_from_earlier_batches(place: Place) -> None:
    place.collect("forum", [{"id": "1", "text": "ВТБ лежит"}])
    place.collect("forum", [{"id": "2", "text": "и у меня", "reply_to": "1"}])
    last_first = untagged(place.data, place.config)[::-1]
    tag(last_first, data=place.data, config=place.config)
    *_, path = tagged(place.data, present_fingerprint(place.config))
    [(_, [mention])] = read_tagged(path)
    assert (mention.brand, mention.found) == ("vtb", "thread")


def test_an_answer_finds_its_company_behind_batches_of_second_looks(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nlp.tag.BACK", 2)
    place.collect("forum", [{"id": "1", "text": "ВТБ лежит"}])
    place.collect("forum", [{"id": "2", "text": "погода"}])
    target = read_target(place.config / "targets" / "forum.yaml")
    assert not isinstance(target, BrokenTarget)
    for number in range(3):
        with Writer(target, read_brands(place.config), data=place.data, again=True, log=EDITS) as writer:
            writer.take(Page(items=(Item(raw={**EMPTY, "id": "2", "text": f"погода {number}"}),), cursor={}))
    place.collect("forum", [{"id": "3", "text": "и у меня", "reply_to": "1"}])
    place.collect("forum", [{"id": "4", "text": "и у нас", "reply_to": "1"}])
    tag(untagged(place.data, place.config), data=place.data, config=place.config)
    *_, near, far = tagged(place.data, present_fingerprint(place.config))
    [(_, [mention])], [(_, behind)] = read_tagged(near), read_tagged(far)
    assert (mention.brand, mention.found, behind) == ("vtb", "thread", []), "so many batches of collecting before it"


def test_two_taggers_at_once_leave_what_one_leaves(place: Place, tmp_path: Path) -> None:
    for number in range(6):
        place.collect("forum", rows(str(number)))
    batches = untagged(place.data, place.config)
    failed: list[BaseException] = []

    def work(order: int) -> None:
        try:
            tag(batches[::order], data=place.data, config=place.config)
        except BaseException as error:
            failed.append(error)

    workers = [threading.Thread(target=work, args=(order,)) for order in (1, -1)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failed == []
    together = place.outputs()
    for path in (place.data / "tagged").rglob("*.gz"):
        path.unlink()
    tag(batches, data=place.data, config=place.config)
    assert place.outputs() == together


def test_a_damaged_batch_is_told_after_the_others_are_tagged(place: Place) -> None:
    place.collect("bad", rows("a"))
    place.collect("good", rows("b"))
    bad = Archive(place.data).batches("bad")[0].path
    bad.chmod(0o644)
    bad.write_bytes(gzip.compress(b"{half"))
    with pytest.raises(TagError, match=r"bad/000001.*restore"):
        tag(untagged(place.data, place.config), data=place.data, config=place.config)
    assert [batch.target for batch in untagged(place.data, place.config)] == ["bad"]


def test_half_written_files_of_killed_taggers_go(place: Place) -> None:
    place.collect("forum", rows())
    folder = place.data / "tagged" / present_fingerprint(place.config) / "forum"
    folder.mkdir(parents=True)
    (folder / ".000001.jsonl.gz.999999999").write_bytes(b"half")
    running = folder / f".000002.jsonl.gz.{os.getpid()}"
    running.write_bytes(b"still written")
    tag(untagged(place.data, place.config), data=place.data, config=place.config)
    assert sorted(path.name for path in folder.iterdir()) == sorted([running.name, "000001.jsonl.gz"])


def test_a_missing_model_writes_nothing_and_the_next_run_catches_up(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.collect("forum", rows())
    with monkeypatch.context() as without:
        without.setattr(classifier, "read_config", READ_CONFIG)
        without.setattr(classifier, "MODEL", tmp_path / "no-model")
        with pytest.raises(ModelError, match=r"model is missing"):
            untagged(place.data, place.config)
    assert place.outputs() == {}
    assert tag(untagged(place.data, place.config), data=place.data, config=place.config).posts == 4


# The model that ships


@pytest.mark.skipif(not (MODEL / "config.json").exists(), reason="the trained model is not there yet: python -m nlp train")
def test_the_shipped_model_reads_posts_end_to_end() -> None:
    judge = Classifier.load(threads=1)
    posts = [
        post("good", "Лучший банк! Всем рекомендую Сбербанк, десять лет клиент и очень доволен."),
        post("bad", "ВТБ — ужасный банк, никогда больше. Обманули, деньги не вернули, всем советую обходить стороной."),
    ]
    found = {mention.id: mention for _, each in tag_posts(posts, FINDER, judge) for mention in each}
    assert (found["good/sber/general"].stance, found["good/sber/general"].sentiment) == ("promoter", "positive")
    assert (found["bad/vtb/general"].stance, found["bad/vtb/general"].sentiment) == ("detractor", "negative")
    assert found["bad/vtb/general"].model == judge.name
