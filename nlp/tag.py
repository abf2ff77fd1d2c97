"""Tagging: raw batches -> tagged batches, one line per post with its mentions.

The rule to know: the work list is every raw batch without an output of the present fingerprint (model, brands, versions of
the code that reads). Outputs appear whole or not at all, and depend on raw batches alone: two taggers at once write the same files.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import secrets
import shutil
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import islice
from pathlib import Path

from crawlers.archive import Archive, Batch, DamagedBatch
from crawlers.brand import Brands, read_brands
from crawlers.post import Post, post_from_json, post_to_json
from nlp import classifier as model
from nlp.brands import Finder
from nlp.classifier import JUDGING
from nlp.judgements import Judge, Judgements, judgements_path
from nlp.mention import Mention, mention_from_json, mention_to_json
from nlp.pair import FRAMING
from nlp.reader import mentions_of
from nlp.thread import Earlier, Known, known, nothing_earlier, subjects_of

READER = "7"
"""Version of the rules that read posts. Raise it with any change of nlp that should reach posts tagged before; a change of what
is asked of the model, or of what is made of its answers, has versions of its own beside that code: FRAMING and JUDGING."""
BACK = 20
"""Batches that runs of the same target collected before a batch, in which posts that it answers are looked for."""


class TagError(Exception):
    """Something could not be tagged; one sentence with what to do. Everything else was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """What a run of tagging did."""

    batches: int
    posts: int
    mentions: int
    seconds: float

    def __str__(self) -> str:
        speed = f", {self.posts / self.seconds:.0f} posts/s" if self.posts and self.seconds else ""
        return f"tagged {self.batches} batches: {self.posts} posts, {self.mentions} mentions in {self.seconds:.1f} s{speed}"


Progress = Callable[[int, int], None]
"""Called with batches done and batches in all."""


def fingerprint(brands: Brands, model_fingerprint: str) -> str:
    """What an output depends on besides its raw batch: brands (not their comments or layout), model, versions of the code."""
    parts = (READER, FRAMING, JUDGING, model_fingerprint, brands.model_dump_json())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def present_fingerprint(config: Path) -> str:
    """The fingerprint that `tag` would write now. Raises ModelError or ConfigError."""
    return fingerprint(read_brands(config), str(model.read_config(model.MODEL)["fingerprint"]))


def tagged_path(data: Path, mark: str, batch: Batch) -> Path:
    """Where a batch's output is: `tagged/<fingerprint>/<target>/<number>.jsonl.gz`."""
    return data / "tagged" / mark / f"{batch.key}.jsonl.gz"


def untagged(data: Path, config: Path) -> list[Batch]:
    """Raw batches without an output of the present fingerprint. Raises ModelError or ConfigError."""
    mark = present_fingerprint(config)
    return [batch for batch in Archive(data).batches() if not tagged_path(data, mark, batch).exists()]


def tagged(data: Path, mark: str) -> list[Path]:
    """Outputs of a fingerprint, in order of target and number."""
    return sorted((data / "tagged" / mark).glob("*/*.jsonl.gz"))


