"""A forum in Spirit, made and written in by Spirit's own forms: `python spirit_forum.py fill`, then `later` or `tidy`.

Runs in Spirit's environment (`tests/real_engines.py` starts it). What comes of it is read from Spirit's database.
"""

from __future__ import annotations

import random
import sys
from datetime import UTC, datetime, timedelta

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from spirit.category.models import Category  # noqa: E402
from spirit.comment.forms import CommentForm, CommentMoveForm  # noqa: E402
from spirit.comment.like.models import CommentLike  # noqa: E402
from spirit.comment.models import Comment  # noqa: E402
from spirit.comment.utils import comment_posted, post_comment_move, post_comment_update, pre_comment_update  # noqa: E402
from spirit.core.utils.markdown import quotify  # noqa: E402
from spirit.topic.forms import TopicForm  # noqa: E402
from spirit.topic.models import Topic  # noqa: E402
from spirit.topic.private.models import TopicPrivate  # noqa: E402

User = get_user_model()
TOPICS = 60
LONG = {7: 300, 11: 90, 20: 150, 31: 41, 44: 40, 58: 21}
"""Topics of several pages (a page has 20): number -> comments."""
FIRST = datetime(2024, 2, 28, 9, tzinfo=UTC)  # noon in Moscow, a day before a leap day
NAMES = {"kira": "Кира", "oleg": "Oleg", "anna_k": "Анна К.", "bob": "Bob <3", "мария": "Мария", "zed": "zed", "admin": "Admin"}
SAID = (
    "Перевёл деньги из «Вестарны» в Дукатор: комиссия вдвое ниже, но приложение хуже.",
    "Support of Vestarna answered in a day. Not bad & not great: 3 < 5.",
    "А у меня **всё работает**, карту привезли за два дня.\n\nПравда, PIN пришлось менять в отделении.",
    "I left for Dukator last year — no regrets. Здесь делать нечего.",
    "Кто-нибудь пробовал новый тариф?\nИли все ждут осени?",
    "Same here, see http://127.0.0.1/tariffs for the list.",
)


def comment(topic: Topic, author: object, text: str, date: datetime | None = None) -> Comment:
    """A comment as the forum's form makes it, of this date instead of now."""
    form = CommentForm(user=author, topic=topic, data={"comment": text})
    assert form.is_valid(), form.errors
    made = form.save()
    comment_posted(comment=made, mentions=form.mentions)
    if date:
        Comment.objects.filter(pk=made.pk).update(date=date)
        Topic.objects.filter(pk=topic.pk).update(last_active=date)
    return made


def topic(author: object, category: Category, title: str) -> Topic:
    form = TopicForm(user=author, data={"title": title, "category": category.pk})
    assert form.is_valid(), form.errors
    return form.save()


def edit(made: Comment, text: str) -> None:
    """What the page "edit" does."""
    form = CommentForm(data={"comment": text}, instance=Comment.objects.get(pk=made.pk))
    assert form.is_valid(), form.errors
    pre_comment_update(comment=Comment.objects.get(pk=made.pk))
    post_comment_update(comment=form.save())


def move(made: Comment, other: Topic) -> None:
    """What the page "move" does."""
    before = made.topic
    form = CommentMoveForm(topic=before, data={"topic": other.pk, "comments": [made.pk]})
    assert form.is_valid(), form.errors
    for each in form.save():
        comment_posted(comment=each, mentions=None)
        before.decrease_comment_count()
        post_comment_move(comment=each, topic=before)


def people() -> list[object]:
    found = []
    for number, (name, nickname) in enumerate(NAMES.items()):
        user = User.objects.create_user(username=name, email=f"{number}@forum.example", password="x")
        user.st.nickname, user.st.is_moderator = nickname, name == "admin"
        user.st.save()
        found.append(user)
    return found


def said(chance: random.Random, topic_number: int, number: int, before: Comment | None) -> str:
    """Words that no other comment has, some with a quote or a mention of who spoke before."""
    own = f"{chance.choice(SAID)} № {topic_number}-{number}"
    if before is not None and number % 5 == 2:
        return quotify(before.comment.rpartition("\n\n")[2], before.user.st.nickname) + own
    return f"@{before.user.username} {own}" if before is not None and number % 7 == 3 else own


def fill() -> None:
    call_command("migrate", verbosity=0)
    with transaction.atomic():
        write()


