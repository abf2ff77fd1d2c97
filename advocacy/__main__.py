"""Commands: load what is tagged, rebuild the index, forget a post, correct a mention, print online NPS.

The rule to know: 0 is done, 1 the work failed and stderr says in one sentence what to do, 2 the command or the
configuration is wrong.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Literal, TypeVar, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from advocacy import correct as correcting
from advocacy import exported
from advocacy import forget as forgetting
from advocacy import load as loading
from advocacy.correction import HEADS, Correction, Value, WrongCorrection, contradictions_of, written
from advocacy.desk import Desk, DeskUnavailable, open_desk
from advocacy.measures import basis, nps_by, nps_change, nps_trend, online_nps, reach_by_stance, reach_of_copies
from advocacy.missing import uneven
from advocacy.report import Report
from advocacy.sighting import Sighting
from crawlers.brand import Brand, read_brands
from crawlers.health import Health, health
from crawlers.place import config_folder, data_folder
from crawlers.post import iso
from crawlers.yamlfile import ConfigError
from index import open_index
from index.period import beginning
from index.query import UNKNOWN, Facet, Index, IndexUnavailable, Interval, Level, Query
from nlp.classifier import ModelError
from nlp.mention import ROLES, Role
from nlp.tag import TagError
from nlp.whole import whole

T = TypeVar("T")
Relation = Role | Literal["unknown"]
app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="What is tagged becomes figures: load it into the index, rebuild the index, forget a post, correct a mention, print online"
    " NPS.\n\n"
    "MOLVA_DATA is the data folder (data), MOLVA_CONFIG the folder of brands and targets (dags), MOLVA_INDEX the index"
    " (an http address is Elasticsearch; else a folder, MOLVA_DATA/index), MOLVA_DESK the database of people's work"
    " (sqlite:///… or postgresql://…; MOLVA_DATA/desk.sqlite).",
)

FACETS: Mapping[str, Facet] = {facet.value: facet for facet in Facet if facet not in (Facet.STANCE, Facet.COPY_OF)}
INTERVALS: Mapping[str, Interval] = {every: every for every in get_args(Interval)}
RELATIONS: Mapping[str, Relation] = {**{role: role for role in ROLES}, "none": "none", UNKNOWN: "unknown"}
MADE = "it is made now"
LEVELS: Mapping[str, Level] = {level: level for level in get_args(Level)}


@app.command()
def load() -> None:
    """Load every tagged batch that is not in the index yet, and bring its authors' ledgers up to date.

    May be killed and run again at any time. After brands or model changed, says how many batches are still to be tagged,
    and rebuilds the index when none is.
    """
    with told(), opened(MADE) as index, shown("Loading") as progress:
        done = loading.load(index, data=data_folder(), config=config_folder(), progress=progress)
    typer.echo(str(done))


@app.command()
def rebuild() -> None:
    """Make the whole index anew from the tagged batches; readers go on with the old one until it is done."""
    with told(), opened(MADE) as index, shown("Rebuilding") as progress:
        done = loading.rebuild(index, data=data_folder(), config=config_folder(), progress=progress)
    typer.echo(str(done))


@app.command()
def forget(
    posts: Annotated[
        list[str],
        typer.Argument(metavar="POST…", help="Ids of posts as `index search` shows them, ids of mentions, or addresses of posts."),
    ],
) -> None:
    """Take posts out of the index for good: a later load or rebuild does not bring them back, to any index of this data.

    A name that neither the index nor a tagged batch knows, or an address at which several posts stand, is told on stderr:
    the others are forgotten, and the exit code is 1. Raw and tagged batches in the data folder still hold the posts.
    """
    with told(), opened() as index:
        named = forgetting.posts_named(index, posts, data=data_folder())
        wanted = {post for found in named.values() if len(found) == 1 for post in found}
        if wanted:
            held = forgetting.forget(index, wanted, data=data_folder())
            typer.echo(f"forgotten: {held} of the index, {len(wanted)} will never be loaded again")
    doubtful = {name: sorted(found) for name, found in named.items() if len(found) != 1}
    for name, found in doubtful.items():
        if found:
            typer.echo(f"{name} is the address of {len(found)} posts: give the id of one, {loading.some(found)}", err=True)
        else:
            typer.echo(f"{name} is known neither to the index nor to a tagged batch: give an id that `index search` shows", err=True)
    if doubtful:
        raise typer.Exit(1)


@app.command()
def nps(
    brand: Annotated[str, typer.Option(help="Name, alias or slug of a company in brands.yaml.")],
    product: Annotated[str | None, typer.Option(help="Slug of one of its products; means --level product.")] = None,
    level: Annotated[str, typer.Option(help="brand: opinions of the company as a whole; product: of its products.")] = "brand",
    since: Annotated[str | None, typer.Option(metavar="DATE", help="First day, 2026-03-01.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="The day after the last one.")] = None,
    zone: Annotated[str, typer.Option(help="Time zone of the days, as in Europe/Moscow.")] = "UTC",
    by: Annotated[str | None, typer.Option(help=f"Break down by one of: {', '.join(FACETS)}.")] = None,
    trend: Annotated[str | None, typer.Option(help="Also by day, week or month: authors by their last stance in each.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="Only authors of this relation, as client or ex_client; may be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of tables.")] = False,
) -> None:
    """Print online NPS of a company or product: authors by their last stance in the period, with a 95 % interval.

    Below it stand the authors it rests on, what was left out, reach, and with both --since and --until the change
    against the period of the same length before, with the days of either for which a target brought no data.
    """
    with told():
        where = reader_zone(zone)
        company = named(brand)
        if product is not None and company.product(product) is None:
            raise typer.BadParameter(f"{product!r} is none of {', '.join(p.slug for p in company.products) or 'its products: it has none'}")
        query = Query(
            level="product" if product else one_of(LEVELS, level, "--level"),
            brands=(company.slug,),
            products=(product,) if product else (),
            roles=tuple(one_of(RELATIONS, one, "--role") for one in role or ()),
            since=midnight(since, where, "--since"),
            until=midnight(until, where, "--until"),
        )
        if query.since and query.until and query.since >= query.until:
            raise typer.BadParameter("--since must be before --until, which is the day after the last one")
        facet = one_of(FACETS, by, "--by") if by else None
        every = one_of(INTERVALS, trend, "--trend") if trend else None
        with opened() as index:
            change = nps_change(index, query)
            compared = change is not None and change.value is not None
            report = Report(
                title=f"{company.label('en')}{f', {product}' if product else ''}: online NPS",
                query=query,
                nps=online_nps(index, query),
                basis=basis(index, query),
                reach=reach_by_stance(index, query),
                reach_of_copies=reach_of_copies(index, query),
                change=change,
                uneven=uneven(watched(), query, read_brands(config_folder()), where) if compared else None,
                by=by,
                parts=nps_by(index, query, facet) if facet else None,
                trend=nps_trend(index, query, every, where) if every else None,
            )
    if as_json:
        typer.echo(json.dumps(report.to_json(), ensure_ascii=False, indent=2))
    else:
        Console(width=None if sys.stdout.isatty() else 120).print(report.to_tables())


@app.command()
def correct(
    mention: Annotated[str, typer.Argument(metavar="MENTION", help="Its id, POST/BRAND/PRODUCT, as the dashboard and exports show it.")],
    head: Annotated[str, typer.Option(help=f"One of: {', '.join(HEADS)}.")],
    by: Annotated[str, typer.Option(help="Your name.")],
    value: Annotated[str | None, typer.Option(help="The right answer; several roles with commas between.")] = None,
    take_back: Annotated[bool, typer.Option("--take-back", help="Let the model's answer hold again.")] = False,
    note: Annotated[str | None, typer.Option(help="Why.")] = None,
) -> None:
    """Answer a head of a mention in the place of the model, from now on and after every load and rebuild.

    The head `exists` says wrong_brand or not_about_us of a mention that is none, and yes of one that the model missed. An answer
    that the model gave as well is kept as a confirmation. Roles and switch reach all mentions of the brand in the post.
    """
    if (value is None) != take_back:
        raise typer.BadParameter("give either --value or --take-back")
    with told(), opened() as index:
        answers = {mention: {head: None if value is None else written(head, value)}}
        done = correcting.correct(index, answers, by=by, note=note, data=data_folder(), config=config_folder())
        typer.echo("taken back" if take_back else "corrected")
        now = [each for each in correcting.mentions_of(index, [correcting.parts(mention)[0]]) if each.id == mention]
    for pair in contradictions_of(now[0]) if now else ():
        said = " and ".join(f"{each} {in_words(getattr(now[0], each))}" for each in pair)
        typer.echo(f"{said} contradict each other: correct the other one too", err=True)
    if not done:
        typer.echo("the index doesn't show it yet: `python -m nlp tag` and `python -m advocacy load` do the rest", err=True)


@app.command()
def corrections(
    review: Annotated[bool, typer.Option("--review", help="Only those not applied: the text has changed, the mention is gone.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of lines.")] = False,
) -> None:
    """List the corrections in force, oldest first. One under review is made again or taken back with `correct`."""
    with told():
        with closing(open_desk(data_folder())) as desk:
            known = desk.in_force()
        found: list[tuple[Correction, str | None]] = [(each, None) for each in known]
        if review:
            with opened() as index:
                found = [(each.correction, each.why) for each in correcting.review(index, known)]
    if as_json:
        rows = [asdict(each) | {"mention": each.mention, "made": iso(each.made), "review": why} for each, why in found]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for each, why in found:
        tail = "".join(f", {part}" for part in (each.note, why) if part)
        typer.echo(f"{each.mention} {each.head} = {in_words(each.value)}: {each.author}, {each.made:%Y-%m-%d %H:%M}{tail}")


@app.command()
def export_corrections(out: Annotated[Path, typer.Argument(metavar="OUT.jsonl", help="The file to write.")]) -> None:
    """Write the corrections as labelled records, for `python -m nlp train --corrections` and `python -m nlp evaluate`.

    One record for each post and company, and for each product, with the answers that people gave. Those under review are left out,
    answers about products that the model does not judge by themselves, and texts in a language that it does not read: how many of
    each stands on standard error. What the model answers to the same in use stands beside, and is scored by
    `python -m nlp evaluate OUT.jsonl --predicted`.
    """
    with told(), opened() as index, closing(open_desk(data_folder())) as desk, whole(out) as file:
        number, left_out = 0, Counter[str]()
        predicted = _predictions(index, desk)
        for number, record in enumerate(exported.records(index, desk, read_brands(config_folder()), predicted, left_out), 1):  # noqa: B007
            file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
    typer.echo(f"exported: {number} records")
    for why, answers in (+left_out).items():
        typer.echo(f"left out: {answers} answers {why}", err=True)


def _predictions(index: Index, desk: Desk) -> dict[str, Sighting]:
    """What the model answers to the corrected posts; what people said is worth exporting without it too."""
    try:
        with index.writing():
            return exported.predictions({each.post for each in desk.in_force()}, data=data_folder(), config=config_folder())
    except (loading.LoadError, ModelError, TagError) as error:
        typer.echo(f"without what the model answers, and answers about single products: {error}", err=True)
        return {}


@contextmanager
def opened(then: str = "`python -m advocacy load` makes it") -> Iterator[Index]:
    """The index, closed at the end. Where none was made yet, stderr says so and what then: MOLVA_INDEX may be mistyped."""
    index = open_index()
    try:
        missing = index.missing()
        yield index
        if missing:
            typer.echo(f"{missing}: {then}.", err=True)
    finally:
        index.close()


@contextmanager
def told() -> Iterator[None]:
    """What can go wrong, said on stderr, with its exit code."""
    try:
        yield
    except (ConfigError, WrongCorrection) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    except correcting.NotShown as error:
        typer.echo(f"kept, but the index can't show it until the next load: {error}", err=True)
        raise typer.Exit(1) from error
    except (IndexUnavailable, DeskUnavailable, loading.LoadError, forgetting.TombstoneError, ModelError, TagError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    except OSError as error:
        where, why = error.filename or data_folder(), error.strerror or error
        typer.echo(f"{where}: {why}: free space or mend its permissions, then run again.", err=True)
        raise typer.Exit(1) from error


@contextmanager
def shown(what: str) -> Iterator[loading.Progress]:
    """A progress bar on a terminal, a line for each batch elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda done, total: typer.echo(f"{what}: {done} of {total} batches", err=True)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("batches"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def in_words(value: Value | None) -> str:
    """An answer as people write it: several roles with commas between."""
    return ",".join(value) if isinstance(value, tuple) else str(value)


def watched() -> list[Health]:
    """How every target does now."""
    return health(config_folder(), data_folder(), datetime.now(UTC))


def named(brand: str) -> Brand:
    """The brand of this name. Raises typer.BadParameter with the known ones."""
    brands = read_brands(config_folder())
    if (found := brands.by_name(brand)) is None:
        raise typer.BadParameter(f"{brand!r} is none of the companies in brands.yaml: {', '.join(b.slug for b in brands.brands)}")
    return found


def one_of(known: Mapping[str, T], value: str, option: str) -> T:
    """What the option's word stands for. Raises typer.BadParameter with the known words."""
    if value not in known:
        raise typer.BadParameter(f"{option} is one of {', '.join(known)}, not {value!r}")
    return known[value]


def reader_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise typer.BadParameter(f"--zone: {name!r} is no time zone, write it as Europe/Moscow") from error


def midnight(day: str | None, zone: ZoneInfo, option: str) -> datetime | None:
    """The first moment of the day in the zone."""
    if day is None:
        return None
    try:
        return beginning(date.fromisoformat(day), zone)
    except ValueError as error:
        raise typer.BadParameter(f"{option}: {day!r} is no day of the calendar, write it as 2026-03-01") from error


if __name__ == "__main__":
    app()
