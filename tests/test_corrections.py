"""Corrections on both engines and both databases: they win at once and after every load, re-tagging and rebuild; a changed text
sends them to review."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from desks import fresh_desk
from tagged_batches import BRANDS, ENGINES, Place, everything, fresh_index, mention, post

from advocacy import correct as correcting
from advocacy import load as loading
from advocacy.correct import NotShown, correct, review
from advocacy.correction import HEADS, PEOPLE, Correction, WrongCorrection, answered, applied, checked, contradictions_of, holds, written
from advocacy.desk import Desk, DeskUnavailable, open_desk
from advocacy.exported import INHERITED, NO_FIELD, NOT_READ, REVIEW, STARS_ONLY, UNPREDICTED, predictions, records
from advocacy.forget import forget
from advocacy.load import load, rebuild
from advocacy.measures import online_nps
from crawlers.brand import read_brands
from index.query import Hit, Index, Query
from nlp.brands import Finder
from nlp.evaluate import evaluate, evaluate_predicted
from nlp.mention import Mention
from nlp.reader import questions
from nlp.records import RecordError, read_records, text_hash

WHOLE = Query(brands=("bank",))


@pytest.fixture(params=[*((engine, "sqlite") for engine in ENGINES), ("embedded", "postgresql")], ids="-".join)
def servers(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The engine of the index and the database of the desk."""
    chosen: tuple[str, str] = request.param
    return chosen


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.delenv("MOLVA_DESK", raising=False)
    database = request.getfixturevalue("servers")[1] if "servers" in request.fixturenames else "sqlite"
    with fresh_desk(database, tmp_path) as address:
        if database != "sqlite":
            monkeypatch.setenv("MOLVA_DESK", address)
        yield Place(tmp_path, monkeypatch)


@pytest.fixture
def index(servers: tuple[str, str], place: Place) -> Iterator[Index]:
    with fresh_index(servers[0], place.data / "index") as opened:
        yield opened


@pytest.fixture
def embedded(place: Place) -> Iterator[Index]:
    with fresh_index("embedded", place.data / "index") as opened:
        yield opened


def run(place: Place, index: Index) -> loading.Loaded:
    return load(index, data=place.data, config=place.config)


def say(place: Place, index: Index, of: str, by: str = "Анна", note: str | None = None, **answers: Any) -> bool:
    return correct(index, {of: answers}, by=by, note=note, data=place.data, config=place.config)


def desk_of(place: Place) -> closing[Desk]:
    return closing(open_desk(place.data))


def waiting(place: Place, index: Index) -> list[tuple[str, str]]:
    with desk_of(place) as desk:
        return [(each.correction.head, each.why) for each in review(index, desk.in_force())]


def shown(index: Index, query: Query = WHOLE) -> list[Hit]:
    return list(index.export(query))


def subjects(index: Index) -> list[str]:
    return [hit.mention.id.partition("/")[2] for hit in everything(index)[0]]


def test_a_correction_wins_everywhere_at_once(place: Place, index: Index) -> None:
    first, second = post(1, 0), post(2, 1)
    place.tagged("forum", 1, [(first, [mention(first, confidence={"stance": 0.6, "tone": 0.9})]), (second, [mention(second, "none")])])
    run(place, index)
    assert online_nps(index, WHOLE).value == 100
    assert say(place, index, f"{first.id}/bank/general", stance="detractor", roles=("client",), note="сарказм")
    hit, later = shown(index)
    assert (hit.mention.stance, hit.mention.roles, hit.mention.corrected) == ("detractor", ("client",), ("stance", "roles"))
    assert hit.mention.confidence == {"stance": 1.0, "tone": 0.9, "roles": 1.0}
    assert (hit.standing.roles, hit.standing.role_from) == (("client",), "text")
    assert (later.standing.roles, later.standing.role_from) == (("client",), "history"), "the author's memory knows it too"
    assert (online_nps(index, WHOLE).value, index.count(replace(WHOLE, stances=("promoter",)))) == (-100, {"": 0})
    assert [hit.mention.id for hit in index.search(replace(WHOLE, stances=("detractor",))).hits] == [f"{first.id}/bank/general"]
    assert [(author.stance, author.roles) for author in index.authors()] == [("detractor", ("client",))]
    assert say(place, index, f"{second.id}/bank/general", stance="promoter")
    assert shown(index)[0].standing.superseded_at == second.published
    assert [flip.after for flip in index.authors()[0].flips] == ["promoter"]


def test_a_product_that_was_not_judged_by_itself_is_corrected_with_the_company(place: Place, index: Index) -> None:
    seen = post(1)
    sure = {"stance": 0.6, "tone": 0.9}
    whole, same = mention(seen, confidence=sure), mention(seen, product="app", product_kind="app_online", confidence=sure)
    own = mention(seen, product="card", product_kind="debit_card", confidence=sure | {"tone": 0.8})
    place.tagged("forum", 1, [(seen, [whole, same, own])])
    run(place, index)
    say(place, index, f"{seen.id}/bank/general", stance="detractor")
    found = {hit.mention.product: (hit.mention.stance, hit.mention.corrected) for hit in everything(index)[0]}
    assert found == {"general": ("detractor", ("stance",)), "app": ("detractor", ("stance",)), "card": ("promoter", ())}
    say(place, index, f"{seen.id}/bank/app", stance="passive")
    say(place, index, f"{seen.id}/bank/general", stance="promoter")
    stances = {hit.mention.product: hit.mention.stance for hit in everything(index)[0]}
    assert stances == {"general": "promoter", "app": "passive", "card": "promoter"}, "its own correction holds"


