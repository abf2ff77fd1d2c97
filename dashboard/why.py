"""The popover that says why a mention is read so: the sentences that carried an answer, or the rule that gave it.

The rule to know: nothing is read before a reader opens it; the model is loaded then, once for the whole process, and what it
read is remembered.
"""

from __future__ import annotations

from html import escape

import streamlit as st

from advocacy.correct import mentions_of
from crawlers.brand import Brands
from dashboard.filters import product_label
from dashboard.marked import STYLE, marked
from dashboard.words import Lang, say, share
from index.query import Hit, Index
from nlp.brands import document
from nlp.carrier import Answer
from nlp.classifier import Classifier, ModelError
from nlp.explain import Explainer, Why, heads_of
from nlp.mention import Mention

BY_MODEL = ("sentences", "whole", "stars", "nothing", "otherwise")
"""What gave an answer whose confidence is the model's."""


@st.cache_resource(show_spinner=False)
def the_classifier() -> Classifier:
    """One model for all readers of this process. Raises ModelError, and tries again the next time."""
    return Classifier.load()


@st.cache_resource(show_spinner=False, max_entries=1)
def the_explainer(_brands: Brands, of: str) -> Explainer:
    """One explainer for the present brands, which `of` tells apart."""
    return Explainer(_brands, the_classifier)


def popover(hit: Hit, index: Index, brands: Brands, lang: Lang) -> None:
    """The button; what stands behind it is worked out while it is open."""
    mention = hit.mention
    key = f"why_{mention.id}_{lang}"  # a choice comes back by its label: each language has fields of its own
    box = st.popover(say(lang, "explain"), type="tertiary", key=key, on_change="rerun")
    if not box.open:
        return
    with box:
        head = st.selectbox(
            say(lang, "explain.head"),
            heads_of(mention),
            key=f"{key}_head",
            format_func=lambda head: f"{say(lang, f'head.{head}')}: {_word(mention, head, getattr(mention, head, None), brands, lang)}",
        )
        try:
            with st.spinner(say(lang, "explain.reading")):
                why = _why(hit, head, index, brands)
        except ModelError as error:
            st.info(say(lang, "explain.no_model", why=error))
            return
        st.markdown(" ".join(_said(why, hit, brands, lang)))
        if why.sentences or why.by == "name":
            st.html(STYLE + _legend(why, mention, lang) + _text(why, hit))


def _why(hit: Hit, head: str, index: Index, brands: Brands) -> Why:
    explainer = the_explainer(brands, brands.model_dump_json())
    post, mention = hit.post, hit.mention
    inherited = [each.brand for each in mentions_of(index, [post.id]) if each.found == "thread"] if mention.found == "thread" else ()
    subjects = explainer.finder.find(post, tuple(dict.fromkeys(inherited)))
    return explainer.explain(post, subjects, mention, head)


def _word(mention: Mention, head: str, answer: Answer | None, brands: Brands, lang: Lang) -> str:
    """The answer as the interface says it."""
    if head == "products":
        return product_label(brands, mention.brand, mention.product, lang)
    if head == "roles":
        return ", ".join(say(lang, f"role.{role}") for role in (answer if isinstance(answer, tuple) else ("unknown",)))
    return say(lang, f"{head}.{answer}")


def _said(why: Why, hit: Hit, brands: Brands, lang: Lang) -> list[str]:
    """What gave the answer, in sentences."""
    said = []
    if why.by in BY_MODEL and why.confidence is not None:
        said.append(f"{say(lang, 'confidence', share=share(lang, why.confidence, 1)).capitalize()}.")
    if why.stars and why.by != "stars":
        said.append(say(lang, "explain.stars_too"))
    said.append(say(lang, f"explain.{why.by}", share=share(lang, why.alone or 0, 1)))
    if why.without is not None:
        said.append(say(lang, "explain.stays" if why.stays else "explain.changes", share=share(lang, why.without or 0, 1)))
    if why.likelier is not None:
        said.append(say(lang, "explain.likelier", likelier=_word(hit.mention, why.head, why.likelier, brands, lang)))
    if why.by == "otherwise" and why.head != "products":
        said.append(say(lang, "explain.today", today=_word(hit.mention, why.head, why.today, brands, lang)))
    if why.head == "roles" and hit.standing.role_from == "history":
        said.append(say(lang, "explain.history"))
    return said


def _text(why: Why, hit: Hit) -> str:
    """What was read, marked: the title too where it is read with the text."""
    mention, post = hit.mention, hit.post
    carried = [(each.start, each.end) for each in why.sentences if not each.in_title]
    text = marked(post.text, mention.names, mention.evidence if why.of_passage else (), carried=carried)
    if why.of_passage or not document(post)[1]:
        return text
    return marked(post.title or "", (), (), carried=[(each.start, each.end) for each in why.sentences if each.in_title]) + text


def _legend(why: Why, mention: Mention, lang: Lang) -> str:
    """What each mark means; only those that can be seen."""
    marks = [("strong", "explain.legend.carried", bool(why.sentences)), ("mark", "explain.legend.names", bool(mention.names))]
    marks.append(("u", "explain.legend.read", why.of_passage))
    shown = (f"<{tag}>{escape(say(lang, words))}</{tag}>" for tag, words, seen in marks if seen)
    return f'<div class="post-text post-legend">{" · ".join(shown)}</div>'
