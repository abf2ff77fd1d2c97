"""The popover in which a reader corrects a mention.

The rule to know: what is kept is what the reader changed, and everything else only where they say that the rest is right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from advocacy.correct import NotShown, correct, mentions_of
from advocacy.correction import EXISTS, HEADS, YES, Value, WrongCorrection, checked, contradictions_of
from advocacy.desk import DeskUnavailable
from crawlers.brand import Brands
from crawlers.place import config_folder, data_folder
from crawlers.yamlfile import ConfigError
from dashboard.marked import chip
from dashboard.words import Lang, say
from index.query import Index, IndexUnavailable
from nlp.mention import GENERAL, Mention

TAKE_BACK = ""
"""The choice that lets the model's answer hold again."""
WORDS = {"roles": "role"}
"""Head -> how its words begin, where they differ."""
NO_ROLE = "none"
"""The role of a mention that shows no relation: it stands alone."""
_NAME, _SAID, _FAILED = "corrected_by", "correction_said", "correction_failed"


def corrected(mention: Mention, lang: Lang) -> str:
    """The mark of a corrected mention, as HTML; empty where nobody corrected it."""
    if not mention.corrected:
        return ""
    heads = ", ".join(say(lang, f"head.{head}").lower() for head in mention.corrected)
    return chip(f"✎ {say(lang, 'corrected', heads=heads)}")


def told() -> None:
    """Say, once, what became of the correction just made."""
    if said := st.session_state.pop(_SAID, None):
        st.toast(said, duration="long")


def popover(mention: Mention, index: Index, brands: Brands, lang: Lang) -> None:
    """The button; its form is drawn while it is open."""
    key = f"correct_{mention.id}_{lang}"  # a choice comes back by its label: each language has fields of its own
    box = st.popover(say(lang, "correct"), type="tertiary", key=key, on_change="rerun")
    if not box.open:
        return
    with box:
        if st.session_state.get(_FAILED, ("", ""))[0] == mention.id:
            st.error(st.session_state.pop(_FAILED)[1])
        for pair in contradictions_of(mention):
            st.warning(say(lang, "correct.contradiction", answers=" · ".join(_answer(mention, head, lang) for head in pair)))
        with st.form(f"{key}_form", border=False):
            _heads(mention, key, lang)
            st.selectbox(
                say(lang, "correct.missing"),
                ["", *_missing(mention, brands)],
                key=f"{key}_missing",
                format_func=lambda subject: _subject(brands, subject, lang),
            )
            st.checkbox(say(lang, "correct.rest"), key=f"{key}_rest", help=say(lang, "correct.rest.help"))
            st.text_input(say(lang, "correct.name"), st.session_state.get(_NAME, ""), key=f"{key}_name", max_chars=200)
            st.text_area(say(lang, "correct.note"), key=f"{key}_note", max_chars=2000, height=68)
            st.form_submit_button(say(lang, "correct.save"), on_click=_save, args=(mention, index, key, lang))
        st.caption(mention.id)


def _heads(mention: Mention, key: str, lang: Lang) -> None:
    columns = st.columns(2)
    for number, (head, values) in enumerate(HEADS.items()):
        with columns[number % 2]:
            options = [TAKE_BACK, *values] if head in mention.corrected else list(values)
            label, words = say(lang, f"head.{head}"), WORDS.get(head, head)

            def word(value: object, words: str = words) -> str:
                return say(lang, "correct.take_back" if value == TAKE_BACK else f"{words}.{value}")

            if head == "roles":
                unknown = say(lang, "role.unknown")
                st.multiselect(label, options, mention.roles or (), key=_field(key, mention, head), format_func=word, placeholder=unknown)
            else:
                st.selectbox(label, options, options.index(_now(mention, head)), key=_field(key, mention, head), format_func=word)


def _field(key: str, mention: Mention, head: str) -> str:
    """The key of a head's field. What somebody else has answered meanwhile begins it anew: else it would be taken for changed back."""
    return f"{key}_{head}_{_now(mention, head)}"


def _answer(mention: Mention, head: str, lang: Lang) -> str:
    """A head and what the mention says of it, in words."""
    value = _now(mention, head)
    words = [say(lang, f"{WORDS.get(head, head)}.{each}") for each in (value if isinstance(value, tuple) else (value,))]
    return f"{say(lang, f'head.{head}').lower()}: {', '.join(words)}"


