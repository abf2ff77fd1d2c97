"""A mention: what one post says of one subject (a brand and one of its products).

The rule to know: every post x brand has exactly one `general` mention, the company as a whole, and one more per product
that the post speaks of. Brand figures read only `general`, product figures only the others.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Literal

from crawlers.brand import PRODUCT_KINDS as PRODUCT_KINDS

Genre = Literal["opinion", "sarcasm", "question", "news", "ad", "job_ad", "other"]
Sentiment = Literal["negative", "neutral", "positive"]
Stance = Literal["promoter", "passive", "detractor", "none"]
Role = Literal["client", "ex_client", "employee", "ex_employee", "competitor_client", "prospect", "none"]
Recommendation = Literal["recommends", "warns", "none"]
Switch = Literal["left", "threatens", "joined", "none"]
Found = Literal["text", "target", "thread"]

GENERAL = "general"
"""Product of the mention that speaks of the company as a whole."""

READ = frozenset({"ru", "en"})
"""Languages that the model reads; the mentions of a text in another one are kept unread."""

GENRES: tuple[Genre, ...] = ("opinion", "sarcasm", "question", "news", "ad", "job_ad", "other")
"""`sarcasm` is an opinion that says something else than its words do; what it says of stance is too unsure to count."""
SENTIMENTS: tuple[Sentiment, ...] = ("negative", "neutral", "positive")
STANCES: tuple[Stance, ...] = ("promoter", "passive", "detractor", "none")
ROLES: tuple[Role, ...] = ("client", "ex_client", "employee", "ex_employee", "competitor_client", "prospect")
"""The roles that a text can show; `none` stands alone where it shows no relation."""
RECOMMENDATIONS: tuple[Recommendation, ...] = ("recommends", "warns", "none")
SWITCHES: tuple[Switch, ...] = ("left", "threatens", "joined", "none")
TONES: tuple[int, ...] = (-1, 0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """The judgement of one post about one subject."""

    post: str
    """`Post.id`."""
    brand: str
    """Slug of the brand."""
    product: str = GENERAL
    """Slug of the brand's product, or `general`."""
    product_kind: str = GENERAL
    """One of PRODUCT_KINDS."""
    found: Found
    """Where the subject came from: named in the text, said by the target, or inherited from the post answered."""
    genre: Genre
    sentiment: Sentiment
    """The author's attitude to the subject; the news of a fine is neutral."""
    tone: int
    """The fact as told: -1, 0, 1; the news of a fine is -1."""
    stance: Stance
    """Would this author recommend the subject?"""
    recommendation: Recommendation
    roles: tuple[Role, ...] | None
    """The author's relation to the brand. ("none",): the text shows no relation; None: the model abstained."""
    switch: Switch
    confidence: dict[str, float] = field(default_factory=dict)
    """Head -> calibrated probability of the answer, 0..1, two places."""
    names: tuple[tuple[int, int], ...] = ()
    """Where the text names the subject: character offsets in `Post.text`."""
    evidence: tuple[tuple[int, int], ...] = ()
    """Sentences that speak of the subject: character offsets in `Post.text`."""
    model: str = ""
    """Name of the model that judged."""
    corrected: tuple[str, ...] = ()
    """Heads that a person answered, `exists` among them; their confidence is 1."""

    @property
    def id(self) -> str:
        return f"{self.post}/{self.brand}/{self.product}"


_FIELDS = tuple(field.name for field in dataclasses.fields(Mention))


def mention_to_json(mention: Mention) -> dict[str, Any]:
    """The mention as a JSON object; every head is present, roles null where the model abstained, `corrected` where anything is."""
    record = {name: getattr(mention, name) for name in _FIELDS}
    if not mention.corrected:
        del record["corrected"]
    return record


def mention_from_json(record: dict[str, Any]) -> Mention:
    """The inverse of `mention_to_json`. Raises TypeError on an unknown field."""
    values = dict(record)
    values["roles"] = None if values["roles"] is None else tuple(values["roles"])
    values["corrected"] = tuple(values.get("corrected", ()))
    for name in ("names", "evidence"):
        values[name] = tuple((int(start), int(end)) for start, end in values.get(name, ()))
    return Mention(**values)