def test_what_a_product_has_of_the_company_is_taken_back_there(place: Place, index: Index) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen), mention(seen, product="app", product_kind="app_online")])])
    run(place, index)
    say(place, index, f"{seen.id}/bank/general", stance="detractor")
    with pytest.raises(WrongCorrection, match=r"to take back: it was made on forum\.test:00001/bank/general, take it back there"):
        say(place, index, f"{seen.id}/bank/app", stance=None)
    say(place, index, f"{seen.id}/bank/app", stance="passive")
    assert say(place, index, f"{seen.id}/bank/app", stance=None), "it is done, though the company's correction shows again"
    assert {hit.mention.stance for hit in everything(index)[0]} == {"detractor"}
    assert say(place, index, f"{seen.id}/bank/general", stance=None)
    assert {(hit.mention.stance, hit.mention.corrected) for hit in everything(index)[0]} == {("promoter", ())}


def test_what_a_person_takes_the_post_for_its_products_are(place: Place, index: Index) -> None:
    seen, sure = post(1), {"genre": 0.9, "stance": 0.8, "roles": 0.7}
    whole, own = mention(seen, confidence=sure), mention(seen, product="card", product_kind="debit_card", confidence=sure | {"stance": 0.9})
    own = replace(own, stance="detractor", sentiment="negative")
    advert = replace(own, product="app", product_kind="app_online", genre="ad", stance="none", confidence={"tone": 0.9})
    place.tagged("forum", 1, [(seen, [whole, own])])
    other = post(2, author_id="forum.test:b")
    in_other = [replace(each, post=other.id) for each in (replace(whole, genre="ad", stance="none"), advert)]
    place.tagged("forum", 2, [(other, in_other)])
    run(place, index)
    say(place, index, f"{seen.id}/bank/general", genre="ad", stance="none")
    say(place, index, f"{other.id}/bank/general", genre="opinion", stance="detractor")
    found = {hit.mention.id.partition(":")[2]: (hit.mention.genre, hit.mention.stance) for hit in everything(index)[0]}
    assert found == {
        "00001/bank/general": ("ad", "none"),
        "00001/bank/card": ("ad", "none"),
        "00002/bank/general": ("opinion", "detractor"),
        "00002/bank/app": ("opinion", "detractor"),
    }
    say(place, index, f"{seen.id}/bank/card", genre="opinion", stance="promoter")
    [card] = [hit.mention for hit in everything(index)[0] if hit.mention.id == f"{seen.id}/bank/card"]
    assert (card.genre, card.stance) == ("opinion", "promoter")


@pytest.mark.parametrize(("genre", "expected"), [("opinion", "opinion"), ("question", "opinion"), ("sarcasm", "sarcasm"), ("ad", "ad")])
def test_a_product_of_a_post_that_is_no_mockery_is_an_opinion_again(place: Place, embedded: Index, genre: str, expected: str) -> None:
    seen, sure = post(1), {"stance": 0.8, "roles": 0.7}
    whole = mention(seen, genre="sarcasm", confidence=sure | {"genre": 0.9})
    of_whole = mention(seen, "detractor", product="app", product_kind="app_online", genre="sarcasm", confidence=sure | {"stance": 0.9})
    by_itself = replace(of_whole, product="card", product_kind="debit_card", confidence=of_whole.confidence | {"genre": 0.6})
    place.tagged("forum", 1, [(seen, [whole, of_whole, by_itself])])
    run(place, embedded)
    before = everything(embedded)
    say(place, embedded, f"{seen.id}/bank/general", genre=genre)
    app, card = shown(embedded, Query(level="product"))
    assert (app.mention.genre, app.standing.counts) == (expected, expected == "opinion")
    assert app.mention.stance == ("none" if genre == "ad" else "detractor")
    assert card.mention.genre == ("ad" if genre == "ad" else "sarcasm"), "what it says mocks by itself"
    say(place, embedded, f"{seen.id}/bank/general", genre=None)
    assert everything(embedded) == before


def test_a_product_of_an_advertisement_keeps_the_tone_that_was_judged_by_itself(place: Place, embedded: Index) -> None:
    seen = post(1)
    whole = replace(mention(seen, "none", confidence={"genre": 0.9, "tone": 0.6}), genre="ad")
    products = [("app", "app_online", 0.9), ("card", "debit_card", 0.6)]
    of_rule = [
        replace(mention(seen, "none", product=name, product_kind=kind, confidence={"tone": sure}), genre="ad")
        for name, kind, sure in products
    ]
    place.tagged("forum", 1, [(seen, [whole, *of_rule])])
    run(place, embedded)
    say(place, embedded, f"{seen.id}/bank/general", tone=-1, sentiment="negative")
    found = {hit.mention.product: (hit.mention.tone, hit.mention.sentiment) for hit in everything(embedded)[0]}
    assert found == {"general": (-1, "negative"), "app": (0, "negative"), "card": (-1, "negative")}


def test_a_correction_of_stars_holds_for_those_stars_alone(place: Place, index: Index) -> None:
    seen = post(1, text="", rating=1.0)
    place.tagged("forum", 1, [(seen, [mention(seen, "detractor")])])
    run(place, index)
    say(place, index, f"{seen.id}/bank/general", stance="passive")
    assert [hit.mention.stance for hit in shown(index)] == ["passive"]
    better = replace(seen, rating=5.0, collected=seen.collected + timedelta(days=1))
    place.tagged("forum", 2, [(better, [mention(better, "promoter")])])
    run(place, index)
    assert [(hit.mention.stance, hit.mention.corrected) for hit in shown(index)] == [("promoter", ())]
    assert waiting(place, index) == [("stance", "the text has changed")]


def test_a_correction_of_stars_made_before_they_were_looked_at_holds() -> None:
    seen = post(1, text="", rating=1.0)
    made = Correction(
        post=seen.id, brand="bank", head="stance", value="passive", text_hash=text_hash(""), author="Анна", made=datetime.now(UTC)
    )
    assert holds(made, seen) and not holds(replace(made, text_hash=text_hash("5")), seen)


