"""The gate of a host: its waits, its back-off, over processes, after kills."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from itertools import pairwise
from pathlib import Path

import pytest

from crawlers.gate import (
    ABSENCE,
    FIRST_SILENCE,
    FORGOTTEN,
    LONGEST_BACK_OFF,
    LONGEST_PAUSE,
    LONGEST_REQUEST,
    LONGEST_SILENCE,
    Gate,
    asked_for,
    retry_after,
)
from crawlers.hostfile import host_of
from crawlers.settings import GATE_PATIENCE
from tests.recorded_walk import REAL, needs_real
from tests.tapes import exchanges

ROOT = Path(__file__).parents[1]


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(tmp_path: Path, clock: Clock) -> Gate:
    return Gate(tmp_path / "gate", back_off=1.0, clock=clock)


def test_requests_to_a_host_keep_their_distance_and_hosts_do_not_mind_each_other(gate: Gate, clock: Clock) -> None:
    assert gate.enter("a.example", 2.0) == 0
    assert gate.enter("b.example", 2.0) == 0
    assert gate.enter("a.example", 2.0) == pytest.approx(2.0)
    clock.now += 1.5
    assert gate.enter("a.example", 2.0) == pytest.approx(0.5)
    clock.now += 0.5
    assert gate.enter("a.example", 2.0) == 0


def test_failures_in_a_row_double_the_wait_and_an_answer_forgets_them(gate: Gate, clock: Clock) -> None:
    assert [gate.failed("a.example") for _ in range(4)] == [1.0, 2.0, 4.0, 8.0]
    assert gate.enter("a.example", 0) == pytest.approx(8.0)
    assert [gate.failed("a.example") for _ in range(10)][-1] == LONGEST_BACK_OFF
    gate.answered("a.example")
    assert gate.failed("a.example") == 1.0


def silence(gate: Gate, clock: Clock) -> float:
    """Two requests in vain, as a run sends them; for how long the host is left alone then."""
    gate.in_vain("a.example")
    clock.now += 30
    return gate.in_vain("a.example")


def test_a_silent_host_is_left_alone_for_longer_than_a_run_waits_and_ever_longer(gate: Gate, clock: Clock) -> None:
    assert gate.in_vain("a.example") == 1.0, "one request in vain says nothing of the host"
    clock.now += 30
    assert gate.in_vain("a.example") == FIRST_SILENCE > GATE_PATIENCE
    assert gate.in_vain("a.example") <= LONGEST_BACK_OFF, "others that were sent together"
    assert (wait := gate.enter("a.example", 0)) == FIRST_SILENCE
    assert gate.why("a.example", wait) == "a.example does not answer and is left alone until 1970-01-12 13:48 UTC"
    waits = []
    for _ in range(5):
        clock.now += gate.enter("a.example", 0) + 30
        waits.append(gate.in_vain("a.example"))
    assert waits == [180.0, 360.0, 720.0, LONGEST_SILENCE, LONGEST_SILENCE]


def test_an_answer_lifts_a_silence_and_what_a_host_asked_for_stays(gate: Gate, clock: Clock) -> None:
    assert silence(gate, clock) == FIRST_SILENCE
    gate.failed("a.example", 40)
    gate.answered("a.example")
    assert gate.enter("a.example", 0) == 40
    assert "a.example asked to be left alone" in gate.why("a.example", 40)
    gate.failed("a.example", 3600)
    assert silence(gate, clock) == FIRST_SILENCE, "the first since it answered"
    assert "asked to be left alone" in gate.why("a.example", gate.enter("a.example", 0))


def test_no_host_is_silent_that_answers_in_between(gate: Gate, clock: Clock) -> None:
    for answers in (gate.answered, gate.failed):
        gate.in_vain("a.example")
        clock.now += 30
        answers("a.example")
        assert gate.in_vain("a.example") <= LONGEST_BACK_OFF
        clock.now += FORGOTTEN
        assert gate.in_vain("a.example") <= LONGEST_BACK_OFF, "what was long ago says nothing of now"
        gate.answered("a.example")


def test_a_page_that_hangs_shuts_its_host_out_no_longer_each_time_unless_all_but_robots_txt_hangs(gate: Gate, clock: Clock) -> None:
    for of_robots, expected in ((False, [FIRST_SILENCE] * 3), (True, [FIRST_SILENCE, FIRST_SILENCE * 2, FIRST_SILENCE * 4])):
        waits = []
        for _ in range(3):
            clock.now += 900
            gate.answered("a.example", of_robots=of_robots)
            waits.append(silence(gate, clock))
        assert waits == expected
        gate.answered("a.example")


def test_a_host_where_nobody_is_reached_is_asked_again_soon_and_then_left_alone_for_longer_than_a_run_waits(
    gate: Gate, clock: Clock
) -> None:
    for _ in range(2):  # the second outage as the first, whatever failed in between
        begin, waits = clock.now, []
        while not waits or waits[-1] <= LONGEST_PAUSE:
            waits.append(gate.unreached("a.example"))
            tried = clock.now - begin
            clock.now += gate.enter("a.example", 0)
        assert waits[-1] == FIRST_SILENCE > GATE_PATIENCE and len(waits) > 3
        assert ABSENCE <= tried <= ABSENCE + LONGEST_PAUSE
        assert [gate.failed("a.example") for _ in range(10)][-1] == LONGEST_BACK_OFF
        clock.now += LONGEST_BACK_OFF


def test_no_host_is_absent_that_answers_in_between_and_what_was_a_minute_ago_is_another_outage(gate: Gate, clock: Clock) -> None:
    for answers in (gate.answered, gate.failed):
        gate.unreached("a.example")
        answers("a.example")
        clock.now += ABSENCE
        assert gate.unreached("a.example") <= LONGEST_PAUSE
        clock.now += LONGEST_BACK_OFF
        assert gate.unreached("a.example") <= LONGEST_PAUSE
        gate.answered("a.example")


def test_a_slow_host_keeps_its_pace_for_whoever_comes_next(gate: Gate, clock: Clock) -> None:
    gate.answered("slow.example", 5.0)
    assert (gate.enter("slow.example", 0.5), gate.enter("slow.example", 0.5)) == (0.0, 5.0)
    clock.now += 5.0
    gate.answered("slow.example", 0.1)
    assert (gate.enter("slow.example", 0.5), gate.enter("slow.example", 0.5)) == (0.0, 0.5)


def test_a_host_that_says_how_long_is_obeyed_even_after_it_answers(gate: Gate, clock: Clock) -> None:
    gate.failed("a.example", 3600.0)
    gate.answered("a.example")
    assert gate.enter("a.example", 0) == pytest.approx(3600.0)
    clock.now += 3600
    assert gate.enter("a.example", 0) == 0


def test_a_clock_set_back_does_not_close_a_host_for_days(gate: Gate, clock: Clock) -> None:
    gate.failed("a.example", 3600.0)
    gate.enter("b.example", 5.0)
    clock.now -= 10 * LONGEST_REQUEST
    assert gate.enter("a.example", 0) == 0
    assert gate.enter("b.example", 0) == 0


def test_a_file_cut_short_by_a_kill_opens_the_host(gate: Gate, clock: Clock) -> None:
    gate.failed("a.example", 3600.0)
    (path,) = (path for path in gate.folder.iterdir() if path.name.startswith("a.example"))
    path.write_bytes(path.read_bytes()[:10])
    assert gate.enter("a.example", 1.0) == 0
    assert gate.enter("a.example", 1.0) == pytest.approx(1.0)


def test_processes_share_the_gate(tmp_path: Path) -> None:
    work = (
        "import sys, time\nfrom pathlib import Path\nfrom crawlers.gate import Gate\n"
        "moments = []\ndef clock():\n    moments.append(time.time())\n    return moments[-1]\n"
        "gate = Gate(Path(sys.argv[1]), clock=clock)\nleft = 5\n"
        "while left:\n"
        "    wait = gate.enter('a.example', 0.1)\n"
        "    if wait: time.sleep(wait); continue\n"
        "    print(moments[-1]); left -= 1\n"
    )
    command = [sys.executable, "-c", work, str(tmp_path / "gate")]
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    moments = sorted(float(line) for each in running for line in each.communicate()[0].split())
    assert len(moments) == 15
    assert min(later - earlier for earlier, later in pairwise(moments)) > 0.0999


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("-5", 0.0),
        ("1e9", LONGEST_REQUEST),
        ("soon", None),
        ("", None),
        (None, None),
        ("nan", None),
        ("inf", LONGEST_REQUEST),
    ],
)
def test_retry_after_in_seconds(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, 0.0) == seconds


def test_retry_after_as_a_date() -> None:
    later = datetime(2026, 9, 1, 12, 5, tzinfo=UTC)
    now = datetime(2026, 9, 1, 12, 0, tzinfo=UTC).timestamp()
    assert retry_after(format_datetime(later, usegmt=True), now) == 300.0


NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC).timestamp()
SPENT = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "0"}


@pytest.mark.parametrize(
    ("reset", "seconds"),
    [
        ("2026-09-01T12:05:00.500000Z", 300.5),
        ("2026-09-01T15:05:00+03:00", 300.0),
        ("2026-09-01T12:05:00", 300.0),
        (f"{NOW + 300:.0f}", 301.0),  # the second may have been cut off
        ("300", 300.0),
        ("0.5", 0.5),
        (f"{NOW - 1:.0f}", None),
        ("2026-09-01T11:59:59Z", None),
        ("0", None),
        ("-5", None),
        ("soon", None),
        ("nan", None),
        ("", None),
        ("9999-12-31T23:59:59-23:59", None),  # what nobody means closes no host for a day
        ("0001-01-01T00:00:00+23:59", None),
        (f"{(NOW + 300) * 1000:.0f}", 301.0),
        ("1e300", None),
        ("inf", None),
    ],
)
@pytest.mark.parametrize("prefix", ["X-RateLimit", "RateLimit"])
def test_a_rate_limit_used_up_asks_for_a_pause_until_its_reset(prefix: str, reset: str, seconds: float | None) -> None:
    told = {f"{prefix}-Remaining": "0", f"{prefix}-Reset": reset}
    for status in (429, 503):
        assert asked_for(status, told, NOW) == seconds
        assert asked_for(status, {f"{prefix}-Reset": reset}, NOW) == seconds, "what remains need not be told"
        assert asked_for(status, told | {"Retry-After": "7"}, NOW) == 7.0, "Retry-After goes before it"
        assert asked_for(status, told | {"Retry-After": "soon"}, NOW) == seconds
    assert asked_for(200, told, NOW) == seconds
    assert asked_for(200, told | {f"{prefix}-Reset": "7200"}, NOW) is None, "a wrong one of a good answer shuts nobody out"


def test_a_rate_limit_asks_for_nothing_while_requests_remain_or_where_a_cache_tells_of_another_client() -> None:
    reset = {"X-RateLimit-Reset": "300"}
    for status, told in (
        (200, reset | {"X-RateLimit-Remaining": "1"}),
        (200, reset | {"X-RateLimit-Remaining": "none"}),
        (200, reset),
        (503, reset | {"X-RateLimit-Remaining": "250"}),
        (500, reset),
        (200, reset | SPENT | {"Age": "75"}),
        (200, {"Retry-After": "300"}),
        (429, SPENT),
        (200, SPENT),
    ):
        assert asked_for(status, told, NOW) is None, (status, told)
    assert asked_for(200, reset | SPENT | {"Age": "0"}, NOW) == 300.0
    assert asked_for(404, reset | SPENT, NOW) == 300.0
    assert asked_for(500, reset | SPENT, NOW) == 300.0
    assert asked_for(429, reset | {"X-RateLimit-Remaining": "5"}, NOW) == 300.0
    assert asked_for(429, SPENT | {"RateLimit-Reset": "garbage", "X-RateLimit-Reset": "60"}, NOW) == 60.0


@needs_real
def test_recorded_rate_limits() -> None:
    known = {}
    for folder in ("mastodon/rtoot/get_*.yml", "mastodon/mastodonpy/*.yaml", "bluesky/bskyr_*.yml"):
        for path in sorted((REAL / "api").glob(folder)):
            for exchange in exchanges(path):
                told = {name: each if isinstance(each, str) else each[0] for name, each in exchange["response"]["headers"].items()}
                said = {name.title().replace("Ratelimit", "RateLimit"): each for name, each in told.items()}
                if "Date" in said:
                    known[path.name, exchange["request"]["uri"]] = said, parsedate_to_datetime(said["Date"])
    assert len(known) == 19
    assert {asked_for(200, said, at.timestamp()) for said, at in known.values()} == {None}, "requests remained"
    waits = {}
    for key, (said, at) in known.items():
        limit = "X-RateLimit" if "X-RateLimit-Reset" in said else "RateLimit"
        waits[key] = asked_for(429, said | {f"{limit}-Remaining": "0"}, at.timestamp())
    [past] = [name for (name, _), wait in waits.items() if wait is None]
    assert past == "get_context_default.yml", "a cache had kept it for longer"
    assert all(0 < wait < 301 for wait in waits.values() if wait is not None)
    named = {name: wait for (name, _), wait in waits.items()}
    assert named["get_status_default.yml"] == pytest.approx(timedelta(minutes=3, seconds=8.615162).total_seconds())
    assert named["bskyr_getFeed.yml"] == 1747676784 + 1 - datetime(2025, 5, 19, 17, 41, 30, tzinfo=UTC).timestamp()


def test_a_host_whose_last_request_is_used_up_is_closed_by_a_good_answer(gate: Gate, clock: Clock) -> None:
    gate.failed("a.example")
    gate.answered("a.example", 0.5, asked=120.0)
    assert gate.enter("a.example", 0) == pytest.approx(120.0)
    gate.answered("a.example", 0.5)
    assert gate.enter("a.example", 0) == pytest.approx(120.0), "others that were sent together lift nothing"
    assert "asked to be left alone" in gate.why("a.example", 120.0)
    assert gate.failed("a.example") == 1.0, "it was no failure"
    clock.now += 120
    assert gate.enter("a.example", 0) == 0


def test_a_host_is_told_by_its_name_and_port() -> None:
    assert host_of("https://A.example/x?y") == "a.example"
    assert host_of("http://a.example:8080/") == "a.example:8080"
    assert host_of("http://[::1]:80/") == "::1:80"
