"""Every measure against numbers worked out by hand, and the interval against published values and by simulation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagged_batches import ENGINES, TOLD, fresh_index

from advocacy.copies import store
from advocacy.interval import score_interval
from advocacy.ledger import refresh
from advocacy.measures import (
    Change,
    LeftOut,
    OnlineNps,
    basis,
    last_words,
    nps_by,
    nps_change,
    nps_trend,
    online_nps,
    previous,
    reach_by_stance,
    reach_of_copies,
)
from crawlers.post import Post, Precision
from index.query import Facet, Index, Query, Reach
from nlp.mention import Mention, Stance

MOSCOW = ZoneInfo("Europe/Moscow")
MARCH = Query(brands=("bank",), since=datetime(2026, 3, 1, tzinfo=MOSCOW), until=datetime(2026, 4, 1, tzinfo=MOSCOW))


def said(
    number: int,
    author: str | None,
    day: float | None,
    stance: Stance = "promoter",
    *,
    post: dict[str, Any] | None = None,
    also: tuple[tuple[str, Stance], ...] = (),
    **fields: Any,
) -> tuple[Post, list[Mention]]:
    """A post of that day of March 2026 (noon in Moscow; negative: before March) about the bank, and `also` its products."""
    moment = None if day is None else datetime(2026, 3, 1, 9, tzinfo=UTC) + timedelta(days=day - 1)
    written = Post(
        **{
            "id": f"forum.test:{number:03}",
            "site": "forum.test",
            "source": "reviews",
            "text": "Текст",
            "author_id": author and f"forum.test:{author}",
            "published": moment,
            "published_precision": Precision.UNKNOWN if moment is None else Precision.MINUTE,
            "collected": datetime(2026, 6, 1, tzinfo=UTC),
            **(post or {}),
        }
    )
    judged = {
        "post": written.id,
        "brand": "bank",
        "found": "text",
        "genre": "opinion",
        "sentiment": "neutral",
        "tone": 0,
        "recommendation": "none",
        "roles": ("none",),
        "switch": "none",
        **fields,
    }
    general = Mention(**judged, stance=stance)
    return written, [general, *(Mention(**judged, product=name, product_kind="app_online", stance=theirs) for name, theirs in also)]


SPOKEN = [
    said(1, "anna", -5, "promoter", roles=("client",)),  # February
    said(2, "anna", 2, "detractor", post={"views": 100}),  # still a client, from memory
    said(3, "anna", 10, "promoter", roles=("client",), post={"views": 300, "followers": 5}),
    said(4, "anna", 40, "detractor"),  # April
    said(5, "boris", 3, "detractor", roles=("ex_client",), post={"followers": 50}, also=(("app", "promoter"), ("card", "detractor"))),
    said(6, "boris", 3.2, "detractor", also=(("app", "detractor"),)),
    said(7, None, 4, "passive", roles=None, post={"site": "news.test", "members": 1000}),
    said(8, None, 5, "promoter", roles=("client",)),
    said(9, "vera", 6, "promoter", roles=("employee",)),
    said(10, "vera", 7, "promoter"),  # an employee from memory
    said(11, "gleb", 8, "detractor", genre="news"),
    said(12, "gleb", 9, "promoter", genre="ad"),
    said(13, "gleb", 9, "none", genre="question", roles=("prospect",)),
    said(14, "gleb", 9, "none"),
    said(23, "gleb", 9, "detractor", genre="sarcasm"),
    said(24, "gleb", 9, "none", genre="job_ad"),
    said(15, "gleb", None, "detractor"),
    said(16, "bank", 11, "promoter", genre="news", post={"official": True}),
    said(17, "dina", 12, "none", genre="other"),
    said(19, "dina", 13, "none", genre="other", roles=None, post={"language": "uz"}),
    said(20, "dina", 14, "none", genre="ad", post={"language": "uz"}),  # a person said what it is
    said(18, "anna", 12, "detractor", brand="rival", roles=("client",)),
    said(31, "anna", 1, "detractor", brand="echo", post={"text": TOLD[0], "views": 40}),
    said(32, "hugo", 2, "detractor", brand="echo", post={"text": TOLD[0], "views": 500}),
    said(33, None, 3, "none", brand="echo", genre="news", post={"text": f"Внимание! {TOLD[0]}", "views": 7}),
    said(22, "echo", 4, "promoter", brand="echo", post={"text": TOLD[0], "official": True}),
]


@pytest.fixture(scope="module", params=ENGINES)
def index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with fresh_index(request.param, tmp_path_factory.mktemp("measures") / "index") as opened:
        store(opened, [post for post, _ in SPOKEN], [mention for _, mentions in SPOKEN for mention in mentions])
        refresh(opened, {post.author_key for post, _ in SPOKEN})
        yield opened


def test_the_last_word_of_each_author_in_the_period(index: Index) -> None:
    # Anna promoter (day 10), Boris detractor (day 3.2), unnamed passive, unnamed promoter
    nps = online_nps(index, MARCH)
    assert (nps.promoters, nps.passives, nps.detractors, nps.authors) == (2, 1, 1, 4)
    assert nps.value == 25.0
    assert (nps.share("promoter"), nps.share("passive"), nps.share("detractor")) == (0.5, 0.25, 0.25)
    assert nps.low is not None and nps.high is not None
    assert -100 <= nps.low < 25 < nps.high <= 100


def test_later_words_do_not_reach_back_into_an_earlier_period(index: Index) -> None:
    february = previous(MARCH)
    assert february is not None
    assert online_nps(index, february) == OnlineNps(promoters=1)
    first_week = Query(brands=("bank",), since=MARCH.since, until=datetime(2026, 3, 8, tzinfo=MOSCOW))
    assert online_nps(index, first_week) == OnlineNps(promoters=1, passives=1, detractors=2)
    assert online_nps(index, Query(brands=("bank",))) == OnlineNps(promoters=1, passives=1, detractors=2)


def test_a_period_without_opinions_has_no_value(index: Index) -> None:
    nps = online_nps(index, Query(brands=("bank",), since=datetime(2020, 1, 1, tzinfo=UTC), until=datetime(2020, 2, 1, tzinfo=UTC)))
    assert (nps.authors, nps.value, nps.low, nps.high, nps.interval, nps.share("passive")) == (0, None, None, None, None, None)


def test_a_filter_by_stance_cannot_decide_the_result(index: Index) -> None:
    narrowed = Query(brands=("bank",), since=MARCH.since, until=MARCH.until, stances=("detractor",))
    assert online_nps(index, narrowed) == online_nps(index, MARCH)
    assert last_words(narrowed).stances == ()


def test_products_are_a_level_of_their_own(index: Index) -> None:
    assert nps_by(index, MARCH, Facet.PRODUCT) == {"app": OnlineNps(detractors=1), "card": OnlineNps(detractors=1)}
    assert nps_by(index, MARCH, Facet.KIND) == {"app_online": OnlineNps(detractors=2)}


def test_by_role_site_and_brand(index: Index) -> None:
    roles = nps_by(index, MARCH, Facet.ROLE)
    assert roles == {"client": OnlineNps(promoters=2), "ex_client": OnlineNps(detractors=1), "unknown": OnlineNps(passives=1)}
    assert list(roles) == ["client", "ex_client", "unknown"]
    assert nps_by(index, MARCH, Facet.SITE) == {
        "forum.test": OnlineNps(promoters=2, detractors=1),
        "news.test": OnlineNps(passives=1),
    }
    both = Query(since=MARCH.since, until=MARCH.until)
    assert nps_by(index, both, Facet.BRAND) == {
        "bank": online_nps(index, MARCH),
        "rival": OnlineNps(detractors=1),
        "echo": OnlineNps(detractors=1),
    }


def test_what_the_figure_rests_on(index: Index) -> None:
    found = basis(index, MARCH)
    assert found.left_out == LeftOut(
        official=1, ads=2, job_ads=1, news=1, questions=1, sarcasm=1, unread=1, other=1, no_stance=1, employees=2, undated=1
    )
    assert (found.mentions, found.counted, found.authors) == (18, 6, 4)
    assert found.counted + found.left_out.total == found.mentions
    assert (found.unnamed, found.unnamed_share) == (2, 0.5)
    assert (found.roles.from_text, found.roles.from_history, found.roles.mentions, found.roles.share) == (2, 1, 4, 0.75)


def test_a_filter_by_role_cannot_decide_the_coverage(index: Index) -> None:
    clients = basis(index, replace(MARCH, roles=("client",)))
    assert (clients.authors, clients.roles) == (2, basis(index, MARCH).roles)


def test_the_basis_of_nothing_has_no_shares(index: Index) -> None:
    found = basis(index, Query(brands=("nobody",)))
    assert (found.mentions, found.authors, found.unnamed_share, found.roles.share) == (0, 0, None, None)


def test_reach_counts_every_opinion_of_the_period_measured_and_estimated_apart(index: Index) -> None:
    found = reach_by_stance(index, MARCH)
    assert found["promoter"] == Reach(measured=300, measured_known=1, estimated=None, estimated_known=0, posts=2)
    assert found["detractor"] == Reach(measured=100, measured_known=1, estimated=50, estimated_known=1, posts=3)
    assert found["passive"] == Reach(measured=None, measured_known=0, estimated=1000, estimated_known=1, posts=1)


def test_copies_are_left_out_and_their_reach_stands_apart(index: Index) -> None:
    echo = replace(MARCH, brands=("echo",))
    found = basis(index, echo)
    assert found.left_out == LeftOut(official=1, copies=2)
    assert (found.mentions, found.counted, found.authors) == (4, 1, 1)
    assert found.counted + found.left_out.total == found.mentions
    assert reach_by_stance(index, echo)["detractor"].measured == 40
    copied = Reach(measured=500, measured_known=1, estimated=None, estimated_known=0, posts=1)
    assert reach_of_copies(index, echo) == {"detractor": copied}
    assert reach_of_copies(index, MARCH) == {}


def test_each_interval_of_a_trend_is_a_period_of_its_own(index: Index) -> None:
    daily = nps_trend(index, MARCH, "day", MOSCOW)
    assert [point.start.day for point in daily] == list(range(2, 11))
    heard = {point.start.day: point.nps for point in daily if point.nps.authors}
    assert heard == {
        2: OnlineNps(detractors=1),
        3: OnlineNps(detractors=1),
        4: OnlineNps(passives=1),
        5: OnlineNps(promoters=1),
        10: OnlineNps(promoters=1),
    }
    weekly = nps_trend(index, MARCH, "week", MOSCOW)
    assert [(point.start.isoformat()[:10], point.nps) for point in weekly] == [
        ("2026-03-02", OnlineNps(promoters=1, passives=1, detractors=2)),
        ("2026-03-09", OnlineNps(promoters=1)),
    ]


def test_the_last_interval_ends_with_the_period(index: Index) -> None:
    until = datetime(2026, 3, 10, 11, tzinfo=MOSCOW)
    weekly = nps_trend(index, Query(brands=("bank",), since=MARCH.since, until=until), "week", MOSCOW)
    assert [(point.since, point.until) for point in weekly] == [(datetime(2026, 3, 2, tzinfo=MOSCOW), datetime(2026, 3, 9, tzinfo=MOSCOW))]
    part = Query(brands=("bank",), since=datetime(2026, 3, 3, tzinfo=MOSCOW), until=until)
    assert nps_trend(index, part, "month", MOSCOW)[0].since == part.since
    assert nps_trend(index, part, "month", MOSCOW)[0].until == until


def test_a_rolling_line_reads_the_days_before(index: Index) -> None:
    rolling = nps_trend(index, MARCH, "day", MOSCOW, days=3)
    third = rolling[1]
    assert (third.start, third.since, third.until) == tuple(datetime(2026, 3, day, tzinfo=MOSCOW) for day in (3, 1, 4))
    assert third.nps == OnlineNps(detractors=2)
    assert rolling[4].nps == OnlineNps(passives=1, promoters=1)


def test_change_against_the_period_before(index: Index) -> None:
    change = nps_change(index, MARCH)
    assert change is not None
    assert (change.now, change.before, change.value) == (online_nps(index, MARCH), OnlineNps(promoters=1), -75.0)
    assert change.is_more_than_noise is False
    assert nps_change(index, Query(since=MARCH.since)) is None


def test_a_change_is_more_than_noise_only_where_its_interval_leaves_out_zero() -> None:
    loud = Change(now=OnlineNps(promoters=10, passives=20, detractors=70), before=OnlineNps(promoters=70, passives=20, detractors=10))
    assert loud.value == -120.0
    assert loud.is_more_than_noise is True
    assert loud.interval is not None and loud.now.interval is not None and loud.before.interval is not None
    # MOVER by hand: both figures are mirror images, so the half-widths are those of one, combined as a hypotenuse
    inner, outer = -60 - loud.now.interval[0], loud.now.interval[1] + 60
    assert loud.interval == pytest.approx((-120 - math.hypot(inner, inner), -120 + math.hypot(outer, outer)))
    unheard = Change(now=OnlineNps(), before=OnlineNps(promoters=1))
    assert (unheard.value, unheard.interval, unheard.is_more_than_noise) == (None, None, None)


def test_the_previous_period_follows_the_calendar_through_a_clock_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    week = Query(since=datetime(2026, 3, 30, tzinfo=berlin), until=datetime(2026, 4, 6, tzinfo=berlin))
    before = previous(week)
    assert before is not None
    assert (before.since, before.until) == (datetime(2026, 3, 23, tzinfo=berlin), week.since)


def test_the_interval_agrees_with_published_values() -> None:
    # Airway hyper-responsiveness before and after transplantation, Fagerland, Lydersen and Laake 2014: 1 and 7 of 21
    assert score_interval(1, 7, 21) == pytest.approx((-0.517, -0.026), abs=0.0005)
    assert score_interval(7, 1, 21) == pytest.approx((0.026, 0.517), abs=0.0005)


def most_likely(more: int, fewer: int, n: int, difference: float) -> float:
    """p2 that makes the sample most likely where p1 - p2 = difference, by trying all of a fine grid."""
    p2 = np.linspace(max(0.0, -difference), min(1.0, (1 - difference) / 2), 200_001)[1:-1]
    p1, rest = p2 + difference, 1 - 2 * p2 - difference
    inside = (p1 > 0) & (rest > 0)
    likelihood = more * np.log(p1[inside]) + fewer * np.log(p2[inside]) + (n - more - fewer) * np.log(rest[inside])
    return float(p2[inside][np.argmax(likelihood)])


@pytest.mark.parametrize(("more", "fewer", "n"), [(3, 2, 10), (20, 5, 60), (1, 30, 100), (7, 7, 15)])
def test_at_each_end_the_score_test_is_just_significant(more: int, fewer: int, n: int) -> None:
    for end in score_interval(more, fewer, n):
        p2 = most_likely(more, fewer, n, end)
        variance = (2 * p2 + end - end**2) / n
        assert abs((more - fewer) / n - end) / math.sqrt(variance) == pytest.approx(1.96, abs=0.002)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_the_interval_holds_the_figure_and_stays_within_bounds(promoters: int, passives: int, detractors: int) -> None:
    nps = OnlineNps(promoters=promoters, passives=passives, detractors=detractors)
    if nps.value is None:
        assert promoters + passives + detractors == 0
        return
    assert nps.low is not None and nps.high is not None
    assert -100 <= nps.low <= nps.value <= nps.high <= 100
    assert nps.high - nps.low > 0
    mirrored = OnlineNps(promoters=detractors, passives=passives, detractors=promoters)
    assert mirrored.interval == pytest.approx((-nps.high, -nps.low), abs=1e-6)


@pytest.mark.parametrize("n", [10, 30, 200])
@pytest.mark.parametrize("shares", [(0.2, 0.3, 0.5), (0.05, 0.9, 0.05), (0.6, 0.3, 0.1), (0.1, 0.0, 0.9)])
def test_the_interval_covers_the_truth_about_95_times_in_100(n: int, shares: tuple[float, float, float]) -> None:
    promoters, passives, detractors = shares
    samples = np.random.default_rng(7).multinomial(n, [promoters, passives, detractors], size=4000)
    different, times = np.unique(samples, axis=0, return_counts=True)
    covered = 0
    for (more, _, fewer), often in zip(different.tolist(), times.tolist(), strict=True):
        low, high = score_interval(more, fewer, n)
        covered += often * (low <= promoters - detractors <= high)
    assert covered / 4000 >= 0.925
    if n * (promoters + detractors) >= 10:  # with hardly anyone on either side every method must err on the safe side
        assert covered / 4000 <= 0.985