def test_it_survives_the_next_load_re_tagging_and_rebuild(place: Place, index: Index) -> None:
    seen, other = post(1), post(2, author_id="forum.test:b")
    place.tagged("forum", 1, [(seen, [mention(seen)]), (other, [mention(other)])])
    run(place, index)
    say(place, index, f"{seen.id}/bank/general", stance="detractor")
    corrected = everything(index)
    assert run(place, index) == loading.Loaded()
    again = replace(seen, views=9, collected=seen.collected + timedelta(days=1))
    place.tagged("forum", 2, [(again, [mention(again)])])
    run(place, index)
    assert [hit.mention for hit in everything(index)[0]] == [hit.mention for hit in corrected[0]]
    place.new_model("second")
    for number, sighting in enumerate((seen, again, other), 1):
        place.tagged("forum", number, [(sighting, [mention(sighting, "passive", tone=1)])])
    assert run(place, index).rebuilt
    assert [(hit.mention.stance, hit.mention.tone, hit.mention.corrected) for hit in shown(index)] == [
        ("detractor", 1, ("stance",)),
        ("passive", 1, ()),
    ]
    before = everything(index)
    rebuild(index, data=place.data, config=place.config)
    assert everything(index) == before
    assert run(place, index) == loading.Loaded()
    assert everything(index) == before


def test_a_changed_text_sends_it_to_review(place: Place, index: Index) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen)])])
    run(place, index)
    say(place, index, f"{seen.id}/bank/general", stance="detractor", tone=-1)
    assert waiting(place, index) == []
    edited = replace(seen, text="Банк всё исправил", collected=seen.collected + timedelta(days=1))
    place.tagged("forum", 2, [(edited, [mention(edited, "passive")])])
    run(place, index)
    assert [(hit.mention.stance, hit.mention.tone, hit.mention.corrected) for hit in shown(index)] == [("passive", 0, ())]
    assert waiting(place, index) == [("stance", "the text has changed"), ("tone", "the text has changed")]
    say(place, index, f"{seen.id}/bank/general", stance="promoter")
    say(place, index, f"{seen.id}/bank/general", tone=None)
    assert [(hit.mention.stance, hit.mention.corrected) for hit in shown(index)] == [("promoter", ("stance",))]
    assert waiting(place, index) == []


def test_what_is_taken_back_is_the_models_again(place: Place, index: Index) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen, confidence={"stance": 0.6})])])
    run(place, index)
    before = everything(index)
    say(place, index, f"{seen.id}/bank/general", stance="detractor")
    say(place, index, f"{seen.id}/bank/general", stance=None, by="Борис")
    assert everything(index) == before
    with pytest.raises(WrongCorrection, match="no correction of stance"):
        say(place, index, f"{seen.id}/bank/general", stance=None)


def test_a_wrong_brand_goes_with_its_products_and_a_missing_one_comes(place: Place, index: Index) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen), mention(seen, "detractor", product="app", product_kind="app_online")])])
    run(place, index)
    assert say(place, index, f"{seen.id}/bank/app", exists="not_about_us")
    assert subjects(index) == ["bank/general"]
    assert say(place, index, f"{seen.id}/bank/app", exists=None)
    assert subjects(index) == ["bank/general", "bank/app"]
    assert say(place, index, f"{seen.id}/bank/general", exists="wrong_brand")
    assert (subjects(index), index.authors(), index.post(seen.id) is not None) == ([], [], True)
    assert say(place, index, f"{seen.id}/rival/general", exists="yes")
    assert say(place, index, f"{seen.id}/rival/general", stance="detractor")
    (hit,) = shown(index, Query())
    assert (hit.mention.brand, hit.mention.model, hit.mention.corrected) == ("rival", PEOPLE, ("exists", "stance"))
    assert hit.standing.counts
    rebuild(index, data=place.data, config=place.config)
    assert subjects(index) == ["rival/general"]
    assert say(place, index, f"{seen.id}/bank/app", exists="yes")
    assert sorted(subjects(index)) == ["bank/app", "bank/general", "rival/general"]


def test_roles_and_switch_reach_every_mention_of_the_brand(place: Place, embedded: Index) -> None:
    seen = post(1)
    of_product = mention(seen, product="app", product_kind="app_online", roles=("employee",))
    place.tagged("forum", 1, [(seen, [mention(seen, roles=("employee",)), of_product])])
    run(place, embedded)
    say(place, embedded, f"{seen.id}/bank/app", roles=("client",), switch="left")
    hits = everything(embedded)[0]
    assert [(hit.mention.roles, hit.mention.switch, hit.standing.counts) for hit in hits] == [(("client",), "left", True)] * 2
    with desk_of(place) as desk:
        assert {each.product for each in desk.in_force()} == {"general"}


def test_a_product_that_is_added_says_what_the_company_as_a_whole_says(place: Place, embedded: Index) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen, "detractor", evidence=((0, 4),), roles=("client",))])])
    run(place, embedded)
    say(place, embedded, f"{seen.id}/bank/app", exists="yes")
    (hit,) = shown(embedded, Query(level="product"))
    assert (hit.mention.product_kind, hit.mention.stance, hit.mention.roles, hit.mention.names) == (
        "app_online",
        "detractor",
        ("client",),
        (),
    )
    assert (hit.mention.evidence, hit.mention.corrected, hit.standing.counts) == (((0, 4),), ("exists",), True)


def test_a_company_that_came_with_a_product_goes_with_it(place: Place, embedded: Index) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen, brand="rival")])])
    run(place, embedded)
    say(place, embedded, f"{seen.id}/bank/app", exists="yes")
    with pytest.raises(WrongCorrection, match=r"to take back: it came with forum\.test:00001/bank/app, take that back\."):
        say(place, embedded, f"{seen.id}/bank/general", exists=None)
    say(place, embedded, f"{seen.id}/bank/app", exists=None)
    assert subjects(embedded) == ["rival/general"]


