"""Who speaks for a company without its account: a job ad, or the company's answer to a client.

The rule to know: no single word decides, and nobody says "I". A job ad wants somebody and says two things of the place, or
one where it says so in an employer's words. An answer greets or thanks and speaks as companies do at least twice, or once
above a company's signature. What stands in quotes is somebody else's and is not read.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Voice(StrEnum):
    """How a company speaks in a post."""

    JOB_AD = "job ad"
    ANSWER = "answer"


LONGEST = 3_000
"""Characters of the longest job ad and answer; a longer post is somebody's story."""


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})", re.IGNORECASE)


QUOTED = re.compile(r"«[^»]*»|“[^”]*”|„[^“”]*[“”]|\"[^\"\n]*\"")
MYSELF = re.compile(r"\b(?:[Яя]|[Мм](?:не|еня|ной|ною)|I|I['’](?:m|ve|d|ll))\b")
"""Somebody speaks of themselves; "me" is left out, for job ads say "DM me"."""
MINE = re.compile(r"\b(?:мо[йяеию]|мо(?:его|ей|их|им|ему|ими)|my|mine|myself)\b", re.IGNORECASE)
"""What a company does not say to a client, though an employer may: "my team"."""

HIRES = _any(
    r"(?:открыт\w*|свободн\w+|горяч\w+|срочн\w+|нов\w+) ваканси\w+",
    r"(?:^|(?<=\n)|(?<=#))ваканси[яи]\b",
    r"приглаша(?:ем|ет|ю) (?:\w+ )?(?:на работу|в (?:\w+ )?команду|на должность)",
    r"(?:is|are|['’]re|now|we) hiring|hiring (?:now|for)|(?<=#)hiring",
    r"job (?:opening|vacancy|opportunity)|open(?: position|ing for)|vacanc(?:y|ies):|(?<=#)vacancy",
    r"looking for an? [\w -]{3,60} to join|join (?:our|the \w+) team",
)
"""What an employer says and hardly anybody else."""
WANTS = _any(
    r"требу[ею]тся",
    r"нужн[аы]\b",
    r"ищ(?:ем|у|ет) (?!работу|место|ваканси|подработ|способ|выход|вариант|банк|альтернатив)",
    r"набира(?:ем|ет)|проводит набор|объявля\w+ набор|расширя\w+ (?:штат|команду)|команда раст[её]т",
    r"приглаша(?:ем|ет|ю) (?:\w+ )?к сотрудничеству",
    r"присоединяй(?:ся|тесь) к|стань(?:те)? частью",
    r"seeks?\b|seeking\b|wanted\b|looking for\b|(?:we need|needs) (?!to\b)|(?:come )?work (?:with|for) us|team\b.{1,40}\bis growing",
)
"""What an employer says, among others."""

OFFERS = tuple(
    _any(*patterns)
    for patterns in (
        (r"з/п|зп\b|зарплат|оклад|доход|вилка|выплаты|₽", r"salary|(?:weekly|hourly|competitive) pay|wages?\b|£|€|\$|eur\b|\d+\s?[kк]\b"),
        (r"график|смен[аыу]\b|\d/\d\b|(?:не)?полн\w+ (?:день|занятост)", r"hours\b|full[- ]time|part[- ]time|shifts?\b"),
        (r"обязанности|требования|условия|задачи|мы предлагаем", r"responsibilities|requirements|you will|we offer"),
        (r"опыт|обучени[ея]|стажировк", r"experience|training|\d\+ years"),
        (
            r"резюме|отклик|пишите|звоните|тел\.?:?\s?\+?[78]",
            r"cvs?\b|resume|appl(?:y|ications?)\b|dm me|ping me|hr@|[\w.]+@[\w.]+",
        ),
        (r"удал[её]нк?\w*|гибрид", r"remote|hybrid|work from home|on-?site"),
        (
            r"дмс|по тк\b|официальн\w+ оформлен|оформление|соцпакет|карьерн\w+ рост|бел\w+ зарплат",
            r"benefits|paid (?:vacation|leave|training)|bonus(?:es)?\b",
        ),
    )
)
"""What an employer says of the place, kind by kind: pay, hours, duties, experience, how to apply, where, benefits."""

