"""Sides of a sentence: «отличное приложение и ужасная поддержка» praises one product and blames another within one clause.

The rule to know: a conjunction, a comma or a preposition parts two sides only between a word that praises and a word that blames,
and where each side names what the other does not. Where it is not clear which of several borders parts them, none does.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from nlp.parallel import Named
from nlp.text import Span

PRAISE = (
    r"(?:отличн|прекрасн|замечательн|великолепн|шикарн|классн|превосходн|чудесн|идеальн|восхитительн|обалденн|офигенн|потрясающ|безупречн|"
    r"лучш|хорош|неплох|удобн|приятн|вежлив|над[её]жн|обожа|нрав|понрав|раду(?!г)|порад|хвал|супер(?!маркет)|топов)\w*|быстр(?:ый|ая|ое|ые|ую|ого|ой|ым|ыми)|довол(?:ен|ьна|ьны)|"
    r"люблю|любим|крут(?:о|ой|ая|ое|ую|ые|ым|ыми|ейш\w+)|топ|топчик|огонь|бомба|песня|лета[ею]т|на высоте|"
    r"great|excellent|amazing|awesome|good|best|better|fantastic|brilliant|superb|lovely|wonderful|perfect|outstanding|terrific|fabulous|"
    r"impressive|slick|smooth|stellar|flawless|nice|decent|solid|delight(?:ful)?|gem|love[ds]?|adore[ds]?|enjoy(?:ed|s)?|praise|helpful|"
    r"friendly|reliable|handy|top-?notch|first-?class"
)
"""Words that praise."""
BLAME = (
    r"(?:ужас|отврат|кошмар|паршив|никудышн|никакущ|позор|отсто|днищ|дерьм|говн|гадк|гнусн|мерзк|мерзост|бездарн|убог|уродск|жутк|хамск|"
    r"бесполезн|бестолков|омерзительн|безобраз|чудовищн|хренов|фигов|тр[еэ]ш|разочаров|раздража|недовол|плох|хуж|худш|неудобн|медленн|глюч|"
    r"тормоз|лага|завис(?!и[мт])|руга|ненави|слаб)\w*|дно|хам(?:ит|ят|ы|ство)|бес(?:ит|ят)|туп(?:о|ой|ая|ое|ую|ые|ым|ыми|ит|ят)|"
    r"груб(?:ый|ая|ое|ую|ые|ым|ыми|ит|ят)|крив(?:ой|ая|ое|ую|ые)|хромает|подв(?:одит|[её]л|ела)|подкачал[аои]?|"
    r"terrible|terribly|awful|horrible|horrendous|horrific|bad|worst|worse|poor|dreadful|useless|appalling|atrocious|abysmal|rubbish|garbage|"
    r"crap(?:py)?|shit(?:ty)?|hate[ds]?|loathe[ds]?|despise[ds]?|disgusting|disgrace(?:ful)?|shocking|pathetic|lousy|trash|joke|nightmare|"
    r"sucks?|clunky|buggy|slow|rude|disaster|hopeless|dire|disappoint(?:ing|s|ment)|unhelpful|unreliable|hideous|woeful|incompetent|laughable|"
    r"junk|shambles"
)
"""Words that blame."""
OPPOSITE = (
    r"чего (?:не|нельзя) (?:скажешь|сказать)|(?:не|нельзя) (?:скажешь|сказать) (?:того же|этого)|"
    r"which (?:can['’]?t|cannot) be said|can['’]?t say the same|unlike"
)
"""What says the opposite of what was said before it."""
JUDGEMENT = re.compile(rf"\b(?:(?P<praise>{PRAISE})|(?P<opposite>{OPPOSITE})|{BLAME})\b", re.IGNORECASE)
DENIED = re.compile(r"(?:\b(?:не|ни|not|never|no|hardly)|n['’]t)(?! (?:только|only|just)\b)(?:\s[\w-]+){,2}\s+$", re.IGNORECASE)
"""A denial that a word of judgement follows, at most two words apart; «не только отличное» denies nothing."""
BORDER = re.compile(
    r"(?<!\s),?\s++(?=(?:и|да|плюс|при|несмотря|невзирая|хотя|and|plus|with|despite|in spite|though|although|unlike)\b)|"
    r"(?<!\s)\s++[+&/—–-]\s+|"
    r",\s++(?!(?:что|чтоб\w*|если|когда|как|чем|котор\w+|где|куда|откуда|пока|потому|поэтому|так|"
    r"that|which(?! can)|who\w*|because|when|so|since|as|if|until|where|than)\b)",
    re.IGNORECASE,
)
"""Where one side may end and the other begin; not before a clause that goes on with the one before it."""
ASIDE = re.compile(r"^[\s»\"”]*[—–-]\s|,\s(?:котор\w+|which|who|that)\b[^,]*,", re.IGNORECASE)
"""What may stand between a name and what is said of it."""
NEAR = 4
"""Words that may."""
COMPARES = re.compile(r"\b(?:лучше|хуже|better|worse)\b", re.IGNORECASE)
"""What judges one by the other: neither can be judged apart."""
UNCLEAR = re.compile(
    rf"\?\s*$|\b(?:перестал\w*|меньше|без|исправ\w+|решил\w*|устран\w+|почин\w+|stopped|no longer|less|without|fix(?:ed|es)|"
    r"resolved|far from|лучше бы|хорошо,? что|не сказал\w* бы|неправда|говорят|шучу|наоборот|not true|kidding|wish|if only|"
    rf"(?:ужасно|жутко|terribly|awfully)\s+(?:{PRAISE}))\b",
    re.IGNORECASE,
)
"""Trouble that is over, wishes, questions, hearsay: praise and blame are none, or not the author's. What is not sure is not cut."""
MOST = 3
"""Products of a clause that is cut; of a longer list something else is said of each."""
LONGEST = 300
"""Characters of a clause that is cut; a longer one tells a story."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of judgement in the text."""

    start: int
    end: int
    praises: bool