def test_a_company_that_the_model_found_came_with_no_product(place: Place, embedded: Index) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen), mention(seen, product="app", product_kind="app_online")])])
    run(place, embedded)
    for answer in ("yes", "not_about_us"):
        say(place, embedded, f"{seen.id}/bank/app", exists=answer)
        with pytest.raises(WrongCorrection, match=r"exists of forum\.test:00001/bank/general to take back\.$"):
            say(place, embedded, f"{seen.id}/bank/general", exists=None)


def test_of_several_mentions_all_is_kept_or_nothing(place: Place, embedded: Index) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen)])])
    run(place, embedded)
    added = {f"{seen.id}/rival/general": {"exists": "yes"}}
    with pytest.raises(WrongCorrection, match=r"no mention forum\.test:00001/bank/app"):
        correct(embedded, added | {f"{seen.id}/bank/app": {"stance": "passive"}}, by="Анна", data=place.data, config=place.config)
    with desk_of(place) as desk:
        assert desk.newest() == 0
    given = added | {f"{seen.id}/bank/general": {"stance": "passive"}}
    assert correct(embedded, given, by="Анна", data=place.data, config=place.config)
    assert subjects(embedded) == ["bank/general", "rival/general"]


def test_what_the_brands_file_no_longer_knows_waits_for_review(place: Place, embedded: Index) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen)])])
    run(place, embedded)
    say(place, embedded, f"{seen.id}/rival/general", exists="yes", stance="promoter")
    assert sorted(subjects(embedded)) == ["bank/general", "rival/general"]
    (place.config / "brands.yaml").write_text(BRANDS.partition("  - slug: rival")[0], encoding="utf-8")
    place.tagged("forum", 1, [(seen, [mention(seen)])])
    run(place, embedded)
    assert subjects(embedded) == ["bank/general"]
    assert waiting(place, embedded) == [("exists", "the mention is not there"), ("stance", "the mention is not there")]


def test_a_correction_that_was_cut_off_is_finished_by_the_next_load(place: Place, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen)])])
    run(place, index)

    class CutOff(BaseException):
        pass

    def cut(*_: object, **__: object) -> None:
        raise CutOff

    with monkeypatch.context() as patch:
        patch.setattr(index, "replace", cut)
        with pytest.raises(CutOff):
            say(place, index, f"{seen.id}/bank/general", stance="detractor")
    assert [hit.mention.stance for hit in shown(index)] == ["promoter"]
    run(place, index)
    assert [(hit.mention.stance, hit.standing.counts) for hit in shown(index)] == [("detractor", True)]


def test_another_index_of_the_same_data_takes_it_over_with_its_next_load(place: Place, embedded: Index) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen)])])
    run(place, embedded)
    with fresh_index("embedded", place.data / "other") as other:
        run(place, other)
        say(place, embedded, f"{seen.id}/bank/general", stance="detractor")
        run(place, other)
        assert [hit.mention.stance for hit in shown(other)] == ["detractor"]


def test_without_the_tagged_batch_it_is_kept_and_applied_later(place: Place, embedded: Index) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen)])])
    run(place, embedded)
    (path,) = place.data.glob("tagged/*/forum/*.jsonl.gz")
    kept = path.read_bytes()
    path.unlink()
    assert not say(place, embedded, f"{seen.id}/bank/general", stance="detractor")
    path.write_bytes(kept)
    run(place, embedded)
    assert [hit.mention.stance for hit in shown(embedded)] == ["detractor"]


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("data/tagged/{fingerprint}/forum/000002.jsonl.gz", r"000002\.jsonl\.gz is damaged"),
        ("data/forgotten.jsonl", "is no tombstone"),
    ],
)
def test_what_is_kept_though_the_index_cannot_show_it_says_so(place: Place, embedded: Index, tmp_path: Path, file: str, why: str) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen)])])
    run(place, embedded)
    (path,) = place.data.glob("tagged/*")
    damaged = tmp_path / file.format(fingerprint=path.name)
    damaged.write_bytes(b"no batch")
    with pytest.raises(NotShown, match=why):
        say(place, embedded, f"{seen.id}/bank/general", stance="detractor")
    damaged.unlink()
    run(place, embedded)
    assert [hit.mention.stance for hit in shown(embedded)] == ["detractor"]


def test_postgresql_as_the_desk(place: Place, embedded: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with fresh_desk("postgresql", tmp_path) as address:
        monkeypatch.setenv("MOLVA_DESK", address)
        seen = post(1)
        place.tagged("forum", 1, [(seen, [mention(seen)])])
        run(place, embedded)
        say(place, embedded, f"{seen.id}/bank/general", stance="detractor", roles=("client", "employee"))
        rebuild(embedded, data=place.data, config=place.config)
        assert [(hit.mention.stance, hit.mention.roles) for hit in shown(embedded)] == [("detractor", ("client", "employee"))]
        assert not (place.data / "desk.sqlite").exists()


def test_a_load_without_its_desk_fails_rather_than_forget_the_corrections(
    place: Place, embedded: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen)])])
    monkeypatch.setenv("MOLVA_DESK", "postgresql://nobody@127.0.0.1:9/desk")
    with pytest.raises(DeskUnavailable):
        run(place, embedded)
    assert embedded.loaded() == frozenset()


def test_another_desk_is_refused_until_the_index_is_made_anew(
    place: Place, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen)])])
    run(place, index)
    say(place, index, f"{seen.id}/bank/general", stance="detractor")
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("MOLVA_DESK", f"sqlite:///{tmp_path / 'empty.sqlite'}")
        attempts = (
            lambda: run(place, index),
            lambda: say(place, index, f"{seen.id}/bank/general", tone=-1),
            lambda: forget(index, [seen.id], data=place.data),
        )
        for attempt in attempts:
            with pytest.raises(DeskUnavailable, match=r"stand in another desk than the one at .*empty\.sqlite: let MOLVA_DESK name"):
                attempt()
        with desk_of(place) as desk:
            assert desk.in_force() == [], "nothing is kept where it would be lost"
    assert [hit.mention.stance for hit in shown(index)] == ["detractor"]
    run(place, index)
    monkeypatch.setenv("MOLVA_DESK", f"sqlite:///{tmp_path / 'empty.sqlite'}")
    rebuild(index, data=place.data, config=place.config)
    assert [hit.mention.stance for hit in shown(index)] == ["promoter"]
    assert say(place, index, f"{seen.id}/bank/general", stance="passive")


