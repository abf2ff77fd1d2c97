"""A small phpBB on loopback: four topics a page of its board, three posts a page of a topic, the visit's number in every link."""

from __future__ import annotations

from tests.site import Answer, Request, Site


class Phpbb:
    """Topic N has posts N00, N01, …; `order` is that of their last posts."""

    def __init__(self, running: Site) -> None:
        self.site, self.visits = running, 0
        self.topics = {number: [number * 100] for number in range(1, 11)}
        self.order = list(range(10, 0, -1))
        running.pages["/viewforum.php"], running.pages["/viewtopic.php"] = self.board, self.topic

    def write(self, topic: int, posts: int = 1) -> None:
        """Somebody writes; the topic goes up."""
        for _ in range(posts):
            self.topics[topic].append(topic * 100 + len(self.topics[topic]))
        self.order = [topic, *(each for each in self.order if each != topic)]

    def asked(self) -> list[str]:
        """What was asked for since the last time, shortened, in order."""
        paths = [path.replace("/viewforum.php?f=7", "board").replace("/viewtopic.php?f=7&t=", "t") for path in self.site.paths()]
        self.site.asked.clear()
        return paths

    def sid(self) -> str:
        self.visits += 1
        return f"sid={self.visits:032x}"

    def board(self, request: Request) -> Answer:
        start = int(request.path.partition("start=")[2] or 0)
        lines = [self.line(1, "row sticky"), *(self.line(topic, "row") for topic in self.order[start : start + 4])]
        more = self.more(f"./viewforum.php?f=7&amp;{self.sid()}&amp;start={start + 4}") if start + 4 < len(self.order) else ""
        topics = f'<ul class="topiclist topics">{"".join(lines)}</ul>'
        return Answer(f'<html><body><h2 class="forum-title">Банки</h2>{topics}{more}</body></html>')

    def line(self, topic: int, kind: str) -> str:
        posts = self.topics[topic]
        title = f'<a class="topictitle" href="./viewtopic.php?f=7&amp;t={topic}&amp;{self.sid()}">Тема {topic}</a>'
        counts = f'<dd class="posts">{len(posts) - 1}</dd><dd class="views">1 00{topic % 10}</dd>'
        last = f'<dd class="lastpost"><a href="./viewtopic.php?p={posts[-1]}&amp;{self.sid()}#p{posts[-1]}">#</a></dd>'
        return f'<li class="{kind}">{title}<dl>{counts}{last}</dl></li>'

    def topic(self, request: Request) -> Answer:
        topic = int(request.path.partition("t=")[2].partition("&")[0])
        start = int(request.path.partition("start=")[2] or 0)
        posts = self.topics[topic]
        more = self.more(f"./viewtopic.php?f=7&amp;t={topic}&amp;start={start + 3}&amp;{self.sid()}") if start + 3 < len(posts) else ""
        return Answer(f"<html><body>{''.join(map(self.post, posts[start : start + 3]))}{more}</body></html>")

    def post(self, number: int) -> str:
        link = f'<a href="./viewtopic.php?p={number}&amp;{self.sid()}#p{number}">#</a>'
        author = f'<strong><a href="./memberlist.php?u={number % 3}">Клиент {number % 3}</a></strong>'
        head = f'<p class="author">{link} {author} » 03 сен 2026, 21:{number % 60:02}</p>'
        return f'<div class="post" id="p{number}">{head}<div class="content">Вестарна, запись {number}</div></div>'

    def more(self, address: str) -> str:
        return f'<p class="display-options"><a class="right-box" href="{address}">след.</a></p>'