def sides(text: str, clause: Span, names: Sequence[Named], every: Sequence[Named]) -> list[Span]:
    """The clause, cut between praise of some of the names in it and blame of others.

    `every` name in it, also of what it is not cut by, judges nothing: a brand may be called Best, a product «Супер».
    """
    if not 1 < len({name.key for name in names}) <= MOST or clause[1] - clause[0] > LONGEST or UNCLEAR.search(text[slice(*clause)]):
        return [clause]
    words, cuts = _words(text, clause, every), [clause[0]]
    for at, (before, after) in enumerate(itertools.pairwise(words), 2):
        if before.praises == after.praises:
            continue
        end = next((each.start for each in words[at:] if each.praises == before.praises), clause[1])
        same = [each for each in words[: at - 1] if each.start >= cuts[-1] and each.praises == before.praises]
        border = _border(text, (cuts[-1], end), same, after, names)
        if border is not None:
            cuts.append(border)
    ends = [*cuts[1:], clause[1]]
    return [(start, start + len(text[start:end].rstrip())) for start, end in zip(cuts, ends, strict=True)]


def _words(text: str, clause: Span, every: Sequence[Named]) -> list[Word]:
    """The words of judgement in order; one that is denied says the opposite."""
    words: list[Word] = []
    for match in JUDGEMENT.finditer(text, *clause):
        start, end = match.span()
        if any(name.start < end and start < name.end for name in every):
            continue
        if match["opposite"] is None:
            said = text[words[-1].end if words else clause[0] : start]
            words.append(Word(start, end, (match["praise"] is not None) != (DENIED.search(said) is not None)))
        elif words:
            words.append(Word(start, end, not words[-1].praises))
    return words


def _border(text: str, around: Span, words: Sequence[Word], after: Word, names: Sequence[Named]) -> int | None:
    """Where the side of the words ends and that of the word after them begins; None where that is not clear."""
    names = [name for name in names if around[0] <= name.start < around[1]]
    before, borders = words[-1], []
    for match in BORDER.finditer(text, before.end, after.start):
        left, right = ([name for name in names if (name.start < match.end()) is side] for side in (True, False))
        apart = {name.key for name in left}.isdisjoint(name.key for name in right)
        bracketed = text.count("(", around[0], match.end()) > text.count(")", around[0], match.end())
        if apart and not bracketed and any(_near(text, word, left) for word in words) and _near(text, after, right):
            borders.append(match.end())
    follows = next((name for name in names if name.start >= after.end), None)
    if follows and _together(text, after, follows):  # «…, ужасная поддержка»
        for border in reversed(borders):
            if not any(border <= name.start < after.start for name in names):
                return border
    if any(_together(text, name, before) for name in names if name.end <= before.start):  # «приложение отличное, …»
        for border in borders:
            if not any(before.end <= name.start < border for name in names):
                return border
    return borders[0] if len(borders) == 1 else None


def _near(text: str, word: Word, names: Sequence[Named]) -> bool:
    """Whether the word judges one of the names: it stands in one phrase with it."""
    return any(_together(text, *((name, word) if name.start < word.start else (word, name))) for name in names)


def _together(text: str, first: Named | Word, second: Named | Word) -> bool:
    """Whether the second stands soon after the first with no border between."""
    between = ASIDE.sub("", text[first.end : second.start])
    return BORDER.search(between) is None and len(between.split()) <= NEAR