def test_a_new_index_knows_after_its_first_load_whose_corrections_it_shows(place: Place, embedded: Index) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen)])])
    run(place, embedded)
    say(place, embedded, f"{seen.id}/bank/general", stance="detractor")
    with fresh_index("embedded", place.data / "new") as new:
        run(place, new)
        assert [key for key in new.loaded() if "/corrections-" in key] == [key for key in embedded.loaded() if "/corrections-" in key] != []


@pytest.mark.parametrize("unknown", [1, 2])
def test_an_index_that_was_corrected_before_records_named_desk_and_moment_goes_on(place: Place, embedded: Index, unknown: int) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen)])])
    run(place, embedded)
    say(place, embedded, f"{seen.id}/bank/general", stance="detractor")
    [record] = [key for key in embedded.loaded() if "/corrections-" in key]
    with fresh_index("embedded", place.data / "older") as older:
        run(place, older)
        older.replace([], [], batch=record.rsplit("-", unknown)[0])
        run(place, older)
        assert record in older.loaded()


def test_a_forgotten_post_leaves_the_desk(place: Place, embedded: Index) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen)])])
    run(place, embedded)
    say(place, embedded, f"{seen.id}/bank/general", stance="detractor")
    forget(embedded, [seen.id], data=place.data)
    run(place, embedded)
    with desk_of(place) as desk:
        assert desk.in_force() == []
    assert embedded.post(seen.id) is None


