"""95 % intervals of online NPS and of its change: how far chance alone could have moved the figure.

The rule to know: they hold for few authors too, and say nothing of who writes and who does not.
"""

from __future__ import annotations

import math

CONFIDENCE_95 = 1.959963984540054
"""The normal quantile of a two-sided 95 % interval."""
Interval = tuple[float, float]


def change_interval(now: float, of_now: Interval, before: float, of_before: Interval) -> Interval:
    """Interval of now - before in points, from the two figures and their intervals (MOVER, "square and add").

    Zou and Donner, Construction of confidence intervals about effect measures, Statistics in Medicine 27 (2008) 1693-1702.
    """
    low = now - before - math.hypot(now - of_now[0], of_before[1] - before)
    high = now - before + math.hypot(of_now[1] - now, before - of_before[0])
    return max(low, -200.0), min(high, 200.0)


def score_interval(more: int, fewer: int, n: int, z: float = CONFIDENCE_95) -> tuple[float, float]:
    """Interval of p1 - p2 where `more` and `fewer` of n multinomial trials fell in two of three classes.

    This is the difference of paired proportions, so it is Tango's score interval: Tango, Equivalence test and confidence
    interval for the difference in proportions for the paired-sample design, Statistics in Medicine 17 (1998) 891-908. It
    stays within -1..1, is not empty when all agree, and holds its level for small n (Fagerland, Lydersen and Laake,
    Recommended tests and confidence intervals for paired binomial proportions, Statistics in Medicine 33 (2014) 2850-2875).
    """
    difference = (more - fewer) / n
    return bound(more, fewer, n, z, -1.0, difference), bound(more, fewer, n, -z, difference, 1.0)


def bound(more: int, fewer: int, n: int, at: float, low: float, high: float) -> float:
    """The difference whose score is `at`, by bisection between `low` and `high`: the score falls as the difference grows."""
    for _ in range(60):
        middle = (low + high) / 2
        if score(more, fewer, n, middle) > at:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def score(more: int, fewer: int, n: int, difference: float) -> float:
    """Tango's statistic of the hypothesis p1 - p2 = difference: standard normal where it holds.

    `smaller` is the most likely p2 under the hypothesis.
    """
    a = 2 * n
    b = (2 * n - more + fewer) * difference - more - fewer
    c = -fewer * difference * (1 - difference)
    smaller = (math.sqrt(max(b * b - 4 * a * c, 0.0)) - b) / (2 * a)
    variance = n * (2 * smaller + difference * (1 - difference))
    gap = more - fewer - n * difference
    if variance <= 1e-12:
        return 0.0 if abs(gap) < 1e-9 else math.copysign(math.inf, gap)
    return gap / math.sqrt(variance)