def _now(mention: Mention, head: str) -> Value | None:
    """What the mention says now."""
    value: Value | None = YES if head == EXISTS else getattr(mention, head)
    return value


def _missing(mention: Mention, brands: Brands) -> list[str]:
    """The other subjects, `brand/product`, that the post may speak of."""
    found = [f"{brand.slug}/{product}" for brand in brands.brands for product in (GENERAL, *(each.slug for each in brand.products))]
    return [subject for subject in found if subject != f"{mention.brand}/{mention.product}"]


def _subject(brands: Brands, subject: str, lang: Lang) -> str:
    slug, _, product = subject.partition("/")
    if (brand := brands.by_slug(slug)) is None:
        return "–"
    known = brand.product(product)
    return f"{brand.label(lang)} · {known.label(lang)}" if known else brand.label(lang)


def _answers(mention: Mention, key: str, lang: Lang) -> dict[str, Value | None]:
    """What the reader changed, or confirms. Raises WrongCorrection for roles that can't stand together."""
    answers: dict[str, Value | None] = {}
    for head in HEADS:
        chosen, now = st.session_state[_field(key, mention, head)], _now(mention, head)
        if head == "roles" and now == (NO_ROLE,):
            chosen = [role for role in chosen if role != NO_ROLE]  # a role in its place, or none again
        if chosen == TAKE_BACK or (head == "roles" and TAKE_BACK in chosen):
            answers[head] = None
            continue
        if head == "roles" and now is None and not chosen:
            continue  # the model abstained, and the reader too
        if head == "roles" and len(chosen) > 1 and NO_ROLE in chosen:
            raise WrongCorrection(say(lang, "correct.roles"))
        value = checked(head, list(chosen) or [NO_ROLE] if head == "roles" else chosen)
        if _differ(value, now) or st.session_state[f"{key}_rest"]:
            answers[head] = value
    gone = answers.get(EXISTS) not in (None, YES)
    return {EXISTS: answers[EXISTS]} if gone else answers


def _differ(value: Value, now: Value | None) -> bool:
    return set(value) != set(now) if isinstance(value, tuple) and isinstance(now, Sequence) else value != now


def _save(mention: Mention, index: Index, key: str, lang: Lang) -> None:
    """Keep what the form says. The popover closes where that went well and says what is wrong where not."""
    state = st.session_state
    name, missing = state[f"{key}_name"].strip(), state[f"{key}_missing"]
    try:
        answers = _answers(mention, key, lang)
        if not name or not (answers or missing):
            state[_FAILED] = (mention.id, say(lang, "correct.nothing" if name else "correct.name_needed"))
            return
        state[_NAME] = name
        added: dict[str, Mapping[str, Value | None]] = {f"{mention.post}/{missing}": {EXISTS: YES}} if missing else {}
        state[_SAID] = _kept(added | ({mention.id: answers} if answers else {}), index, name, state[f"{key}_note"], lang)
    except WrongCorrection as error:
        state[_FAILED] = (mention.id, say(lang, "correct.wrong", why=error))
    except DeskUnavailable as error:
        state[_FAILED] = (mention.id, say(lang, "broken.desk", why=error))
    except IndexUnavailable as error:
        state[_FAILED] = (mention.id, say(lang, "broken.index", why=error))
    except ConfigError as error:
        state[_FAILED] = (mention.id, say(lang, "broken.brands", why=error))
    else:
        # Where an answer of the model contradicts the new one, the form stays open and says so; what was done is not done again.
        state[key] = _contradicted(mention, index)
        state.update({f"{key}_missing": "", f"{key}_rest": False, f"{key}_note": ""})


def _kept(answers: Mapping[str, Mapping[str, Value | None]], index: Index, name: str, note: str, lang: Lang) -> str:
    """Keep the answers of each mention, by its id; what became of them, in words."""
    try:
        shown = correct(index, answers, by=name, note=note, data=data_folder(), config=config_folder())
    except NotShown as error:
        return say(lang, "correct.not_shown", why=error)
    return say(lang, "correct.done" if shown else "correct.later")


def _contradicted(mention: Mention, index: Index) -> bool:
    """Whether answers about the mention contradict each other now. Where the index can't tell, the page says that it can't."""
    try:
        return any(contradictions_of(each) for each in mentions_of(index, [mention.post]) if each.id == mention.id)
    except IndexUnavailable:
        return False