def test_what_is_said_of_a_post_while_it_is_forgotten_is_not_kept(place: Place, embedded: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, other = post(1), post(2, author_id="forum.test:b")
    place.tagged("forum", 1, [(each, [mention(each)]) for each in (seen, other)])
    run(place, embedded)
    say(place, embedded, f"{other.id}/bank/general", stance="passive")

    def meanwhile(*asked: Any) -> Any:
        found = before(*asked)
        forget(embedded, [seen.id], data=place.data)
        return found

    before = correcting._known
    with monkeypatch.context() as patch:
        patch.setattr(correcting, "_known", meanwhile)
        with pytest.raises(WrongCorrection, match=rf"{seen.id} was forgotten meanwhile: nothing that is said of it is kept"):
            say(place, embedded, f"{seen.id}/bank/general", stance="detractor")
    with desk_of(place) as desk:
        assert [each.post for each in desk.in_force()] == [other.id]
    run(place, embedded)
    assert [hit.mention.stance for hit in shown(embedded)] == ["passive"]


@pytest.mark.parametrize("way", ["rebuild", "new index"])
def test_nothing_stays_that_was_said_of_a_forgotten_post_by_a_command_that_was_killed(
    place: Place, embedded: Index, tmp_path: Path, way: str
) -> None:
    seen, other = post(1), post(2, author_id="forum.test:b")
    place.tagged("forum", 1, [(each, [mention(each)]) for each in (seen, other)])
    run(place, embedded)
    say(place, embedded, f"{seen.id}/bank/general", stance="detractor")
    with desk_of(place) as desk:
        said = desk.in_force()
        forget(embedded, [seen.id], data=place.data)
        desk.append(said)
        if way == "rebuild":
            rebuild(embedded, data=place.data, config=place.config)
        else:
            with fresh_index("embedded", tmp_path / "new") as new:
                run(place, new)
        assert desk.in_force() == []


def test_what_is_said_while_an_index_is_first_filled_is_shown(place: Place, embedded: Index) -> None:
    seen, now = post(1), datetime.now(UTC)
    place.tagged("forum", 1, [(seen, [mention(seen)])])
    said = Correction(post=seen.id, brand="bank", head="stance", value="passive", text_hash=text_hash(seen.text), author="Анна", made=now)

    def meanwhile(done: int, of: int) -> None:
        if done == of:
            with desk_of(place) as desk:
                desk.append([said])

    load(embedded, data=place.data, config=place.config, progress=meanwhile)
    run(place, embedded)
    assert [hit.mention.stance for hit in shown(embedded)] == ["passive"]


def test_a_desk_that_was_restored_from_a_backup_goes_on(place: Place, embedded: Index) -> None:
    """Its numbers are given again; a second index has seen the first ones only."""
    seen, other = post(1), post(2, author_id="forum.test:b")
    place.tagged("forum", 1, [(each, [mention(each)]) for each in (seen, other)])
    run(place, embedded)
    say(place, embedded, f"{other.id}/bank/general", stance="passive")
    with closing(sqlite3.connect(place.data / "desk.sqlite")) as desk, closing(sqlite3.connect(place.data / "backup")) as backup:
        desk.backup(backup)
        say(place, embedded, f"{seen.id}/bank/general", stance="detractor")
        with fresh_index("embedded", place.data / "second") as second:
            run(place, second)
            backup.backup(desk)
            assert say(place, embedded, f"{seen.id}/bank/general", stance="passive")
            assert say(place, embedded, f"{other.id}/bank/general", stance="promoter")
            run(place, second)
            for index in (embedded, second):
                assert {hit.mention.post: hit.mention.stance for hit in shown(index)} == {seen.id: "passive", other.id: "promoter"}


def test_what_was_said_of_a_post_that_is_lost_can_be_taken_back(place: Place, embedded: Index) -> None:
    seen, other = post(1), post(2, author_id="forum.test:b")
    for number, each in enumerate((seen, other), 1):
        place.tagged("forum", number, [(each, [mention(each)])])
    run(place, embedded)
    say(place, embedded, f"{seen.id}/bank/general", stance="detractor")
    next(place.data.glob("tagged/*/forum/000001.jsonl.gz")).unlink()
    rebuild(embedded, data=place.data, config=place.config)
    assert waiting(place, embedded) == [("stance", "the index has no such post")]
    with pytest.raises(WrongCorrection, match="has no post"):
        say(place, embedded, f"{seen.id}/bank/general", stance="passive")
    with pytest.raises(WrongCorrection, match="no correction of tone"):
        say(place, embedded, f"{seen.id}/bank/general", tone=None)
    assert say(place, embedded, f"{seen.id}/bank/general", stance=None)
    assert waiting(place, embedded) == []


@pytest.mark.parametrize(
    ("changes", "head", "value", "expected"),
    [
        ({"sentiment": "positive"}, "stance", "detractor", [("stance", "sentiment")]),
        ({"sentiment": "negative"}, "stance", "detractor", []),
        ({"sentiment": "positive", "recommendation": "warns"}, "stance", "promoter", [("stance", "recommendation")]),
        ({"sentiment": "positive", "roles": ("client",)}, "switch", "left", [("switch", "roles")]),
        ({"sentiment": "positive", "roles": None}, "switch", "left", []),
        ({"sentiment": "positive"}, "genre", "news", [("genre", "stance")]),
        ({"sentiment": "neutral"}, "roles", ("client",), []),  # what the model says by itself is no business of a person's
    ],
)
def test_answers_of_a_person_and_of_the_model_that_contradict_each_other(
    changes: dict[str, Any], head: str, value: Any, expected: list[tuple[str, str]]
) -> None:
    assert contradictions_of(answered(mention(post(1), **changes), head, value)) == expected


@pytest.mark.parametrize(
    ("of", "answers", "by", "message"),
    [
        ("forum.test:00001/bank/general", {"mood": "bad"}, "Анна", "'mood' is no head: it is one of exists, genre"),
        ("forum.test:00001/bank/general", {"stance": "fan"}, "Анна", "stance is one of promoter, passive, detractor, none, not 'fan'"),
        ("forum.test:00001/bank/general", {"tone": 2}, "Анна", "tone is one of -1, 0, 1, not 2"),
        ("forum.test:00001/bank/general", {"tone": True}, "Анна", "tone is one of"),
        ("forum.test:00001/bank/general", {"roles": ("client", "none")}, "Анна", "or none alone"),
        ("forum.test:00001/bank/general", {"roles": ()}, "Анна", "roles are one or several of client"),
        ("forum.test:00001/bank/general", {"exists": "no"}, "Анна", "exists is one of yes, wrong_brand, not_about_us"),
        ("forum.test:00001/bank/general", {"stance": "passive"}, " ", "needs the name"),
        ("forum.test:00001/bank/general", {}, "Анна", "nothing to correct"),
        ("forum.test:00001/bank/app", {"stance": "passive"}, "Анна", "There is no mention forum.test:00001/bank/app; the post has forum"),
        ("forum.test:00001/bank/card", {"exists": "yes"}, "Анна", "bank/card can't be added"),
        ("forum.test:00001/nobody/general", {"exists": "yes"}, "Анна", "nobody/general can't be added"),
        ("forum.test:9/bank/general", {"stance": "passive"}, "Анна", "no post forum.test:9"),
        ("forum.test:\udcff/bank/general", {"stance": "passive"}, "Анна", "no post forum.test:\udcff"),
        ("forum.test:00001", {"stance": "passive"}, "Анна", "no id of a mention"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_kept(
    place: Place, embedded: Index, of: str, answers: dict[str, Any], by: str, message: str
) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen)])])
    run(place, embedded)
    with pytest.raises(WrongCorrection) as caught:
        correct(embedded, {of: {"genre": "news"} | answers if answers else {}}, by=by, data=place.data, config=place.config)
    assert message in str(caught.value)
    with desk_of(place) as desk:
        assert desk.newest() == 0


def test_values_as_people_write_them() -> None:
    assert written("roles", " client, ex_client") == ("client", "ex_client")
    assert checked("roles", ["employee", "client"]) == ("client", "employee")
    assert [written("tone", text) for text in ("-1", "+1", "0")] == [-1, 1, 0]
    assert written("stance", " promoter ") == "promoter"
    with pytest.raises(WrongCorrection, match="tone is one of -1, 0, 1, not 'bad'"):
        written("tone", "bad")


def test_every_head_of_a_mention_can_be_corrected(place: Place) -> None:
    seen = post(1)
    now, digest = datetime.now(UTC), text_hash(seen.text)
    answers = {head: checked(head, values[-1]) for head, values in HEADS.items() if head != "exists"}
    made = [
        Correction(post=seen.id, brand="bank", head=head, value=value, text_hash=digest, author="А", made=now)
        for head, value in answers.items()
    ]
    (found,) = applied(seen, [mention(seen)], made, read_brands(place.config))
    assert found.corrected == tuple(HEADS)[1:]
    assert (found.genre, found.sentiment, found.tone, found.stance) == ("other", "positive", 1, "none")
    assert (found.recommendation, found.roles, found.switch) == ("none", ("none",), "none")


