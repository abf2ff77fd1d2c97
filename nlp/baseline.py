"""The baseline that a model must beat: TF-IDF of words and characters, and balanced logistic regression per head.

The rule to know: it learns from the same records as the network (`nlp.rival`) and is never shipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack  # type: ignore[import-untyped]
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.multiclass import OneVsRestClassifier  # type: ignore[import-untyped]

from nlp.records import CLASSES, LISTS, Answer, Record


class Baseline:
    """Linear classifiers, one per head, over one set of features per set of records."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        self.letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)
        self.heads: dict[str, Any] = {}

    def fit(self, records: Sequence[Record]) -> Baseline:
        """Learns every head that the records answer."""
        texts = [record.text for record in records]
        features = csr_matrix(hstack([self.words.fit_transform(texts), self.letters.fit_transform(texts)]))
        for name in CLASSES:
            asked = [at for at, record in enumerate(records) if name in record.answers]
            if asked:
                self.heads[name] = self._head(name, features[asked], [records[at].answers[name] for at in asked])
        return self

    def _head(self, name: str, features: csr_matrix, answers: Sequence[Answer]) -> Any:
        linear = LogisticRegression(solver="liblinear", class_weight="balanced", random_state=self.seed)
        head = OneVsRestClassifier(linear)
        if name in LISTS:
            targets = np.array([[each in answer for each in LISTS[name]] for answer in answers if isinstance(answer, tuple)], dtype=int)
            return head.fit(features, targets)
        return head.fit(features, [str(answer) for answer in answers])

    def answers(self, records: Sequence[Record]) -> list[dict[str, Answer]]:
        """An answer per learned head for each record; of several roles or products at least the likeliest."""
        texts = [record.text for record in records]
        features = csr_matrix(hstack([self.words.transform(texts), self.letters.transform(texts)]))
        found: list[dict[str, Answer]] = [{} for _ in records]
        for name, head in self.heads.items():
            if name in LISTS:
                for answer, shares in zip(found, head.predict_proba(features), strict=True):
                    answer[name] = _several(name, shares)
            else:
                for answer, given in zip(found, head.predict(features), strict=True):
                    answer[name] = int(given) if name in ("tone", "sarcasm") else str(given)
        return found


def _several(name: str, shares: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[str, ...]:
    likeliest = int(shares.argmax())
    chosen = tuple(each for at, each in enumerate(LISTS[name]) if shares[at] >= 0.5 or at == likeliest)
    if name == "roles" and "none" in chosen and len(chosen) > 1:
        return ("none",) if LISTS[name][likeliest] == "none" else tuple(each for each in chosen if each != "none")
    return chosen
