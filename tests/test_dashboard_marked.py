"""A post is shown as it was written: marked where something was found, and never as HTML of its author."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from dashboard.marked import chip, link, marked, where_found
from nlp.text import Span


class Reader(HTMLParser):
    """What a browser would show, and the tags it would see."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.tags: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


spans = st.lists(st.tuples(st.integers(-5, 60), st.integers(-5, 60)), max_size=4)
texts = st.text(st.characters(exclude_characters="\r\x00", exclude_categories=["Cs"]), max_size=50)


@given(texts, spans, spans, st.text(max_size=5), spans)
def test_the_text_is_whole_whatever_is_marked(text: str, names: list[Span], evidence: list[Span], search: str, carried: list[Span]) -> None:
    shown = Reader(marked(text, names, evidence, where_found(text, search), carried))
    assert shown.text == text
    assert shown.tags <= {"div", "mark", "u", "b", "strong"}


def test_searched_words_are_marked_by_their_stems_and_phrases_only_whole() -> None:
    text = "Комиссии растут. Не советую, и комиссий не жалею."
    assert [text[start:end] for start, end in where_found(text, 'комиссия "не советую" -жалею')] == ["Комиссии", "комиссий", "Не советую"]
    assert "<b>Комиссии</b>" in marked(text, (), (), where_found(text, "комиссия"))
    assert where_found(text, "* -") == []


def test_names_and_evidence_are_marked_where_they_stand() -> None:
    page = marked("Ушёл из Альфы. Устал.", [(8, 13)], [(0, 14)])
    assert page == '<div class="post-text"><u>Ушёл из </u><u><mark>Альфы</mark></u><u>.</u> Устал.</div>'
    assert marked("<i>Ушёл.", [], [], carried=[(3, 8)]) == '<div class="post-text">&lt;i&gt;<strong>Ушёл.</strong></div>'


def test_only_web_addresses_become_links() -> None:
    assert "href" not in link("javascript:alert(1)", "x")
    assert link("http://[bad", "x") == "x"
    assert link('https://e.org/?"><script>', "<b>").count("<script>") == 0
    assert 'href="https://e.org/1"' in link("https://e.org/1", "x")


def test_words_of_a_chip_are_escaped() -> None:
    assert chip("<i>") == '<span class="chip plain">&lt;i&gt;</span>'