def corpus(place: Place, index: Index) -> tuple[str, str]:
    """Two posts with corrections of several kinds, and one in a language that is not read; the ids of the two."""
    first = post(1, 0, text="Ушёл из Банка в Соперник: приложение висит", title="Банк и его приложение", language="ru", rating=1.0)
    second = post(2, 40, author_id="forum.test:b", text="Thebank is great", language="en", rating=5.0, about=("bank",))
    foreign = post(3, 40, author_id="forum.test:c", text="Thebank juda yaxshi", language="uz", about=("bank",))
    app = {"product": "app", "product_kind": "app_online"}
    ours = [mention(first, roles=None, model="reader-9"), mention(first, brand="rival"), mention(first, **app)]
    place.tagged("forum", 1, [(first, ours), (second, [mention(second)])])
    place.tagged("forum", 2, [(foreign, [mention(foreign, genre="other", stance="none")])])
    run(place, index)
    say(place, index, f"{foreign.id}/bank/general", genre="opinion", stance="promoter")
    say(place, index, f"{first.id}/bank/general", stance="detractor", roles=("ex_client",), switch="left", recommendation="warns", tone=-1)
    say(place, index, f"{first.id}/bank/app", exists="not_about_us")
    say(place, index, f"{first.id}/rival/general", exists="wrong_brand")
    say(place, index, f"{second.id}/bank/general", genre="opinion", sentiment="positive")
    return first.id, second.id


def test_corrections_are_exported_as_labelled_records(place: Place, index: Index, tmp_path: Path) -> None:
    first, second = corpus(place, index)
    with desk_of(place) as desk:
        rows = list(records(index, desk, read_brands(place.config), {}))
    assert rows == [
        {
            "id": f"{first}/bank", "source": "reviews", "lang": "ru", "target": "Банк", "rating": 1.0, "date": "2026-01-01",
            "text": "Банк и его приложение\n\nУшёл из Банка в Соперник: приложение висит", "stance": "detractor", "roles": ["ex_client"],
            "switch": "left", "recommend": "no", "tone": -1, "products": ["general"],
        },
        {
            "id": f"{second}/bank", "source": "reviews", "lang": "en", "target": "The Bank", "rating": 5.0, "date": "2026-02-10",
            "text": "Thebank is great", "genre": "opinion", "sarcasm": 0, "sentiment": "positive",
        },
    ]  # fmt: skip
    file = tmp_path / "corrections.jsonl"
    file.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in rows), encoding="utf-8")
    assert [record.answers.get("stance") for record in read_records(file)] == ["detractor", None]


def test_what_was_exported_is_measured_month_by_month(place: Place, embedded: Index, tmp_path: Path) -> None:
    """By the shipped model, whatever it answers."""
    corpus(place, embedded)
    file = tmp_path / "corrections.jsonl"
    with desk_of(place) as desk:
        rows = list(records(embedded, desk, read_brands(place.config), {}))
    del rows[0]["date"]
    file.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in rows), encoding="utf-8")
    shipped = Path(__file__).parents[1] / "models" / "reader-5"
    report = evaluate(file, model=shipped, months=True, threads=1)
    assert list(report.months) == ["2026-02", "undated"]
    assert set(report.months["2026-02"]) == {"genre", "sarcasm", "sentiment"}
    assert report.to_json()["months"]["undated"]["stance"]["records"] == 1
    assert any(line.startswith("    2026-02   macro-F1 ") and "agreement" in line for line in report.lines())
    assert evaluate(file, model=shipped, threads=1).months == {}


def exported(place: Place, index: Index, *posts: str, left_out: Counter[str] | None = None) -> list[dict[str, Any]]:
    with desk_of(place) as desk, index.writing():
        predicted = predictions(set(posts), data=place.data, config=place.config)
        return list(records(index, desk, read_brands(place.config), predicted, left_out))


def to_file(rows: list[dict[str, Any]], folder: Path) -> Path:
    file = folder / "corrections.jsonl"
    file.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in rows), encoding="utf-8")
    return file


def test_what_the_model_answers_in_use_is_exported_and_scored(place: Place, embedded: Index, tmp_path: Path) -> None:
    first, second = corpus(place, embedded)
    rows = exported(place, embedded, first, second)
    assert [row["predicted"] for row in rows] == [
        {"tone": 0, "stance": "promoter", "recommend": "-", "switch": "-", "products": ["app_online"]},
        {"genre": "opinion", "sarcasm": 0, "sentiment": "neutral"},
    ], "what the model said, not the person"
    report = evaluate_predicted(to_file(rows, tmp_path), months=True)
    agreement = {name: head.others["accuracy"] for name, head in report.heads.items()}
    assert agreement == {"genre": 1, "sarcasm": 1, "sentiment": 0, "stance": 0, "recommend": 0, "switch": 0, "products": 0, "tone": 0}
    assert report.answered_roles and report.answered_roles.share == 0, "the model left the roles open"
    assert (list(report.months), report.model) == (["2026-01", "2026-02"], "reader-9")
    with pytest.raises(RecordError, match="predicted: is in no record"):
        evaluate_predicted(to_file([{**row, "predicted": None} for row in rows], tmp_path))


def test_roles_that_the_model_leaves_open_count_as_asked(place: Place, embedded: Index, tmp_path: Path) -> None:
    open_, known = post(1), post(2, author_id="forum.test:b")
    place.tagged("forum", 1, [(open_, [mention(open_, roles=None)]), (known, [mention(known, roles=("client",))])])
    run(place, embedded)
    for each in (open_, known):
        say(place, embedded, f"{each.id}/bank/general", roles=("client",))
    report = evaluate_predicted(to_file(exported(place, embedded, open_.id, known.id), tmp_path))
    assert report.answered_roles and report.answered_roles.share == 0.5
    assert report.heads["roles"].others["accuracy"] == 1


def test_what_the_model_says_of_another_text_is_no_prediction(place: Place, embedded: Index) -> None:
    seen = post(1)
    place.tagged("forum", 1, [(seen, [mention(seen)])])
    run(place, embedded)
    say(place, embedded, f"{seen.id}/bank/general", stance="detractor")
    edited = replace(seen, text="Совсем другой текст", collected=post(1, 9).collected)
    place.tagged("forum", 2, [(edited, [mention(edited, "passive")])])
    [row] = exported(place, embedded, seen.id)
    assert (row["text"], "predicted" in row) == (seen.text, False)


