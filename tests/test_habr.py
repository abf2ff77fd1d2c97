"""Habr: its walk over answers of our own making, in the form that public programs of 2021 to 2026 read and record."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawlers.kinds import FeedTarget
from crawlers.post import post_id
from crawlers.run import Outcome
from crawlers.spiders import feed
from crawlers.spiders.habr import SITE, HabrSpider
from crawlers.trouble import Trouble
from tests.recorded_walk import Walk, read, recorded
from tests.site import Answer

TARGET = "kind: habr\nhubs: [finance]\n"
LIST = "kek/v2/articles/?hub=finance&sort=all&fl=ru&hl=ru"
ARTICLE, COMPANY = "https://habr.com/ru/articles/900001/", "https://habr.com/ru/companies/vestarna/articles/900002/"


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    walk = Walk(tmp_path, monkeypatch)
    walk.pages = {part: recorded("habr", name) for part, name in {
        "hub=finance": "list.json", "page=2": "list_2.json", "articles/900001/": "article_900001.json",
        "articles/900001/comments/": "comments_900001.json", "articles/900002/": "article_900002.json",
        "articles/900003/": "article_900003.json", "hubs/finance/profile": "hub.json",
    }.items()}  # fmt: skip
    return walk


def counting(number: int) -> dict[str, Any]:
    """The first page of the list, on which the first article counts so many comments."""
    found: dict[str, Any] = json.loads(recorded("habr", "list.json"))
    found["publicationRefs"]["900001"]["statistics"]["commentsCount"] = number
    return found


def test_documented_articles_of_a_hub_are_read_once_and_their_comments_where_their_number_changed(walk: Walk) -> None:
    target = walk.target(TARGET)
    assert walk.kept(target) == 5, "what was taken away and what is only a picture are no posts"
    assert "dont_obey_robotstxt" not in walk.requests[0].meta
    comments = "kek/v2/articles/900001/comments/?fl=ru&hl=ru"
    assert walk.asked == [
        LIST, "kek/v2/articles/900001/?fl=ru&hl=ru", "kek/v2/hubs/finance/profile?fl=ru&hl=ru", comments,
        "kek/v2/articles/900002/?fl=ru&hl=ru", f"{LIST}&page=2", "kek/v2/articles/900003/?fl=ru&hl=ru",
    ]  # fmt: skip
    assert (walk.kept(target), walk.asked) == (0, [LIST])

    walk.pages |= {"hub=finance": counting(5), "page=2": walk.pages.pop("page=2")}
    walk.pages["articles/900001/comments/"] = recorded("habr", "comments_split.json")
    assert (walk.kept(target), walk.asked) == (1, [LIST, comments, f"{LIST}&page=2"])
    assert walk.posts()["Вестарна ответила за час."].in_reply_to == post_id(SITE, "comment 29000003"), "of one that was taken away"


def test_what_is_known_of_documented_articles_and_comments(walk: Walk) -> None:
    walk.kept(walk.target(TARGET))
    posts = walk.posts()
    article = posts["Ушла от прежнего брокера, у Вестарны вывод за день.\n\nКомиссия обещана такая."]
    assert (article.title, article.quoted, article.url) == ("Как я менял брокера на Вестарну", "Комиссия 0,3 %", ARTICLE)
    assert (article.views, article.likes, article.replies, article.members) == (1200, 7, 4, 48100)
    assert (article.place, article.language, article.thread_id) == ("finance", "ru", article.id)
    assert (article.author_id, article.author_name, article.author_url) == (f"{SITE}:101", "Анна Б.", "https://habr.com/ru/users/anna/")
    assert article.published == datetime(2026, 9, 1, 8, 15, 1, tzinfo=UTC)
    first, answer = posts["А мне Вестарна третий день не отвечает."], posts["Пишите в чат, там быстрее."]
    assert (first.in_reply_to, first.thread_id, first.likes, first.replies) == (article.id, article.id, -3, 1)
    assert (first.edited, first.author_name) == (datetime(2026, 9, 1, 9, 5, tzinfo=UTC), "boris")
    assert (first.url, first.views) == (f"{ARTICLE}#comment_29000001", None)
    assert (answer.in_reply_to, answer.quoted, answer.edited) == (first.id, "третий день не отвечает", None)
    assert posts["Мы открыли отдел в Перми."].url == COMPANY
    assert posts["Ставки выросли на два пункта."].url == "https://habr.com/ru/news/900003/"
    assert "anna.example" not in json.dumps([line["raw"] for line in lines(walk)]), "contacts of an author are not kept"


def lines(walk: Walk) -> list[dict[str, Any]]:
    from crawlers.archive import Archive

    return [line for batch in Archive(walk.data).batches("walked") for line in batch.lines()]


def test_a_documented_article_is_the_post_that_the_made_feed_of_habr_has(walk: Walk) -> None:
    walk.kept(walk.target(TARGET))
    by_feed = FeedTarget(name="habr", kind="feed", url="https://habr.com/ru/rss/hubs/finance/articles/all/", site=SITE)
    for made in walk.posts().values():
        if made.url and "#" not in made.url:
            entry = {"link": f"{made.url}?utm_source=habrahabr&utm_medium=rss&utm_campaign=1", "title": "a", "html": "a"}
            assert feed.post(entry, by_feed, made.collected).id == made.id


def test_documented_lists_of_every_sort_and_the_form_of_2021(walk: Walk) -> None:
    walk.pages = {"/articles/": recorded("habr", "list_2021.json"), "articles/900001/": recorded("habr", "article_900001.json")}
    walk.pages["articles/900009/"] = Answer(recorded("habr", "not_found.json"), 404)
    text = "kind: habr\nlanguage: en\ncomments: false\ncompanies: [vestarna]\nsearch: [Вестарна отзыв]\narticles: ['900009']\n"
    run = walk.collect(walk.target(text))
    assert run.counts.outcomes[Outcome.KEPT] == 1
    assert run.error and run.error.endswith("404: Resource not found"), "a named article that is not there is told"
    assert walk.asked == [
        "kek/v2/articles/?company=vestarna&fl=en&hl=en", "kek/v2/articles/900001/?fl=en&hl=en",
        "kek/v2/articles/?query=Вестарна отзыв&order=date&fl=en&hl=en", "kek/v2/articles/900009/?fl=en&hl=en",
    ]  # fmt: skip
    assert (walk.kept(walk.target("kind: habr\ncomments: false\n")), walk.asked) == (0, ["kek/v2/articles/?sort=rating&fl=ru&hl=ru"])


def test_a_documented_article_that_is_named_is_followed_with_its_comments(walk: Walk) -> None:
    target = walk.target(f"kind: habr\narticles: ['{ARTICLE}']\n")
    assert (walk.kept(target), walk.kept(target)) == (3, 0)
    number, comments = "kek/v2/articles/900001/?fl=ru&hl=ru", "kek/v2/articles/900001/comments/?fl=ru&hl=ru"
    assert walk.asked == [number, comments, number]


@pytest.mark.parametrize(
    "refused",
    [Answer('{"message": "Unavailable"}', 451), Answer(recorded("habr", "not_found.json"), 404), '{"httpCode": 403, "message": ""}'],
)
def test_a_documented_article_that_is_withheld_keeps_no_other_from_being_read_and_its_next_comments_are(refused: Any, walk: Walk) -> None:
    walk.pages["articles/900001/"] = refused
    walk.pages["articles/900001/comments/"] = walk.pages.pop("articles/900001/comments/")
    assert walk.kept(walk.target(TARGET)) == 2
    walk.pages["hub=finance"] = counting(5)
    walk.pages["page=2"] = walk.pages.pop("page=2")
    assert walk.kept(walk.target(TARGET)) == 2


def forbidden() -> Any:
    raise Trouble("robots.txt of habr.com forbids it", transient=False)


@pytest.mark.parametrize(("refused", "told"), [
    (Answer("<html>Вы робот?</html>", 403), "refuses to show it (403)"), (Answer('{"code": 401, "message": "a"}', 401), "401: a"),
    (forbidden, "robots.txt of habr.com forbids it"), ('{"code": 400, "message": "Bad Request Url"}', "400: Bad Request Url"),
])  # fmt: skip
def test_a_documented_article_that_is_refused_fails_each_run_until_it_is_really_taken(refused: Any, told: str, walk: Walk) -> None:
    target, article = walk.target(TARGET), walk.pages["articles/900001/"]
    walk.pages["articles/900001/"] = refused
    walk.pages["articles/900001/comments/"] = walk.pages.pop("articles/900001/comments/")
    kept = []
    for _ in range(7):
        run = walk.collect(target)
        kept.append(run.counts.outcomes[Outcome.KEPT])
        assert told in (run.error or "") and [each for each in walk.asked if "900001" in each] == ["kek/v2/articles/900001/?fl=ru&hl=ru"]
    assert kept == [2] + [0] * 6
    walk.pages |= {"articles/900001/": article, "articles/900001/comments/": walk.pages.pop("articles/900001/comments/")}
    assert [walk.kept(target), walk.kept(target)] == [3, 0]


def test_a_wall_against_robots_is_told_once_and_not_for_each_documented_article(walk: Walk) -> None:
    ids = [str(number) for number in range(900001, 900008)]
    one = json.loads(recorded("habr", "list_2.json"))["publicationRefs"]["900003"]
    walk.pages = {"hub=finance": {"pagesCount": 1, "publicationIds": ids, "publicationRefs": {id: one | {"id": id} for id in ids}}}
    walk.pages["articles/9"] = Answer("<html>Вы робот?</html>", 403)
    run = walk.collect(walk.target(TARGET))
    assert run.error and run.error.count("(403)") == 3, "behind a wall the others are left alone, and wait"
    assert run.counts.outcomes[Outcome.DEFERRED] == 3


@pytest.mark.parametrize(("answer", "told"), [
    ("<html>Вы робот?</html>", "gives a page that is no JSON"), ("[]", "gives neither articles nor comments"), ("null", "another form"),
    ('{"data": {}}', "is https://habr.com Habr?"), ('{"pagesCount": null, "publicationIds": [], "publicationRefs": []}', "another form"),
    ('{"code": 400, "message": "Bad Request Url", "data": null}', "400: Bad Request Url"),
])  # fmt: skip
def test_what_is_no_documented_list_fails_that_list_alone(answer: str, told: str, walk: Walk) -> None:
    walk.pages = {"hub=finance": answer, "hub=python": {"pagesCount": 0, "publicationIds": [], "publicationRefs": []}}
    run = walk.collect(walk.target("kind: habr\nhubs: [finance, python]\n"))
    assert told in (run.error or "") and len(walk.asked) == 2


def test_one_odd_entry_keeps_no_other_article_of_a_documented_list_from_being_read(walk: Walk) -> None:
    odd = json.loads(recorded("habr", "list.json"))
    odd["publicationIds"] += ["900004", "900005"]
    odd["publicationRefs"] |= {"900004": {"id": "900004", "isCorporative": True, "hubs": [{"type": "corporative"}]}, "900005": None}
    odd["publicationRefs"]["900001"]["timePublished"] = "скоро"
    walk.pages["hub=finance"] = odd
    walk.pages["page=2"] = walk.pages.pop("page=2")
    assert walk.kept(walk.target(TARGET)) == 5
    odd["publicationIds"] = ["900004", "900005"]
    assert "another form (KeyError: 'alias')" in (walk.collect(walk.target(TARGET)).error or "")


def test_documented_comments_with_fields_that_are_null_or_odd(walk: Walk) -> None:
    one = json.loads(recorded("habr", "comments_900001.json"))["comments"]["29000001"]
    odd = {"timePublished": None}, {"author": "boris"}, {"score": None, "children": None, "parentId": "", "timeChanged": None}
    walk.pages["articles/900001/comments/"] = {"comments": {str(n): one | {"id": str(n)} | each for n, each in enumerate(odd)}}
    run = walk.collect(walk.target(TARGET))
    assert (run.error, run.counts.outcomes[Outcome.REJECTED], run.counts.outcomes[Outcome.KEPT]) == (None, 2, 4)
    walk.pages = {"hub=finance": counting(9)} | walk.pages | {"hub=finance": counting(9), "page=2": recorded("habr", "list_2.json")}
    walk.pages["articles/900001/comments/"] = {"comments": []}
    walk.requests.clear()
    run = walk.collect(walk.target(TARGET))
    assert (run.error, run.counts.outcomes[Outcome.KEPT], run.counts.outcomes[Outcome.DEFERRED]) == (None, 0, 0)
    assert sum("comments" in each for each in walk.asked) == 1
    assert walk.kept(walk.target(TARGET)) == 0 and not any("comments" in each for each in walk.asked), "they were read"


def test_documented_comments_that_name_no_author_at_all_are_of_another_form_and_tried_again(walk: Walk) -> None:
    target, right = walk.target(TARGET), recorded("habr", "comments_900001.json")
    walk.pages["articles/900001/comments/"] = right.replace('"author"', '"user"')
    run = walk.collect(target)
    assert (run.counts.outcomes[Outcome.KEPT], run.counts.outcomes[Outcome.DEFERRED]) == (3, 1)
    walk.pages["articles/900001/comments/"] = right
    assert walk.kept(target) == 2


def test_where_documented_comments_are_switched_off_later_none_is_taken_any_more(walk: Walk) -> None:
    target, without = walk.target(TARGET), f"{TARGET}comments: false\n"
    comments = walk.pages["articles/900001/comments/"]
    walk.pages["articles/900001/comments/"] = Answer("", 503)
    assert walk.collect(target).counts.outcomes[Outcome.DEFERRED] == 1
    walk.pages |= {"articles/900001/comments/": comments, "hub=finance": counting(9), "page=2": walk.pages.pop("page=2")}
    assert walk.kept(walk.target(without)) == 0, "nor those that waited"
    walk.requests.clear()
    assert (walk.kept(walk.target(without)), walk.asked) == (0, [LIST])
    assert walk.kept(walk.target(TARGET)) == 2, "where they are wanted again and their number has changed, they are"


def test_the_last_documented_page_is_the_fiftieth(walk: Walk) -> None:
    target, full = walk.target(TARGET), json.loads(recorded("habr", "list.json")) | {"pagesCount": 120, "publicationIds": []}
    url = "https://habr.com/kek/v2/articles/?hub=finance&page="
    assert read(HabrSpider, target, full, f"{url}49")[0].following == f"{url}50"
    assert read(HabrSpider, target, full, f"{url}50")[0].following is None