def read_tagged(path: Path) -> Iterator[tuple[Post, list[Mention]]]:
    """Posts and their mentions of one output. Raises TagError when it is damaged."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                yield post_from_json(record["post"]), [mention_from_json(each) for each in record["mentions"]]
    except (OSError, EOFError, ValueError, KeyError, TypeError, zlib.error) as error:
        raise TagError(f"{path} is damaged ({error}): delete it and run `python -m nlp tag`") from error


def tag_posts(
    posts: Iterable[Post], finder: Finder, judge: Judge, *, earlier: Earlier = nothing_earlier
) -> Iterator[tuple[Post, list[Mention]]]:
    """The pure core: posts with their mentions, in order. `earlier` finds the posts of other batches that they answer."""
    together = list(posts)
    yield from mentions_of(zip(together, subjects_of(together, finder, earlier), strict=True), finder, judge)


def tag(batches: Sequence[Batch], *, data: Path, config: Path, progress: Progress | None = None) -> Tagged:
    """Tag these batches. A batch that is tagged meanwhile is passed over.

    Raises ModelError, ConfigError or JudgementsError before anything is written, TagError after everything else is done.
    """
    started = time.monotonic()
    tagger = Tagger(data, config)
    done, failed = [], []
    for number, batch in enumerate(batches, 1):
        try:
            done.append(tagger.tag(batch))
        except DamagedBatch as error:
            failed.append(str(error))
        if progress:
            progress(number, len(batches))
    if failed:
        raise TagError("; ".join(failed))
    written = [counts for counts in done if counts is not None]
    return Tagged(
        batches=len(written),
        posts=sum(posts for posts, _ in written),
        mentions=sum(mentions for _, mentions in written),
        seconds=time.monotonic() - started,
    )


class Tagger:
    """The present brands and model over one data folder."""

    def __init__(self, data: Path, config: Path) -> None:
        self.data = data
        brands = read_brands(config)
        self._model_mark = str(model.read_config(model.MODEL)["fingerprint"])
        self.mark = fingerprint(brands, self._model_mark)
        self.finder = Finder(brands)
        self._brothers: dict[str, dict[str, Known]] = {}
        clear_abandoned(data / "tagged" / self.mark)

    @cached_property
    def judge(self) -> Judgements:
        """The classifier, loaded when the first batch needs it."""
        return Judgements(model.Classifier.load(), judgements_path(self.data, self._model_mark))

    def tag(self, batch: Batch) -> tuple[int, int] | None:
        """Write the output of one batch; posts and mentions written, None where it stands already."""
        path = tagged_path(self.data, self.mark, batch)
        if path.exists():
            return None
        lines, mentions = [], 0
        for post, found in tag_posts(batch.posts(), self.finder, self.judge, earlier=self._earlier(batch)):
            record = {"post": post_to_json(post), "mentions": [mention_to_json(mention) for mention in found]}
            lines.append(json.dumps(record, ensure_ascii=False, separators=(",", ":")))
            mentions += len(found)
        write_whole(path, lines)
        return len(lines), mentions

    def _earlier(self, batch: Batch) -> Earlier:
        @cache
        def before() -> list[Batch]:
            """The batches just before, newest first; the knowledge of older ones is let go."""
            earlier = (each for each in reversed(Archive(self.data).batches(batch.target)) if each.number < batch.number)
            found = list(islice(filter(_of_collecting, earlier), BACK))
            self._brothers = {each.key: self._brothers[each.key] for each in found if each.key in self._brothers}
            return found

        def find(wanted: set[str]) -> dict[str, Known]:
            for each in before():
                there = self._known_in(each)
                if wanted & there.keys():
                    return {post: there[post] for post in wanted & there.keys()}
            return {}

        return find

    def _known_in(self, batch: Batch) -> dict[str, Known]:
        if batch.key not in self._brothers:
            try:
                self._brothers[batch.key] = {post.id: known(post, self.finder.find(post)) for post in batch.posts()}
            except DamagedBatch:  # said where the batch itself is tagged
                self._brothers[batch.key] = {}
        return self._brothers[batch.key]


def _of_collecting(batch: Batch) -> bool:
    try:
        return batch.of_collecting
    except DamagedBatch:  # said where the batch itself is tagged
        return True


def write_whole(path: Path, lines: Iterable[str]) -> None:
    """Write a .jsonl.gz that appears whole or not at all; the same lines give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.{os.getpid()}")
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, filename="", compresslevel=6) as file:
        for line in lines:
            file.write(line.encode() + b"\n")
    try:
        with partial.open("wb") as out:
            out.write(packed.getvalue())
            out.flush()
            os.fsync(out.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def remove_stale(data: Path, mark: str) -> None:
    """Give back the room of readings by other brands or models than this fingerprint; they can be made again."""
    for folder in (data / "tagged").glob("*"):
        if folder.is_dir() and folder.name != mark:
            shutil.rmtree(folder, ignore_errors=True)


def clear_abandoned(folder: Path) -> None:
    """Remove the half-written files of taggers that were killed."""
    for partial in folder.glob("*/.*.jsonl.gz.*"):
        owner = partial.suffix.removeprefix(".")
        if owner.isdigit() and not _is_running(int(owner)):
            partial.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
