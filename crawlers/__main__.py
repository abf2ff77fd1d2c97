"""Collect what people say in public: find, list, check, preview and collect targets, and say how they do.

The rule to know: 0 means done, 1 that the work failed and why is on stderr, 2 a wrong command or a wrong file.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from crawlers import check as checking
from crawlers import collect as collecting
from crawlers import recheck as rechecking
from crawlers.archive import Archive
from crawlers.doubt import doubts, missed
from crawlers.health import health as health_of_targets
from crawlers.look import Known, Look
from crawlers.new import new
from crawlers.place import CONFIG, DATA
from crawlers.preview import sample_to_json
from crawlers.printed import HEALTH_COLUMNS, health_row, print_fields, print_samples, print_samples_as_table, print_table, target_row
from crawlers.run import Run
from crawlers.sink import find_target, in_zone
from crawlers.source import CollectError
from crawlers.target import BrokenTarget, Target, read_target, read_targets, unread
from crawlers.yamlfile import ConfigError

app = typer.Typer(
    help=__doc__.splitlines()[0] if __doc__ else "",
    epilog="A target is one file, targets/NAME.yaml in the configuration folder; whom to look for stands in brands.yaml there.",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
Config = Annotated[
    Path, typer.Option("--config", envvar="MOLVA_CONFIG", help="Folder with brands.yaml and targets/*.yaml.", file_okay=False)
]
Data = Annotated[Path, typer.Option("--data", envvar="MOLVA_DATA", help="Folder for everything that running makes.", file_okay=False)]
Since = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Walk from the start again and take what was published since; the cursor stays."),
]
SECONDS_OF_SILENCE = 10.0
"""Between two lines of progress where no terminal shows a bar."""


app.command()(new)


@app.command("list")
def list_targets(config: Config = CONFIG, data: Data = DATA) -> None:
    """List the targets, with their schedule and how their last run ended.

    Example: `python -m crawlers list --config demo/config`
    """
    rows = [target_row(target, Archive(data)) for target in _targets(config)]
    print_table(("target", "kind", "schedule", "about", "last run"), rows)


@app.command()
def check(targets: Annotated[list[str] | None, typer.Argument(help="Only these.")] = None, config: Config = CONFIG) -> None:
    """Check brands.yaml and every target, without any network: keys, names, paths, environment variables.

    Everything wrong is printed as `file:line: field: what to mend`, and the command ends with 2. Where sites are asked and MOLVA_CONTACT,
    the address that the crawlers give them, is not set, that is said, and fails nothing.

    Examples: `python -m crawlers check` · `python -m crawlers check banki-reviews`
    """
    found = checking.check(config, targets or ())
    for remark in found.remarks:
        print(remark)
    for error in found.errors:
        print(error.one_line(), file=sys.stderr)
    if found.errors:
        raise typer.Exit(2)
    print(f"{found.targets} targets and {found.brands} brands are right.")


@app.command()
def preview(
    target: str,
    limit: Annotated[int, typer.Option(min=1, help="Items to show.")] = 20,
    since: Since = None,
    as_table: Annotated[bool, typer.Option("--table", help="A row a post and a column a field; wide: see it by `less -S`.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    config: Config = CONFIG,
    data: Data = DATA,
) -> None:
    """Show what would be collected from a target, each post with every field that it has; nothing is kept.

    After the posts comes each field with the number of posts that have it; what could not be had and what looks wrong (no
    authors, dates all alike, a line in every text) is said on standard error.

    Examples: `python -m crawlers preview blog` · `python -m crawlers preview reviews --limit 3 --json`
    """
    failed: str | None = None
    try:
        found = find_target(target, config)
        shown = collecting.preview(found, data=data, config=config, limit=limit, since=_begin(since, found))
    except ConfigError as error:
        _end(str(error), 2)
    except collecting.PreviewFailed as error:
        shown, failed = error.shown, str(error)
    except CollectError as error:
        _end(str(error), 1)
    samples = shown.samples
    posts = [sample.post for sample in samples if sample.post is not None]
    if as_json:
        for sample in samples:
            print(json.dumps(sample_to_json(sample), ensure_ascii=False))
    elif as_table:
        print_samples_as_table(samples)
    else:
        print_samples(samples)
        if posts:
            print_fields(posts)
    sys.stdout.flush()  # before what is said beside it
    for doubt in [*missed(shown), *doubts(posts, datetime.now(UTC))]:
        print(f"look: {doubt}", file=sys.stderr)
    if failed is not None:
        _end(failed, 1)
    if not samples:
        print("Nothing was found.")
    elif not posts:
        _end(f"none of the {len(samples)} items would become a post", 1)


@app.command()
def collect(
    targets: Annotated[list[str] | None, typer.Argument(help="Names of targets.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every target that is enabled.")] = False,
    since: Since = None,
    config: Config = CONFIG,
    data: Data = DATA,
) -> None:
    """Collect what is new of some targets, one after the other, and say what became of every item.

    A target that fails doesn't stop the others; the command then ends with 1. Of `--all`, a target whose key is not set waits: that
    is said, and fails nothing.

    Examples: `python -m crawlers collect blog reviews` · `python -m crawlers collect --all` ·
    `python -m crawlers collect reviews --since 2026-01-01`
    """
    chosen = _chosen(targets, config, "collect", everything=everything)
    if not chosen:
        print(f"Every target in {config / 'targets'} is switched off (`enabled: false`).", file=sys.stderr)
    if everything:
        chosen = [target for target in chosen if not _waits(target)]
    _each(chosen, lambda target: _collected(target, config, data, since))


@app.command()
def recheck(
    targets: Annotated[list[str] | None, typer.Argument(help="Names of targets.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every target that is enabled and whose posts are looked at again.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look, and say what seems gone; nothing is written.")] = False,
    config: Config = CONFIG,
    data: Data = DATA,
) -> None:
    """Look again at recent posts, and mark those that are gone at their source; the next load takes them out of the index.

    Each post is looked at when it is due, as its target says. Of a target that is named, what seemed gone at the last look is looked at
    too, due or not.
    A post is gone when it seemed so twice, as far apart as its target says. Ends with 1 where a target's posts could not all be
    looked at, too many of them seem gone at once, of which none is marked then, or several authors show one new text.

    Examples: `python -m crawlers recheck blog --dry-run` · `python -m crawlers recheck --all`
    """
    chosen = _chosen(targets, config, "look at again", everything=everything)
    if everything:
        wanted = [one for one in chosen if not isinstance(one, BrokenTarget) and one.recheck is not None]
        chosen = [one for one in wanted if not _waits(one)]
    _each(chosen, lambda target: _rechecked(target, config, data, dry_run=dry_run, at_once=not everything))


def _rechecked(target: Target, config: Path, data: Path, *, dry_run: bool, at_once: bool) -> int:
    """Look again at one target's posts and print what was seen; the code to exit with."""

    def seems_gone(known: Known, look: Look) -> None:
        print(f"  seems gone ({look.sign}): {known.url or known.id}")

    run = rechecking.recheck(
        target,
        data=data,
        config=config,
        dry_run=dry_run,
        at_once=at_once,
        progress=_now_and_then(target.name),
        tell=seems_gone if dry_run else None,
    )
    nothing = "nothing to look at: no post is due, the looks of its time are spent, or nothing can tell of its posts (docs/deleted.md)"
    print(f"{target.name}: {run if run.looked or run.error else nothing}", flush=True)
    return int(bool(run.held or run.alike or run.error))


