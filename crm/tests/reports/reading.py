"""What a person reads on a report's page."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """`words` is all text; `table` the texts of the cells by part; `ready` the ready ranges'
    addresses, `chosen` how many of them are marked; `following` the next page's address."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.table: dict[str, list[list[str]]] = {"thead": [], "tbody": [], "tfoot": []}
        self.ready: list[str] = []
        self.rows_links: list[str] = []
        self.chosen = 0
        self.following = self.described = self.part = self.silent = self.nav = ""
        self.in_cell = False
        self.feed(content.decode())

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag in ("script", "style"):
            self.silent = tag
        elif tag == "nav":
            self.nav = named.get("aria-label") or ""
        elif tag == "a":
            self.read_link(named)
        elif tag in self.table:
            self.part = tag
        elif self.part and tag == "tr":
            self.table[self.part].append([])
        elif self.part and tag in ("th", "td"):
            self.table[self.part][-1].append("")
            self.in_cell = True
        if named.get("role") == "img":
            self.described = named.get("aria-label") or ""

    def read_link(self, named: dict[str, str | None]) -> None:
        if self.nav == "Ready ranges":
            self.ready.append(named["href"] or "")
            self.chosen += "aria-current" in named
        if named.get("rel") == "next":
            self.following = named["href"] or ""
        if self.part == "tbody":
            self.rows_links.append(named["href"] or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == self.silent:
            self.silent = ""
        if tag == self.part:
            self.part = ""
        if tag in ("th", "td"):
            self.in_cell = False

    def handle_data(self, data: str) -> None:
        if self.silent:
            return
        self.texts.append(data)
        if self.part and self.in_cell:
            self.table[self.part][-1][-1] += data


def words(content: bytes) -> str:
    return Page(content).words
