"""A headless browser that loads a page, runs a script in it, and gives back what the page has become."""

import json
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
SECONDS = 60
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-extensions", "--no-first-run", "--window-size=1300,900")


class Text(HTMLParser):
    """The text of the element with an id, and all elements of a page with their attributes."""

    def __init__(self, page: str, wanted: str = "") -> None:
        super().__init__()
        self.found = ""
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._wanted, self._open = wanted, 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open += bool(self._open) or dict(attrs).get("id") == self._wanted

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._open -= bool(self._open)

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found += data


def run(page: str, script: str, given: object, folder: Path, anchor: str = "") -> Any:
    """What a script of this folder returns that is called with `given` once the page is there."""
    source = (Path(__file__).parent / script).read_text(encoding="utf-8")
    harness = (
        '<script type="application/json" id="given">' + json.dumps(given).replace("<", "\\u003c") + "</script>"
        "<script>{ const out = document.createElement('output'); out.id = 'answered'; let answer;"
        f"try {{ answer = (\n{source})(JSON.parse($('given').textContent)); }}"
        "catch (error) { answer = { error: error.stack }; }"
        "out.textContent = JSON.stringify(answer); document.body.replaceChildren(out); }</script>"
    )
    path = folder / "page.html"
    path.write_text(page.replace("</body>", f"{harness}</body>"), encoding="utf-8")
    assert BROWSER is not None
    command = [BROWSER, *FLAGS, f"--user-data-dir={folder / 'profile'}", "--dump-dom", f"{path.as_uri()}{anchor}"]
    done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=True, text=True)
    return json.loads(Text(done.stdout, "answered").found)