@app.command()
def health(
    targets: Annotated[list[str] | None, typer.Argument(help="Only these.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    config: Config = CONFIG,
    data: Data = DATA,
) -> None:
    """Say how each target does: its state, last success, lag from publication to collection, what the last seven days brought (of what
    is deferred: what the last run that ended well put off, or one that failed since, if more), and what is not as is normal for it.

    Ends with 0 where all do well, with 1 where a target is late, silent, unusual, failing or broken. One that waits for a key is shown
    with the variable to set, and is none of these.

    Examples: `python -m crawlers health` · `python -m crawlers health banki-reviews --json`
    """
    known = {target.name for target in _targets(config)}
    if absent := sorted(set(targets or ()) - known):
        _end(f"there is no target {absent[0]!r}; there are: {', '.join(sorted(known))}", 2)
    found = health_of_targets(config, data, datetime.now(UTC), targets or ())
    if as_json:
        for one in found:
            print(json.dumps(one.to_json(), ensure_ascii=False))
    else:
        print_table(HEALTH_COLUMNS, [health_row(one) for one in found])
    if any(one.state.red for one in found):
        raise typer.Exit(1)


def _named(name: str, config: Path) -> Target | BrokenTarget:
    """The target of that name, also a broken one. Raises ConfigError where there is none."""
    path = config / "targets" / f"{name}.yaml"
    return read_target(path) if path.is_file() else find_target(name, config)  # which says what there is


def _waits(target: Target | BrokenTarget) -> bool:
    """Whether the target waits for a key, which is said then."""
    if target.waits is None:
        return False
    print(target.waits, file=sys.stderr)
    return True


def _targets(config: Path) -> list[Target | BrokenTarget]:
    """Every target of the configuration; without any the command ends. What looks like one and isn't read is said."""
    targets = read_targets(config)
    if lost := unread(config):
        print(lost, file=sys.stderr)
    if not targets:
        _end(f"There are no targets in {config / 'targets'}: add a file NAME.yaml there, or name another folder by --config", 2)
    return targets


def _collected(target: Target, config: Path, data: Path, since: datetime | None) -> int:
    """Collect one target and print how it ended; the code to exit with."""
    run = _with_progress(target, config, data, _begin(since, target))
    print(f"{target.name}: {run}", flush=True)
    for example in run.counts.examples:
        print(f"  rejected: {example}")
    return 0


def _chosen(named: list[str] | None, config: Path, doing: str, *, everything: bool) -> list[Target | BrokenTarget]:
    """The targets that were named, or every one that is not switched off; a wrong command ends here."""
    if bool(named) == everything:
        _end(f"name the targets to {doing}, or give --all", 2)
    if everything:
        return [target for target in _targets(config) if target.enabled]
    try:
        return [_named(name, config) for name in dict.fromkeys(named or ())]
    except ConfigError as error:
        _end(str(error), 2)


def _each(targets: Sequence[Target | BrokenTarget], work: Callable[[Target], int]) -> None:
    """Work on each target, whatever another one fails by; end with what those that failed have in common, else with 1."""
    failures = set()
    for target in targets:
        try:
            if isinstance(target, BrokenTarget):
                raise target.error
            failures.add(work(target))
        except (ConfigError, CollectError) as error:
            print(error, file=sys.stderr)
            failures.add(2 if isinstance(error, ConfigError) else 1)
    if failures := failures - {0}:
        raise typer.Exit(failures.pop() if len(failures) == 1 else 1)


def _with_progress(target: Target, config: Path, data: Path, since: datetime | None) -> Run:
    if not sys.stderr.isatty():
        return collecting.collect(target, data=data, config=config, since=since, progress=_now_and_then(target.name))
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.fields[said]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(target.name, said="", total=None)
        return collecting.collect(target, data=data, config=config, since=since, progress=lambda said: bar.update(task, said=said[-100:]))


def _now_and_then(name: str) -> Callable[[str], None]:
    """Progress for a log: a line on stderr at most every few seconds."""
    last = time.monotonic()

    def told(said: str) -> None:
        nonlocal last
        if time.monotonic() - last >= SECONDS_OF_SILENCE:
            last = time.monotonic()
            print(f"{name}: {said}", file=sys.stderr, flush=True)

    return told


def _begin(since: datetime | None, target: Target) -> datetime | None:
    return None if since is None else in_zone(since, target)


def _end(message: str, code: int) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(code)


if __name__ == "__main__":
    app()