GREETS = re.compile(
    r"\W*(?:[\w.@-]+[,!.]? ){0,2}(?:здравствуй|добр(?:ый|ое|ого) (?:день|вечер|утр|времени)|уважаем|спасибо|благодар|приветству|приносим|"
    r"нам (?:\w+ )?жаль|hi\b|hello|hey\b|dear\b|good (?:morning|afternoon|evening|day)|thank|sorry|we apologi|"
    r"we(?:['’]re| are) (?:\w+ )?(?:sorry|happy|glad|delighted))",
    re.IGNORECASE,
)
FORMULAE = tuple(
    _any(*patterns)
    for patterns in (
        (
            r"(?:спасибо|благодарим)(?: вас)? за (?:\w+ ){0,2}(?:отзыв|обращени|обратную связь|оценк|сигнал|доверие|терпение|понимание)",
            r"thank(?:s| you)(?: so much| very much)? for (?:reaching out|contacting|bringing|letting us|sharing|choosing|taking the time)",
            r"thank(?:s| you)(?: so much| very much)? for your (?:\w+ )?(?:feedback|review|message|patience|comments?|kind words|business)",
        ),
        (
            r"приносим (?:\w+ ){0,3}извинени|просим прощени|нам (?:\w+ )?жаль|сожалеем",
            r"we(?:['’]re| are)(?: \w+)? sorry(?! we\b)|sorry (?:to hear|for the|about (?:the|this|your))",
            r"we (?:\w+ )?apologi[sz]e|our apologies",
        ),
        (
            r"ваш\w* (?:\w+ )?(?:обращение|вопрос|заявк\w+|сигнал|отзыв|замечани\w+|пожелани\w+|предложени\w+) (?:\w+ )?"
            r"(?:передан|принят|зарегистрирован|направлен|взят|рассм|учт|решен|провер)\w*",
            r"(?:передали|передадим|направили|уч[тл]\w+) (?:\w+ )?(?:ваш|информацию)|(?:обязательно )?(?:разбер[её]мся|проверим|поможем)",
            r"мы (?:\w+ )?(?:проверили|связались|свяжемся|провели|передали)|ответ(?:им| направим)|провер(?:яют|им) ваш",
            r"(?:our|the)(?: \w+){0,2} team (?:will|is|has)|your (?:case|complaint|request|feedback|message) (?:has been|was|is being)",
            r"we(?:['’]ll| will| have|['’]ve)(?: \w+)? (?:look(?:ed)? into|investigat|forward|pass(?:ed)?|escalat|be in touch|get back)",
        ),
        (
            r"(?:пришлите|напишите|сообщите|укажите|направьте|уточните|оставьте)\b[^.!?\n]{0,60}"
            r"(?:фио|номер|дат[ау]\b|данные|личны[ехй]|в лс|директ|почт|e-?mail|чат)",
            r"будем (?:\w+ )?(?:благодарны|признательны), если",
            r"(?:please|kindly|could you) (?:\w+ )?(?:dm|message|email|contact|share|provide|follow|(?:send|call) us)\b|dm us|via dm\b",
        ),
        (
            r"будем (?:\w+ )?(?:рады|стараться)|рады,? (?:что (?:вам|вы)|помочь|вам|вашему)|хорошего (?:вам )?дня",
            r"we(?:['’]re| are)(?: \w+)? (?:glad|happy|delighted|pleased)|happy to help|have a (?:great|nice|lovely|good) day",
        ),
    )
)
"""How a company speaks to a client, kind by kind: thanks, regret, what becomes of it, what it asks for, politeness."""
SIGNED = re.compile(
    r"(?:с уважением|с наилучшими|искренне ваш\w*)[^.!?]{0,12}?"
    r"(?:команд|служб|администраци|коллектив|отдел|пресс|специалист|эксперт|банк)[^.!?]{0,80}\W*$|ваш\w? команда \S+\W*$|"
    r"(?:regards|sincerely|yours|[-–—~^])[\s,]*(?:the |your )?[\w .'’-]{2,40}"
    r"(?:team|customer (?:care|service|support|relations)|support)\W*$",
    re.IGNORECASE,
)
"""The end of an answer: a company's name, not a person's."""


def voice(text: str) -> Voice | None:
    """How a company speaks in the text; None where it does not, or not plainly."""
    if len(text) > LONGEST:
        return None
    own = QUOTED.sub(" ", text)
    if MYSELF.search(own):
        return None
    if not MINE.search(own) and _is_answer(own.strip()):
        return Voice.ANSWER
    return Voice.JOB_AD if _is_job_ad(own) else None


def _is_answer(text: str) -> bool:
    if not GREETS.match(text):
        return False
    return sum(pattern.search(text) is not None for pattern in FORMULAE) >= (1 if SIGNED.search(text) else 2)


def _is_job_ad(text: str) -> bool:
    needed = 1 if HIRES.search(text) else 2 if WANTS.search(text) else len(OFFERS) + 1
    return "?" not in text and sum(pattern.search(text) is not None for pattern in OFFERS) >= needed
