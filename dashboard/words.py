"""The words of the interface in Russian and English.

The rule to know: every word that a reader sees stands here once, under a key (those of targets in `target_words.py`); a key without
both languages fails a test.
"""

from __future__ import annotations

from typing import Literal

from dashboard.target_words import TARGET_WORDS

Lang = Literal["ru", "en"]

WORDS: dict[str, tuple[str, str]] = {
    # pages and navigation
    "overview": ("Обзор", "Overview"),
    "posts": ("Сообщения", "Posts"),
    "targets": ("Цели сбора", "Targets"),
    # filters
    "language_of_ui": ("Язык", "Language"),
    "brand": ("Компания", "Company"),
    "ours": ("наша", "ours"),
    "period": ("Период", "Period"),
    "period.7": ("7 дней", "7 days"),
    "period.28": ("28 дней", "28 days"),
    "period.90": ("90 дней", "90 days"),
    "period.365": ("Год", "A year"),
    "period.all": ("Всё время", "All time"),
    "period.dates": ("Даты…", "Dates…"),
    "dates": ("С какого по какой день", "From and to"),
    "product": ("Продукт", "Product"),
    "product.general": ("Компания в целом", "The company as a whole"),
    "role": ("Роль автора", "Author's role"),
    "site": ("Сайт", "Site"),
    "language": ("Язык сообщения", "Language of the post"),
    "stance": ("Позиция", "Stance"),
    "genre": ("Жанр", "Genre"),
    "counted": ("В показателях", "In the measures"),
    "counted.all": ("Все", "All"),
    "counted.counted": ("Учтённые", "Counted"),
    "counted.left_out": ("Не учтённые", "Left out"),
    "counted.official": ("Не учтённые: сообщения компании", "Left out: the company's own posts"),
    "counted.copies": ("Не учтённые: копии", "Left out: copies"),
    "counted.ads": ("Не учтённые: реклама", "Left out: ads"),
    "counted.job_ads": ("Не учтённые: вакансии", "Left out: job ads"),
    "counted.news": ("Не учтённые: новости", "Left out: news"),
    "counted.questions": ("Не учтённые: вопросы", "Left out: questions"),
    "counted.sarcasm": ("Не учтённые: сарказм", "Left out: sarcasm"),
    "counted.unread": ("Не учтённые: на других языках, не прочитаны", "Left out: in other languages, unread"),
    "counted.employees": ("Не учтённые: сотрудники", "Left out: employees"),
    "counted.no_stance": ("Не учтённые: без позиции", "Left out: no stance"),
    "counted.other": ("Не учтённые: прочее", "Left out: other"),
    "counted.undated": ("Не учтённые: без даты, за всё время", "Left out: undated, of all time"),
    "named": ("Аккаунт автора", "Author's account"),
    "named.all": ("Неважно", "Any"),
    "named.yes": ("Есть", "With one"),
    "named.no": ("Без аккаунта", "Without one"),
    "last_word": ("Только последнее слово автора", "Only the author's last word"),
    "search": ("Поиск", "Search"),
    "search.hint": ('слова, "фраза", -без слова', 'words, "a phrase", -without'),
    "sort": ("Порядок", "Order"),
    "sort.published": ("Сначала новые", "Newest first"),
    "sort.reach": ("По охвату", "By reach"),
    "any": ("Любые", "Any"),
    "ignored": ("В адресе непонятно и пропущено: {what}", "Not understood in the address and left out: {what}"),
    # values
    "stance.promoter": ("промоутер", "promoter"),
    "stance.passive": ("нейтрал", "passive"),
    "stance.detractor": ("критик", "detractor"),
    "stance.none": ("без позиции", "no stance"),
    "role.client": ("клиент", "client"),
    "role.ex_client": ("бывший клиент", "ex-client"),
    "role.employee": ("сотрудник", "employee"),
    "role.ex_employee": ("бывший сотрудник", "ex-employee"),
    "role.competitor_client": ("клиент конкурента", "competitor's client"),
    "role.prospect": ("потенциальный клиент", "prospect"),
    "role.none": ("связи не видно", "no relation shown"),
    "role.unknown": ("неизвестно", "unknown"),
    "genre.opinion": ("мнение", "opinion"),
    "genre.sarcasm": ("сарказм", "sarcasm"),
    "genre.question": ("вопрос", "question"),
    "genre.news": ("новость", "news"),
    "genre.ad": ("реклама", "ad"),
    "genre.job_ad": ("вакансия", "job ad"),
    "genre.other": ("другое", "other"),
    "sentiment.negative": ("отрицательное", "negative"),
    "sentiment.neutral": ("нейтральное", "neutral"),
    "sentiment.positive": ("положительное", "positive"),
    "tone.-1": ("плохое", "bad"),
    "tone.0": ("ни то ни другое", "neither"),
    "tone.1": ("хорошее", "good"),
    "recommendation.recommends": ("советует", "recommends"),
    "recommendation.warns": ("отговаривает", "warns against"),
    "recommendation.none": ("ни то ни другое", "neither"),
    "switch.left": ("ушёл", "left"),
    "switch.threatens": ("грозит уйти", "threatens to leave"),
    "switch.joined": ("пришёл", "joined"),
    "switch.none": ("не сказано", "nothing said"),
    "language.ru": ("русский", "Russian"),
    "language.en": ("английский", "English"),
    "language.uk": ("украинский", "Ukrainian"),
    "language.be": ("белорусский", "Belarusian"),
    "language.kk": ("казахский", "Kazakh"),
    "language.uz": ("узбекский", "Uzbek"),
    "language.bg": ("болгарский", "Bulgarian"),
    "language.de": ("немецкий", "German"),
    "language.tr": ("турецкий", "Turkish"),
    "unread": ("на другом языке, не прочитано", "in another language, unread"),
    "role_from.history": ("по прежним сообщениям", "from earlier posts"),
    "found.target": ("о компании говорит место", "the place says which company"),
    "found.thread": ("из ветки", "from the thread"),
    # corrections
    "head.exists": ("Упоминание", "Mention"),
    "head.genre": ("Жанр", "Genre"),
    "head.sentiment": ("Отношение автора", "Sentiment"),
    "head.tone": ("О чём рассказано", "Tone of what is told"),
    "head.stance": ("Позиция", "Stance"),
    "head.recommendation": ("Советует ли", "Recommendation"),
    "head.roles": ("Роль автора", "Author's role"),
    "head.switch": ("Переход", "Switch"),
    "exists.yes": ("верное", "right"),
    "exists.wrong_brand": ("другая компания", "another company"),
    "exists.not_about_us": ("не о компании", "not about the company"),
    "correct": ("Исправить", "Correct"),
    "corrected": ("исправлено: {heads}", "corrected: {heads}"),
    "correct.take_back": ("вернуть ответ модели", "back to the model's answer"),
    "correct.missing": ("Не хватает упоминания", "A mention is missing"),
    "correct.rest": ("Остальное верно", "The rest is right"),
    "correct.rest.help": (
        "Ответы, которые вы не меняли, сохранятся как проверенные: по ним видно, как часто модель права.",
        "Answers that you did not change are kept as checked: they show how often the model is right.",
    ),
    "correct.name": ("Ваше имя", "Your name"),
    "correct.name_needed": ("Назовите себя: исправление хранится с именем.", "Give your name: a correction is kept with it."),
    "correct.note": ("Заметка", "Note"),
    "correct.save": ("Сохранить", "Save"),
    "correct.nothing": ("Ничего не изменено.", "Nothing was changed."),
    "correct.done": ("Исправлено, показатели пересчитаны.", "Corrected; the measures count it."),
    "correct.later": (
        "Сохранено. В показателях появится, когда сообщение будет прочитано и загружено заново.",
        "Kept. The measures will count it once the post is tagged and loaded again.",
    ),
    "correct.not_shown": (
        "Сохранено. В показателях появится при следующей загрузке, сейчас не вышло: {why}",
        "Kept. The measures will count it with the next load, now they could not: {why}",
    ),
    "correct.roles": ("роль «связи не видно» выбирают без других.", "the role “no relation shown” is chosen without others."),
    "correct.contradiction": (
        "Ответы противоречат друг другу, исправьте и второй: {answers}.",
        "These answers contradict each other, correct the other one too: {answers}.",
    ),
    "correct.wrong": ("Так исправить нельзя: {why}", "This can't be corrected so: {why}"),
    # why an answer is what it is
    "explain": ("Почему?", "Why?"),
    "explain.head": ("Почему прочитано именно так", "Why it is read so"),
    "explain.reading": ("Модель перечитывает сообщение…", "The model reads the post again…"),
    "head.products": ("Продукт", "Product"),
    "explain.sentences": (
        "Ответ держится на выделенном: по нему одному вероятность ответа {share}.",
        "The answer rests on what is highlighted: from it alone the probability is {share}.",
    ),
    "explain.whole": (
        "Ответ держится на тексте в целом. Выделено самое весомое: по нему одному вероятность ответа {share}.",
        "The answer rests on the text as a whole. What weighs most is highlighted: from it alone the probability is {share}.",
    ),
    "explain.changes": ("Без него ответ был бы другим.", "Without it the answer would be another."),
    "explain.stays": (
        "Остальной текст говорит то же: без выделенного вероятность {share}.",
        "The rest of the text says the same: without the highlighted part the probability is {share}.",
    ),
    "explain.stars": (
        "Так прочитано из-за звёзд: один текст без них был бы прочитан иначе.",
        "Read so because of the stars: the text without them would be read otherwise.",
    ),
    "explain.stars_too": (
        "Для этого ответа хватает звёзд; ниже то, что говорит это и без них.",
        "The stars are enough for this answer; below is what says so without them.",
    ),
    "explain.nothing": (
        "Ответ не держится ни на одном предложении: так модель отвечает, когда в тексте об этом не сказано.",
        "No sentence carries this answer: the model gives it where the text says nothing of it.",
    ),
    "explain.unsure": ("Модель слишком не уверена и не отвечает.", "The model is too unsure and does not answer."),
    "explain.otherwise": (
        "Сейчас модель прочла бы иначе: с тех пор изменились она, список компаний или само сообщение.",
        "Today the model would read otherwise: it, the list of companies or the post has changed since.",
    ),
    "explain.today": ("Теперь вышло бы: {today}.", "Now it would be: {today}."),
    "explain.rating": ("Текста нет: ответ дан по звёздам.", "There is no text: the stars gave the answer."),
    "explain.official": (
        "Это сообщение самой компании: ответ дан правилом, а не моделью.",
        "The post is the company's own: a rule gave the answer, not the model.",
    ),
    "explain.voice": (
        "Так говорит компания (вакансия или ответ клиенту): ответ дан правилом, а не моделью.",
        "A company speaks (a job ad or an answer to a client): a rule gave the answer, not the model.",
    ),
    "explain.unread": ("Модель не читает этот язык: ответ дан правилом.", "The model does not read this language: a rule gave the answer."),
    "explain.person": ("Так ответил человек.", "A person answered so."),
    "explain.name": ("Продукт назван в тексте.", "The text names the product."),
    "explain.place": ("О продукте говорит место, где это написано.", "The place says which product."),
    "explain.gone": (
        "По нынешнему списку компаний сообщение об этом не говорит, и объяснить ответ нельзя.",
        "By today's list of companies the post does not speak of this, so the answer can't be explained.",
    ),
    "explain.textless": (
        "Текста нет, и оценка поставлена не этой компании: читать нечего.",
        "There is no text, and the stars are not this company's: there is nothing to read.",
    ),
    "explain.likelier": (
        "Сам по себе вероятнее ответ «{likelier}», но он противоречит остальным.",
        "By itself the answer “{likelier}” is likelier, but it contradicts the others.",
    ),
    "explain.genre": (
        "Таково сообщение в целом, а значит, и сказанное в нём о продукте. Так отвечает правило, а не модель.",
        "The post as a whole is so, and with it what it says of the product. A rule says so, not the model.",
    ),
    "explain.products": (
        "Один продукт хвалят, другой ругают: к компании в целом автор нейтрален. Так отвечает правило, а не модель.",
        "One product is praised and another blamed: towards the company the author is passive. A rule answers so, not the model.",
    ),
    "explain.history": (
        "Роль на карточке взята из прежних сообщений автора.",
        "The role on the card comes from the author's earlier posts.",
    ),
    "explain.no_model": (
        "Объяснить ответ сейчас нельзя: модель не загрузилась. {why}",
        "The answer can't be explained now, the model does not load: {why}",
    ),
    "explain.legend.carried": ("на этом держится ответ", "carries the answer"),
    "explain.legend.names": ("названо", "named"),
    "explain.legend.read": ("прочитано только это", "only this was read"),
    # measures
    "online_nps": ("Онлайн-NPS", "Online NPS"),
    "online_nps.help": (
        "Доля промоутеров минус доля критиков среди авторов, у каждого по последнему слову за период. "
        "Сотрудники, реклама и новости не учитываются. Рядом 95\u00a0% интервал. Это не опросный NPS.",
        "Share of promoters minus share of detractors among authors, each by the last word in the period. "
        "Employees, ads and news are left out. With its 95% interval. It is not the survey NPS.",
    ),
    "interval": ("95\u00a0%: от {low} до {high}", "95%: {low} to {high}"),
    "authors": ("авторов: {n}", "authors: {n}"),
    "authors_short": ("Авторы", "Authors"),
    "promoters": ("Промоутеры", "Promoters"),
    "passives": ("Нейтралы", "Passives"),
    "detractors": ("Критики", "Detractors"),
    "of_authors": ("{share} авторов", "{share} of authors"),
    "reach": ("Охват", "Reach"),
    "reach.measured": ("измеренный: просмотры", "measured: views"),
    "reach.estimated": ("оценка: подписчики", "estimated: followers"),
    "reach.posts": ("Весь охват", "All of the reach"),
    "reach_of_copies": ("Охват копий", "Reach of copies"),
    "reach_of_copies.posts": ("Копии", "Copies"),
    "reach.known": ("известен у {known} из {all} сообщений", "known for {known} of {all} posts"),
    "unknown": ("нет данных", "unknown"),
    "change": ("{change} к прошлому периоду", "{change} on the period before"),
    "change.interval": ("изменение, 95\u00a0%: от {low} до {high}", "the change, 95%: {low} to {high}"),
    "change.noise": (
        "изменение к прошлому периоду в пределах погрешности (95\u00a0%: от {low} до {high})",
        "change on the period before: within the margin of error (95%: {low} to {high})",
    ),
    "trend": ("Как менялось", "Trend"),
    "trend.day": ("По дням", "Daily"),
    "trend.month": ("По месяцам", "Monthly"),
    "trend.week": ("По неделям", "Weekly"),
    "trend.help": (
        "Каждый столбик: авторы по последнему слову внутри интервала; щелчок открывает их сообщения",
        "Each bar: authors by their last word within the interval; a click opens their posts",
    ),
    "by_product": ("По продуктам", "By product"),
    "by_role": ("По роли автора", "By author's role"),
    "by_site": ("По сайтам", "By site"),
    "competitors": ("Рядом с конкурентами", "Against competitors"),
    "competitors.help": ("Точка: онлайн-NPS, черта: 95\u00a0% интервал", "Dot: online NPS, line: 95% interval"),
    "left_out": ("Не вошло в показатели", "Left out of the measures"),
    "left_out.employees": ("сотрудники", "employees"),
    "left_out.news": ("новости", "news"),
    "left_out.official": ("сообщения компании", "the company's own posts"),
    "left_out.copies": ("копии", "copies"),
    "left_out.ads": ("реклама", "ads"),
    "left_out.job_ads": ("вакансии", "job ads"),
    "left_out.questions": ("вопросы", "questions"),
    "left_out.sarcasm": ("сарказм", "sarcasm"),
    "left_out.unread": ("на других языках, не прочитаны", "in other languages, unread"),
    "left_out.other": ("прочее", "other"),
    "left_out.no_stance": ("мнения без позиции", "opinions without a stance"),
    "left_out.undated": ("без даты (за всё время)", "undated (of all time)"),
    "unnamed": ("Без аккаунта", "No account"),
    "unnamed.help": (
        "Авторы, у которых видно только имя: каждый считается отдельным человеком",
        "Authors of whom only a name is seen: each counts as a person of its own",
    ),
    "roles_known": ("Роль известна", "Role known"),
    "roles_known.help": (
        "Доля авторов, чья роль видна из текста или из прежних сообщений, какую бы роль ни выбрал фильтр. "
        "Остальные «неизвестно» или без связи: роль не угадывается.",
        "Share of authors whose role shows in the text or in earlier posts, whatever role the filter asks for. "
        "The others are unknown or show no relation: a role is not guessed.",
    ),
    "roles_known.authors": ("Роль известна у {share} авторов: {known} из {all}", "Role known of {share} of authors: {known} of {all}"),
    "roles_known.mentions": (
        "Роль автора известна в {share} сообщений: {known} из {all}",
        "The author's role is known in {share} of posts: {known} of {all}",
    ),
    "roles_known.any": ("без учёта фильтра по роли", "whatever role the filter asks for"),
    "newest": ("Новейшее сообщение: {when}", "Newest post: {when}"),
    "nps_axis": ("онлайн-NPS", "online NPS"),
    # posts
    "found_total": ("Найдено: {n}", "Found: {n}"),
    "original": ("Оригинал", "Original"),
    "next": ("Дальше", "Next"),
    "back": ("Назад", "Back"),
    "first": ("К началу", "To the start"),
    "confidence": ("уверенность {share}", "confidence {share}"),
    "evidence": ("Подчёркнуто: предложения о компании или продукте", "Underlined: the sentences about the company or product"),
    "reply_of_company": ("Ответ компании", "The company's reply"),
    "undated": ("без даты", "undated"),
    "unnamed_author": ("имя не указано", "no name"),
    "views": ("просмотры: {n}", "views: {n}"),
    "followers": ("подписчики: {n}", "followers: {n}"),
    "rating": ("оценка {n}", "rating {n}"),
    "more": ("Показать целиком", "Show all of it"),
    "copies": ("копий: {n}", "copies: {n}"),
    "copy_of": ("копия сообщения с {site}", "copy of a post on {site}"),
    "group": ("Одно сообщение и его копии", "One post and its copies"),
    "group.all": ("Все сообщения", "All posts"),
    "superseded": ("позже автор высказался снова", "the author spoke again later"),
    "download": ("Скачать CSV", "Download CSV"),
    "download.help": ("До {n} строк; больше: python -m index export", "Up to {n} rows; more with python -m index export"),
    # empty states and errors
    "empty.index": (
        "Пока нет ни одного сообщения. Первые появятся через несколько минут после запуска сбора. "
        "Проверьте цели командой `python -m crawlers check` и запуски в Airflow.",
        "There is no post yet. The first ones appear some minutes after collection starts. "
        "Check the targets with `python -m crawlers check` and the runs in Airflow.",
    ),
    "empty.period": (
        "За этот период о компании ничего не нашлось. Возьмите период длиннее или снимите фильтры.",
        "Nothing about the company in this period. Take a longer period or remove filters.",
    ),
    "empty.search": (
        "По этим условиям ничего нет. Уберите слово из поиска или снимите фильтр.",
        "Nothing fits these conditions. Remove a word from the search or a filter.",
    ),
    "empty.brands": (
        "В файле brands.yaml нет ни одной компании: добавьте свою и конкурентов.",
        "There is no company in brands.yaml: add yours and its competitors.",
    ),
    "empty.targets": (
        "В папке targets нет ни одной цели: добавьте файл ИМЯ.yaml.",
        "There is no target in the folder targets: add a file NAME.yaml.",
    ),
    "empty.terms": (
        "В поиске нет ни одной буквы или цифры: ниже всё, что подходит под остальные условия.",
        "The search has no letter or digit: below is all that fits the other conditions.",
    ),
    "broken.brands": ("Файл компаний не читается: {why}", "The brands file can't be read: {why}"),
    "broken.desk": ("Исправление не сохранено: {why}", "The correction was not kept: {why}"),
    "broken.index": ("Индекс не отвечает: {why}", "The index does not answer: {why}"),
} | TARGET_WORDS


def say(lang: Lang, key: str, **values: object) -> str:
    """The words under the key; a value of the data that has no words of its own is shown as it is."""
    words = WORDS.get(key)
    if words is None:
        return key.partition(".")[2] or key
    return words[0 if lang == "ru" else 1].format(**values)


def number(lang: Lang, value: float, *, sign: bool = False, digits: int = 0) -> str:
    """A number as the language writes it: thin spaces and a comma in Russian; a true minus sign in both; zero has no sign."""
    value = round(value, digits) or 0  # what rounds to zero is zero
    text = f"{value:{'+' if sign and value else ''},.{digits}f}"
    if lang == "ru":
        text = text.replace(",", "\u202f").replace(".", ",")
    return text.replace("-", "\u2212")


def share(lang: Lang, part: float, whole: float) -> str:
    """A share in whole per cent; a dash where there is no whole."""
    if not whole:
        return "–"
    return f"{number(lang, 100 * part / whole)}{chr(0xA0) if lang == 'ru' else ''}%"
