"""Run the demo company's sites: `python -m demo`."""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from demo.content import ContentError, read_content
from demo.page import address
from demo.server import HOST, Server, publish
from demo.shelf import Published, Shelf, ShelfError

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)
app = typer.Typer(add_completion=False)

PORT = 8710
"""The port that the addresses in `demo/config/targets` fall back to."""


@app.command()
def run(
    port: Annotated[int, typer.Option(envvar="MOLVA_DEMO_PORT", help="Port on 127.0.0.1; 0 takes a free one.")] = PORT,
    data: Annotated[Path, typer.Option(envvar="MOLVA_DATA", help="Folder that keeps what was published and when.")] = Path("data"),
    interval: Annotated[float, typer.Option(envvar="MOLVA_DEMO_INTERVAL", min=0.1, help="Seconds between two new posts.")] = 40,
) -> None:
    """Serve the demo's blog and review sites on loopback, and publish a new post now and then.

    To collect it, set MOLVA_CONFIG to demo/config, and MOLVA_DEMO_PORT to the port if it isn't the default one.
    """
    try:
        content = read_content()
        shelf = Shelf(content, data / "demo-published.json", datetime.now(UTC))
        server = Server(shelf, port)
    except (ContentError, ShelfError) as error:
        errors.print(f"[red]{error}[/red]")
        raise typer.Exit(1) from None
    except OSError as error:
        errors.print(f"[red]Port {port} on {HOST} can't be used ({error.strerror}): set MOLVA_DEMO_PORT or --port to another one.[/red]")
        raise typer.Exit(1) from None
    console.print(f"Demo sites: http://{HOST}:{server.port}/")
    console.print(f"{len(shelf.published())} posts are out; {shelf.waiting} more come, one every {interval:g} s.")
    _serve(server, interval)


def _serve(server: Server, interval: float) -> None:
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    threads = [
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True),
        threading.Thread(target=publish, args=(server.shelf, interval, stop, _tell), daemon=True),
    ]
    for thread in threads:
        thread.start()
    stop.wait()
    server.shutdown()
    server.server_close()


def _tell(post: Published | None) -> None:
    if post is None:
        console.print("Everything that was written for the demo is published; the sites stay open, nothing new will come.")
    else:
        console.print(f"{post.moment:%H:%M:%S} published {address(post)} by {post.story.name}")


if __name__ == "__main__":
    app(prog_name="python -m demo")
