"""The words of targets in Russian and English: their states, what is not right with them, and gaps in what they brought.

The rule to know: they are looked up like all others, by `dashboard.words`.
"""

from __future__ import annotations

TARGET_WORDS: dict[str, tuple[str, str]] = {
    "targets.help": (
        "Задержка: от публикации до сбора; числа сообщений за последние 7 дней (отложено: сколько отложил до повтора последний удачный "
        "запуск или, если больше, неудачный после него), дни с пробелами за 90 дней. Те же числа: "
        "`python -m crawlers health`.",
        "Lag: from publication to collection; numbers of posts in the last 7 days (deferred: what the last run that ended well put "
        "off to be tried again, or one that failed since, if more), days with gaps of 90 days. The same numbers: "
        "`python -m crawlers health`.",
    ),
    "targets.summary": ("Цели сбора в порядке: {well} из {all}", "Targets that do well: {well} of {all}"),
    "targets.red": ("не в порядке: {names}", "not well: {names}"),
    "targets.waiting": ("ждут ключа: {n}", "waiting for a key: {n}"),
    "targets.gaps": ("дней с пробелами в данных: {n}", "days with gaps in the data: {n}"),
    "target": ("Цель", "Target"),
    "state": ("Состояние", "State"),
    "state.ok": ("в порядке", "ok"),
    "state.new": ("ещё не собиралась", "not collected yet"),
    "state.late": ("опаздывает", "late"),
    "state.silent": ("молчит", "silent"),
    "state.unusual": ("не как обычно", "unusual"),
    "state.failing": ("сбой", "failing"),
    "state.broken": ("файл с ошибкой", "broken"),
    "state.waiting": ("ждёт ключа", "waiting for a key"),
    "state.switched_off": ("выключена", "switched off"),
    "last_success": ("Последний успех", "Last success"),
    "never": ("никогда", "never"),
    "lag": ("Задержка", "Lag"),
    "lag.both": ("{median}, 95\u00a0%: {most}", "{median}, 95%: {most}"),
    "outcome.kept": ("Новых", "New"),
    "outcome.changed": ("Изменённых", "Changed"),
    "outcome.repeated": ("Повторных", "Repeated"),
    "outcome.rejected": ("Отклонено", "Rejected"),
    "outcome.deferred": ("Отложено", "Deferred"),
    "outcome.older": ("Старше нужного", "Older than wanted"),
    "newest_post": ("Новейшее сообщение", "Newest post"),
    "week.looked": ("Просмотрено снова", "Looked at again"),
    "week.gone": ("Удалено у источника", "Gone at the source"),
    "gap.of": ("Дней с пробелами", "Days with gaps"),
    "reasons": ("Почему отклонено", "Why rejected"),
    "reasons.waiting": ("Почему отложено", "Why deferred"),
    "span.second": ("{n} с", "{n} s"),
    "span.minute": ("{n} мин", "{n} min"),
    "span.hour": ("{n} ч", "{n} h"),
    "span.day": ("{n} д", "{n} d"),
    "why.unset": ("не задана переменная окружения {name}", "the environment variable {name} isn't set"),
    "why.failed": ("неудачных запусков подряд: {n}; {error}", "failed runs one after the other: {n}; {error}"),
    "why.late": ("запуска не было, хотя пора была {when}", "no run, though one was due at {when}"),
    "why.nothing": ("за {bound} и дольше не собрано ни одного сообщения", "nothing was collected in more than {bound}"),
    "why.newest": (
        "новейшему сообщению {found}, ожидается не больше {bound} ({whose})",
        "the newest post is {found} old, at most {bound} are expected ({whose})",
    ),
    "why.posts": (
        "новых сообщений в день {found}, ожидается не меньше {bound} ({whose})",
        "{found} new posts a day, at least {bound} are expected ({whose})",
    ),
    "why.authors": (
        "с автором {found} новых сообщений, ожидается не меньше {bound} ({whose})",
        "{found} of new posts name an author, at least {bound} are expected ({whose})",
    ),
    "why.robots": (
        "robots.txt хоста {host} не читается с {since} (ответ: {answer}), поэтому там ничего не запрашивается; если так и останется, с "
        "{until} он будет считаться отсутствующим",
        "robots.txt of {host} has been unreadable since {since} (answer: {answer}), so nothing there is asked for; if it stays so, it "
        "counts as not there from {until} on",
    ),
    "why.held": (
        "из {told} просмотренных снова сообщений удалёнными кажутся {gone}, больше {share}: скорее сайт сменил адреса или вид своих "
        "ответов, поэтому ни одно не отмечено; посмотрите на некоторые из них и, если они и правда удалены, разрешите больше: "
        "`recheck: {{share: …}}`",
        "{gone} of {told} posts looked at again seem gone, more than {share}: rather has the site changed its addresses or its answers, "
        "so none is marked; look at some of them, and where they are gone indeed, allow more by `recheck: {{share: …}}`",
    ),
    "why.held.deep": (
        "из {told} сообщений, стоящих так же далеко от начала своих тем, удалёнными кажутся {gone}, больше {share}: скорее форум "
        "показывает теперь только начало тем, поэтому ни одно не отмечено; посмотрите на некоторые из них и, если они и правда удалены, "
        "разрешите больше: `recheck: {{share: …}}`",
        "{gone} of {told} posts that stand as far down their topics seem gone, more than {share}: rather does the forum show only the "
        "beginning of its topics now, so none is marked; look at some of them, and where they are gone indeed, allow more by "
        "`recheck: {{share: …}}`",
    ),
    "why.alike": (
        "сообщений разных авторов с одним и тем же новым текстом «{text}»: {posts}; на их месте стоит вход или капча или пометка, что они "
        "удалены, поэтому правками они не считаются; если на форуме это такая пометка, укажите `topic.removed`",
        "{posts} posts of several authors show the same new text, «{text}»: a login or a captcha stands in the place of what they said, or "
        "a mark that they were removed, so none counts as edited; of such a mark of a forum say `topic.removed`",
    ),
    "why.learned": ("так было раньше", "learned"),
    "why.stated": ("так задано в файле", "stated"),
    "change.uneven": (
        "за часть дней нет данных: {now} в этом периоде, {before} в прошлом ({targets}); отличие от прошлого периода может быть из-за них",
        "data are missing for some days: {now} of this period, {before} of the one before ({targets}); what looks like a change may be "
        "theirs",
    ),
    "gap": ("нет данных: сбой или молчание цели", "no data: a target failed or was silent"),
    "gap.days": ("дней без данных: {n}", "days without data: {n}"),
    "gap.silent": ("молчала", "silent"),
    "gap.not_collected": ("не собиралась", "not collected"),
}