def write() -> None:
    chance, authors = random.Random(5), people()
    banks = Category.objects.create(title="Банки и карты")
    apps = Category.objects.create(title="Apps & services")
    below = Category.objects.create(title="Приложение Вестарны", parent=banks)
    closed_room = Category.objects.create(title="Модераторы", is_removed=True)
    date = FIRST
    for number in range(1, TOPICS + 1):
        category = (banks, apps, below)[number % 3]
        title = f"Тема {number}: стоит ли уходить?" if number % 2 else f"Topic {number}: fees & cards"
        one = topic(chance.choice(authors[:6]), category, title)
        before = None
        for place in range(LONG.get(number, chance.randrange(1, 19))):
            before = comment(one, one.user if before is None else chance.choice(authors[:6]), said(chance, number, place, before), date)
            # Whole hours, noon and midnight are written in words of their own.
            date += timedelta(hours=3) if place % 4 == 0 else timedelta(minutes=chance.randrange(1, 300), seconds=chance.randrange(60))
            for fan in authors[: 2 if place == 1 else 0]:
                CommentLike.objects.create(user=fan, comment=before)
                before.increase_likes_count()
    moderate(authors[-1], banks)
    secret = topic(authors[0], apps, "Удалённая тема")
    comment(secret, authors[0], "Этого никто не увидит.")
    Topic.objects.filter(pk=secret.pk).update(is_removed=True)
    comment(Topic.objects.create(user=authors[0], category=closed_room, title="Закрытая комната"), authors[0], "И этого.")
    private = Topic.objects.create(user=authors[0], category_id=1, title="Личная переписка")
    TopicPrivate.objects.create(topic=private, user=authors[0])
    comment(private, authors[0], "Между нами.")


def moderate(admin: object, banks: Category) -> None:
    """Pinned, closed and moved topics with the lines that the forum writes of it; edited, moved and removed comments."""
    topics = list(Topic.objects.order_by("pk"))
    marked = [(2, "is_pinned", Comment.PINNED), (3, "is_globally_pinned", Comment.PINNED), (6, "is_closed", Comment.CLOSED)]
    for number, field, action in marked:
        one = topics[number]
        Topic.objects.filter(pk=one.pk).update(**{field: True})
        Comment.create_moderation_action(user=admin, topic=one, action=action)
    moved = topics[12]
    form = TopicForm(user=admin, data={"title": moved.title, "category": banks.pk}, instance=moved)
    assert form.is_valid(), form.errors
    Comment.create_moderation_action(user=admin, topic=form.save(), action=Comment.MOVED)
    long = list(Comment.objects.filter(topic=topics[10]).order_by("date"))
    edit(long[3], "Исправлено: комиссию вернули. № e-1")
    edit(long[25], "Edited twice. № e-2")
    edit(long[25], "Edited twice, really. № e-2")
    Comment.objects.filter(pk__in=[long[5].pk, long[30].pk]).update(is_removed=True)
    opened = Comment.objects.filter(topic=topics[20]).order_by("date").first()
    Comment.objects.filter(pk=opened.pk).update(is_removed=True)
    move(long[40], topics[15])


def later() -> None:
    """What happens between two runs: new topics and comments, an edit on the page of a new comment, one elsewhere, a removal."""
    kira, oleg, admin = (User.objects.get(username=name) for name in ("kira", "oleg", "admin"))
    banks = Category.objects.get(title="Банки и карты")
    one = topic(kira, banks, "Новая тема")
    comment(one, kira, "Вестарна подняла тарифы. № l-1")
    comment(one, oleg, quotify("Вестарна подняла тарифы.", "Кира") + "И давно пора. № l-2")
    long = Topic.objects.get(title__startswith="Topic 44")
    for number in range(3):
        comment(long, oleg, f"Третья страница началась. № l-{number + 3}")
    short = Topic.objects.get(title__startswith="Topic 58")
    comments = list(Comment.objects.filter(topic=short).order_by("date"))
    edit(comments[-1], "Передумал, остаюсь. № l-6")
    comment(short, admin, "Спасибо всем. № l-7")
    Comment.objects.filter(pk=comments[1].pk).update(is_removed=True)


def tidy() -> None:
    """What moderators take away: comments of which the forum keeps the place, others with all traces, a topic; and what only moves."""
    long = Topic.objects.get(title__contains="Тема 7:")
    comments = list(Comment.objects.filter(topic=long, action=Comment.COMMENT, is_removed=False).order_by("date", "pk"))
    Comment.objects.filter(pk__in=[comments[8].pk, comments[-1].pk]).update(is_removed=True)
    for traceless in (comments[30], comments[47], comments[210]):
        traceless.delete()
    move(comments[100], Topic.objects.get(title__contains="Topic 20:"))
    Topic.objects.filter(title__contains="Topic 44:").update(is_removed=True)


if __name__ == "__main__":
    {"fill": fill, "later": later, "tidy": tidy}[sys.argv[1]]()
