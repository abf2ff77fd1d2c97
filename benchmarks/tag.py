"""Mentions per second: the shipped classifier beside a plain transformers pipeline of the same weights on torch.

The rule to know: the rival is what a normal user would write: `transformers.pipeline` in 32-bit floats, posts in their
own order, its own padding, batches of eight, the same number of threads. Both read the same pairs of post and company.

Run: `python benchmarks/tag.py [--pairs N] [--threads N]`, with the folder of labelled posts beside the project. It exits with 1
where the classifier is not three times as fast, takes a gigabyte, or gives other answers than the rival to one in a hundred.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import demand  # noqa: E402
from benchmarks.demand import Demand  # noqa: E402
from nlp.classifier import MODEL, Classifier, judged  # noqa: E402
from nlp.pair import Pair  # noqa: E402
from nlp.records import CLASSES, read_records  # noqa: E402

REVIEWS = ROOT.parent / "shared" / "labels" / "reviews.jsonl.gz"
TWEETS = ROOT.parent / "shared" / "labels" / "tone_train.jsonl.gz"
BATCH = 8
ENGINES = ("classifier", "pipeline")


def pairs(count: int) -> list[Pair]:
    """Reviews and tweets by turns, every seventh of their files; from the beginning again where they do not suffice."""
    for path in (REVIEWS, TWEETS):
        if not path.is_file():
            raise SystemExit(f"{path} is missing")
    every = [read_records(path)[::7] for path in (REVIEWS, TWEETS)]
    return [every[at % 2][at // 2 % len(every[at % 2])].pair() for at in range(count)]


def by_classifier(some: Sequence[Pair], threads: int) -> tuple[float, list[dict[str, Any]]]:
    """Seconds and answers of the shipped classifier."""
    classifier = Classifier.load(MODEL, threads=threads)
    classifier.judge(some[:16])
    started = time.perf_counter()
    judgements = classifier.judge(some)
    return time.perf_counter() - started, [dict(each.answers()) for each in judgements]


def by_pipeline(some: Sequence[Pair], threads: int) -> tuple[float, list[dict[str, Any]]]:
    """Seconds and answers of a transformers pipeline over the same weights, dequantised, on torch."""
    import torch

    from benchmarks.pipeline import ReaderPipeline

    torch.set_num_threads(threads)
    reader = ReaderPipeline.of(MODEL)
    list(reader(list(some[:16]), batch_size=BATCH))
    started = time.perf_counter()
    outputs = list(reader(list(some), batch_size=BATCH))
    logits = {name: torch.stack([each[name] for each in outputs]).numpy() for name in CLASSES}
    answers = [dict(each.answers()) for each in judged(logits, reader.calibration)]
    return time.perf_counter() - started, answers


def measured(engine: str, count: int, threads: int) -> dict[str, Any]:
    """One engine in a process of its own, so that its peak memory is its own."""
    command = [sys.executable, __file__, "--engine", engine, "--pairs", str(count), "--threads", str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr.strip().splitlines()[-1])
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> int:
    """Measures both engines and prints them side by side."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=600)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.engine:
        run = by_classifier if chosen.engine == "classifier" else by_pipeline
        seconds, answers = run(pairs(chosen.pairs), chosen.threads)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"rate": chosen.pairs / seconds, "peak": peak, "answers": answers}))
        return 0
    ours, theirs = (measured(engine, chosen.pairs, chosen.threads) for engine in ENGINES)
    for name, each in zip(ENGINES, (ours, theirs), strict=True):
        print(f"{name:<12} {each['rate']:8.1f} mentions/s   peak {each['peak']:6.0f} MB")
    both = list(zip(ours["answers"], theirs["answers"], strict=True))
    same = {head: sum(a[head] == b[head] for a, b in both) / chosen.pairs for head in CLASSES}
    print(f"{chosen.pairs} pairs, {chosen.threads} threads")
    return demand.judged(
        Demand("times the pipeline's mentions/s", ours["rate"] / theirs["rate"], "at least", 3),
        Demand("peak memory, MB", ours["peak"], "less than", 1000),
        *(Demand(f"{head}: same answers, % of pairs", 100 * share, "at least", 99) for head, share in same.items()),
    )


if __name__ == "__main__":
    raise SystemExit(main())
