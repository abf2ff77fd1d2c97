"""The commands of `python -m advocacy`: what they print, what they refuse and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tagged_batches import Place, mention, post
from typer.testing import CliRunner, Result

from advocacy import correct as correcting
from advocacy.__main__ import app
from index import open_index
from index.query import IndexUnavailable


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    made = Place(tmp_path, monkeypatch)
    happy, angry, app_fan, ad = post(1, 0, views=70), post(2, 1, author_id="forum.test:b"), post(3, 2, author_id=None), post(4, 3)
    made.tagged(
        "forum",
        1,
        [
            (happy, [mention(happy, roles=("client",))]),
            (angry, [mention(angry, "detractor")]),
            (app_fan, [mention(app_fan), mention(app_fan, product="app", product_kind="app_online")]),
            (ad, [mention(ad, genre="ad")]),
        ],
    )
    return made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_load_says_what_it_did_and_a_second_one_has_nothing_to_do(place: Place) -> None:
    first = run("load")
    assert (first.exit_code, first.stdout) == (0, "loaded 1 batches: 4 posts, 5 mentions\n")
    assert "Loading: 1 of 1 batches" in first.stderr
    second = run("load")
    assert (second.exit_code, second.stdout, second.stderr) == (0, "loaded 0 batches: 0 posts, 0 mentions\n", "")


def test_nps_as_json(place: Place) -> None:
    run("load")
    result = run("nps", "--brand", "«Банк»", "--since", "2026-01-01", "--until", "2026-02-01", "--by", "role", "--trend", "week", "--json")
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    assert {name: report["online_nps"][name] for name in ("authors", "promoters", "passives", "detractors")} == {
        "authors": 3,
        "promoters": 2,
        "passives": 0,
        "detractors": 1,
    }
    assert report["online_nps"]["value"] == pytest.approx(100 / 3)
    assert -100 <= report["online_nps"]["low"] < 0 < report["online_nps"]["high"] <= 100
    assert report["basis"]["left_out"]["ads"] == 1
    assert report["basis"]["roles"]["mentions"] == 3
    assert report["basis"]["role_coverage"] == pytest.approx(report["basis"]["roles"]["from_text"] / 3)
    assert report["basis"]["unnamed_share"] == pytest.approx(1 / 3)
    assert report["reach"]["promoter"]["measured"] == 70
    assert report["by"]["values"]["client"]["value"] == 100
    assert report["change"]["value"] is None
    assert [week["authors"] for week in report["trend"]] == [3]


def test_nps_of_a_product_and_of_an_empty_period(place: Place) -> None:
    run("load")
    product = json.loads(run("nps", "--brand", "bank", "--product", "app", "--json").stdout)
    assert (product["level"], product["online_nps"]["authors"]) == ("product", 1)
    empty = json.loads(run("nps", "--brand", "rival", "--json").stdout)
    assert (empty["online_nps"]["value"], empty["online_nps"]["low"], empty["online_nps"]["authors"]) == (None, None, 0)


def test_nps_as_tables(place: Place) -> None:
    run("load")
    result = run("nps", "--brand", "bank", "--by", "role", "--since", "2026-01-01", "--until", "2026-02-01")
    assert result.exit_code == 0
    assert "The Bank: online NPS" in result.stdout
    assert "+33.3" in result.stdout
    assert "by role" in result.stdout
    assert "unnamed 1 (33%)" in result.stdout
    assert "measured 70 views of 1 posts; estimated –" in result.stdout
    assert "nothing to compare with" in result.stdout


def test_forget_and_rebuild(place: Place) -> None:
    run("load")
    result = run("forget", post(2).id)
    assert (result.exit_code, result.stdout) == (0, "forgotten: 1 of the index, 1 will never be loaded again\n")
    rebuilt = run("rebuild")
    assert rebuilt.stdout == "rebuilt from 1 batches: 3 posts, 4 mentions, 1 forgotten posts passed over\n"
    assert open_index().post(post(2).id) is None


def test_correct_list_and_export(place: Place, tmp_path: Path) -> None:
    run("load")
    happy = f"{post(1).id}/bank/general"
    made = run("correct", happy, "--head", "stance", "--value", "detractor", "--by", "Анна", "--note", "сарказм")
    assert (made.exit_code, made.stdout) == (0, "corrected\n")
    assert made.stderr == "stance detractor and sentiment neutral contradict each other: correct the other one too\n"
    left = run("correct", happy, "--head", "switch", "--value", "left", "--by", "Борис")
    assert "switch left and roles client contradict each other: correct the other one too\n" in left.stderr
    run("correct", happy, "--head", "switch", "--take-back", "--by", "Борис")
    assert run("correct", happy, "--head", "roles", "--value", "client,ex_client", "--by", "Борис").exit_code == 0
    assert json.loads(run("nps", "--brand", "bank", "--json").stdout)["online_nps"]["detractors"] == 2
    lines = run("corrections").stdout.splitlines()
    assert [line.partition(", ")[0] for line in lines] == [
        f"{happy} stance = detractor: Анна",
        f"{happy} roles = client,ex_client: Борис",
    ]
    assert lines[0].endswith(", сарказм")
    (stance, roles) = json.loads(run("corrections", "--json").stdout)
    assert (stance["mention"], stance["value"], stance["author"], stance["note"], stance["review"]) == (
        happy, "detractor", "Анна", "сарказм", None,
    )  # fmt: skip
    assert (roles["value"], roles["made"][-1]) == (["client", "ex_client"], "Z")
    assert run("corrections", "--review").stdout == ""
    edited = post(1, text="Теперь иначе", collected=post(1, 9).collected)
    place.tagged("forum", 2, [(edited, [mention(edited)])])
    run("load")
    assert [row["review"] for row in json.loads(run("corrections", "--review", "--json").stdout)] == ["the text has changed"] * 2
    assert all(line.endswith(", the text has changed") for line in run("corrections", "--review").stdout.splitlines())
    for head in ("stance", "roles"):
        assert run("correct", happy, "--head", head, "--take-back", "--by", "Анна").stdout == "taken back\n"
    run("correct", f"{post(4).id}/bank/general", "--head", "genre", "--value", "ad", "--by", "Анна")
    run("correct", f"{post(4).id}/bank/general", "--head", "exists", "--value", "yes", "--by", "Анна")
    out = tmp_path / "out.jsonl"
    exported = run("export-corrections", str(out))
    assert exported.stdout == "exported: 1 records\n"
    assert exported.stderr == "left out: 1 answers that say whether a company is meant at all: a record has no field for that\n"
    assert json.loads(out.read_text(encoding="utf-8")) == {
        "id": f"{post(4).id}/bank", "source": "reviews", "target": "Банк", "date": "2026-01-04", "text": post(4).text, "genre": "ad",
        "predicted": {"genre": "ad"}, "model": mention(post(4)).model,
    }  # fmt: skip


def test_a_desk_that_cannot_be_used_is_one(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    run("load")
    monkeypatch.setenv("MOLVA_DESK", "postgresql://nobody@127.0.0.1:9/desk")
    for command in (["load"], ["corrections"], ["correct", f"{post(1).id}/bank/general", "--head", "tone", "--value", "1", "--by", "А"]):
        result = run(*command)
        assert result.exit_code == 1
        assert len(result.stderr.strip().splitlines()) == 1
        assert "The desk at postgresql+psycopg://nobody@127.0.0.1:9/desk can't be used" in result.stderr


def test_a_post_is_forgotten_by_the_id_of_a_mention_or_by_its_address(place: Place) -> None:
    linked = post(5, url="https://forum.test/5?utm_source=mail")
    place.tagged("forum", 2, [(linked, [mention(linked)])])
    run("load")
    result = run("forget", mention(post(3), product="app").id, "http://forum.test/5")
    assert (result.exit_code, result.stdout) == (0, "forgotten: 2 of the index, 2 will never be loaded again\n")
    assert open_index().post(post(3).id) is open_index().post(linked.id) is None
    again = run("forget", post(3).id)
    assert (again.exit_code, again.stdout) == (0, "forgotten: 0 of the index, 1 will never be loaded again\n")


def test_what_nobody_knows_is_not_forgotten(place: Place) -> None:
    run("load")
    result = run("forget", "forum.test:99999", "https://forum.test/nowhere", post(1).id)
    assert (result.exit_code, result.stdout) == (1, "forgotten: 1 of the index, 1 will never be loaded again\n")
    assert [line.split(" is known neither")[0] for line in result.stderr.splitlines()] == ["forum.test:99999", "https://forum.test/nowhere"]
    assert len((place.data / "forgotten.jsonl").read_text().splitlines()) == 1
    result = run("forget", "x")
    assert (result.exit_code, result.stdout) == (1, "")


def test_an_address_of_several_posts_asks_for_an_id(place: Place) -> None:
    thread = [post(number, url="https://forum.test/thread") for number in (6, 7)]
    place.tagged("forum", 2, [(each, []) for each in thread])
    run("load")
    result = run("forget", "https://forum.test/thread")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is the address of 2 posts: give the id of one, forum.test:00006, forum.test:00007" in result.stderr
    assert not (place.data / "forgotten.jsonl").exists()


def test_a_damaged_file_of_tombstones_is_one_sentence(place: Place) -> None:
    (place.data / "forgotten.jsonl").write_text('{"post": 1}\n')
    for command in (["load"], ["rebuild"], ["forget", post(1).id]):
        result = run(*command)
        assert result.exit_code == 1
        assert "forgotten.jsonl:1 is no tombstone: restore the file from a backup" in result.stderr.splitlines()[-1]


def test_where_no_index_is_yet_it_is_said(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOLVA_INDEX", str(place.data / "mistyped"))
    result = run("nps", "--brand", "bank")
    assert result.exit_code == 0
    assert result.stderr == f"There is no index in {place.data / 'mistyped'} yet: `python -m advocacy load` makes it.\n"
    assert run("load").stderr.splitlines()[-1] == f"There is no index in {place.data / 'mistyped'} yet: it is made now."
    assert run("nps", "--brand", "bank").stderr == ""


@pytest.mark.parametrize("level", ["brand", "product"])
def test_the_beginning_of_the_calendar_is_a_period_with_none_before_it(place: Place, level: str) -> None:
    run("load")
    result = run("nps", "--brand", "bank", "--level", level, "--since", "0001-01-01", "--until", "9999-12-31", "--trend", "month", "--json")
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    assert (report["online_nps"]["authors"], "change" in report) == (3 if level == "brand" else 1, False)
    assert run("nps", "--brand", "bank", "--since", "0001-01-01", "--until", "2026-01-01").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nps", "--brand", "bank", "--since", "0001-01-01", "--zone", "Europe/Moscow"], "--since: '0001-01-01' is no day of the calendar"),
        (["nps", "--brand", "bank", "--since", "2026-02-01", "--until", "2026-01-01"], "--since must be before --until"),
        (["nps", "--brand", "bank", "--since", "2026-02-01", "--until", "2026-02-01"], "--since must be before --until"),
        (["nps", "--brand", "nobody"], "bank, rival"),
        (["nps", "--brand", "bank", "--product", "card"], "app"),
        (["nps", "--brand", "bank", "--by", "mood"], "--by is one of brand"),
        (["nps", "--brand", "bank", "--level", "planet"], "--level is one of brand, product"),
        (["nps", "--brand", "bank", "--role", "fan"], "--role is one of client"),
        (["nps", "--brand", "bank", "--trend", "hour"], "--trend is one of day, week, month"),
        (["nps", "--brand", "bank", "--since", "yesterday"], "2026-03-01"),
        (["nps", "--brand", "bank", "--zone", "Mars"], "Europe/Moscow"),
        (["nps"], "--brand"),
        (["forget"], "POST"),
        (["correct", "x", "--head", "stance", "--by", "Анна"], "either --value or --take-back"),
        (["correct", "x", "--head", "stance", "--by", "Анна", "--value", "passive", "--take-back"], "either --value or --take-back"),
        (["correct", "x", "--head", "mood", "--by", "Анна", "--value", "good"], "'mood' is no head"),
        (["correct", "forum.test:00001/bank/general", "--head", "stance", "--by", "Анна", "--value", "fan"], "not 'fan'"),
        (["correct", "forum.test:1/bank/general", "--head", "stance", "--by", "Анна", "--value", "passive"], "no post"),
        (["correct", "forum.test:00001/bank/general", "--head", "stance", "--value", "passive"], "--by"),
    ],
)
def test_wrong_usage_is_two(place: Place, arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())


def test_a_broken_brands_file_is_two_and_names_the_line(place: Place) -> None:
    (place.config / "brands.yaml").write_text("brands:\n  - slug: bank\n    nmae: Банк\n", encoding="utf-8")
    for command in (["load"], ["nps", "--brand", "bank"]):
        result = run(*command)
        assert result.exit_code == 2
        assert "brands.yaml:3" in result.stderr


def test_a_missing_model_is_one_and_says_what_to_do(place: Place) -> None:
    (place.model / "config.json").unlink()
    result = run("load")
    assert result.exit_code == 1
    assert "the model is missing" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_nothing_to_rebuild_from_is_one(place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MOLVA_DATA", str(tmp_path / "empty"))
    result = run("rebuild")
    assert result.exit_code == 1
    assert "Nothing is tagged" in result.stderr


def test_an_index_that_cannot_be_used_is_one_and_the_next_load_catches_up(place: Place) -> None:
    (place.data / "index").write_text("not a folder")
    result = run("load")
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 1
    (place.data / "index").unlink()
    assert run("load").stdout == "loaded 1 batches: 4 posts, 5 mentions\n"


def test_elasticsearch_that_is_down_is_one_and_the_next_load_catches_up(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as down:
        down.setenv("MOLVA_INDEX", "http://127.0.0.1:9")
        for command in (["load"], ["nps", "--brand", "bank"], ["forget", "forum.test:1"]):
            result = run(*command)
            assert result.exit_code == 1
            assert "can't be reached" in result.stderr
            assert len(result.stderr.strip().splitlines()) == 1
    assert run("load").stdout == "loaded 1 batches: 4 posts, 5 mentions\n"


def test_a_damaged_tagged_batch_is_one_and_named(place: Place) -> None:
    (path,) = place.data.glob("tagged/*/forum/*.jsonl.gz")
    path.write_bytes(path.read_bytes()[:40])
    result = run("load")
    assert result.exit_code == 1
    assert "is damaged" in result.stderr


def test_a_correction_that_is_kept_and_can_not_be_shown_says_so(place: Place) -> None:
    run("load")
    (path,) = place.data.glob("tagged/*/forum/*.jsonl.gz")
    path.with_name("000002.jsonl.gz").write_bytes(b"no batch")
    result = run("correct", f"{post(1).id}/bank/general", "--head", "stance", "--value", "passive", "--by", "Анна")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("kept, but the index can't show it until the next load: ")
    assert [row["value"] for row in json.loads(run("corrections", "--json").stdout)] == ["passive"]


def test_a_correction_is_said_to_be_made_though_the_index_fails_then(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise IndexUnavailable("no node answers")

    run("load")
    monkeypatch.setattr(correcting, "correct", lambda *_, **__: True)
    monkeypatch.setattr(correcting, "mentions_of", gone)
    result = run("correct", f"{post(1).id}/bank/general", "--head", "stance", "--value", "passive", "--by", "Анна")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "corrected\n", "no node answers\n")


def test_every_command_has_help() -> None:
    overview = run("--help")
    assert overview.exit_code == 0
    for command in ("load", "rebuild", "forget", "nps", "correct", "corrections", "export-corrections"):
        assert command in overview.stdout
        assert len(run(command, "--help").stdout.splitlines()) > 5