def test_an_answer_about_one_product_is_a_record_as_the_reader_asks(place: Place, embedded: Index, tmp_path: Path) -> None:
    seen = post(1, text="Thebank хороший. Приложение висит. Rival хуже.", language="ru", rating=2.0, about=("bank",))
    finder = Finder(read_brands(place.config))
    subjects = finder.find(seen)
    asked = questions(seen, subjects, finder)
    found = {each.product: each for each in subjects if each.brand == "bank"}
    mentions = [
        mention(seen, product=name, product_kind=each.kind, names=each.names, evidence=each.sentences, confidence={"stance": at / 10})
        for at, (name, each) in enumerate(sorted(found.items()))
    ]
    place.tagged("forum", 1, [(seen, mentions)])
    run(place, embedded)
    say(place, embedded, f"{seen.id}/bank/app", stance="detractor", sentiment="negative")
    say(place, embedded, f"{seen.id}/bank/general", roles=("client",))
    whole, product = exported(place, embedded, seen.id)
    assert (whole["rating"], whole["roles"], "stance" in whole) == (2.0, ["client"], False)
    assert (product["id"], product["text"], product["stance"]) == (f"{seen.id}/bank/app", seen.text, "detractor")
    assert product["predicted"] == {"stance": "promoter", "sentiment": "neutral"}
    [record] = read_records(to_file([product], tmp_path))
    assert record.pair() == asked["bank", "app"]
    assert record.pair().spans and record.text == seen.text, "apart from others by its whole text"


def test_what_was_said_of_a_product_that_a_person_took_out_is_no_record(place: Place, embedded: Index) -> None:
    seen = post(1, text="Thebank хороший. Приложение висит.", language="ru")
    app = mention(seen, product="app", product_kind="app_online", evidence=((17, 34),), confidence={"stance": 0.9})
    place.tagged("forum", 1, [(seen, [mention(seen, confidence={"stance": 0.6}), app])])
    run(place, embedded)
    say(place, embedded, f"{seen.id}/bank/app", stance="detractor")
    assert [row["id"] for row in exported(place, embedded, seen.id)] == [f"{seen.id}/bank/app"]
    say(place, embedded, f"{seen.id}/bank/app", exists="not_about_us")
    left_out = Counter[str]()
    [row] = exported(place, embedded, seen.id, left_out=left_out)
    assert (row["id"], row["products"], +left_out) == (f"{seen.id}/bank", ["general"], {REVIEW: 1})
    assert waiting(place, embedded) == [("stance", "the mention is not there")]
    say(place, embedded, f"{seen.id}/bank/general", exists="not_about_us")
    left_out.clear()
    assert exported(place, embedded, seen.id, left_out=left_out) == []
    assert (waiting(place, embedded), +left_out) == ([("stance", "the mention is not there")], {REVIEW: 1, NO_FIELD: 2})


def test_a_product_that_was_not_judged_by_itself_is_no_record(place: Place, embedded: Index) -> None:
    seen = post(1)
    same = {"confidence": {"stance": 0.6}}
    place.tagged("forum", 1, [(seen, [mention(seen, **same), mention(seen, product="app", product_kind="app_online", **same)])])
    run(place, embedded)
    say(place, embedded, f"{seen.id}/bank/app", stance="detractor", genre="sarcasm")
    left_out = Counter[str]()
    assert exported(place, embedded, seen.id, left_out=left_out) == []
    assert +left_out == {INHERITED: 2}


def test_what_is_in_no_record_is_counted_by_its_reason(place: Place, embedded: Index) -> None:
    seen, edited, rated = post(1), post(2, author_id="forum.test:b"), post(3, text="", rating=1.0)
    foreign = post(4, text="Die Bank ist schlecht", language="de")
    place.tagged("forum", 1, [(each, [mention(each)]) for each in (seen, edited, rated, foreign)])
    run(place, embedded)
    for each in (seen, edited, rated, foreign):
        say(place, embedded, f"{each.id}/bank/general", stance="detractor")
    say(place, embedded, f"{seen.id}/bank/app", exists="yes")
    say(place, embedded, f"{seen.id}/bank/app", stance="promoter", tone=1)
    say(place, embedded, f"{seen.id}/rival/general", exists="yes")
    changed = replace(edited, text="Совсем другой текст", collected=post(1, 9).collected)
    place.tagged("forum", 2, [(changed, [mention(changed)])])
    run(place, embedded)
    left_out = Counter[str]()
    [row] = exported(place, embedded, *(each.id for each in (seen, edited, rated, foreign)), left_out=left_out)
    assert (row["stance"], row["products"]) == ("detractor", ["app_online"])
    assert +left_out == {UNPREDICTED: 2, NO_FIELD: 1, REVIEW: 1, STARS_ONLY: 1, NOT_READ: 1}


def test_more_than_three_kinds_of_products_are_compared_as_they_are(place: Place, embedded: Index) -> None:
    seen = post(1)
    kinds = {"app": "app_online", "card": "debit_card", "loan": "loan", "office": "branch_support"}
    place.tagged("forum", 1, [(seen, [mention(seen), *(mention(seen, product=name, product_kind=kind) for name, kind in kinds.items())])])
    run(place, embedded)
    say(place, embedded, f"{seen.id}/bank/loan", exists="not_about_us")
    [row] = exported(place, embedded, seen.id)
    assert (row["products"], row["predicted"]["products"]) == (sorted({*kinds.values()} - {"loan"}), sorted(kinds.values()))


def test_a_mention_without_corrections_is_written_as_before() -> None:
    from nlp.mention import mention_from_json, mention_to_json

    plain = mention(post(1))
    assert "corrected" not in mention_to_json(plain)
    fixed: Mention = replace(plain, corrected=("stance",))
    assert mention_from_json(json.loads(json.dumps(mention_to_json(fixed)))) == fixed
