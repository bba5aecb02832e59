"""The site in a browser: nothing is cut off on a desktop, and no page is wider than a telephone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.tools.links import PAGES
from tests.docs.screens import Browser, open_browser
from tests.nested.browser import CHROMIUM, DRIVER
from tests.shared_material import ROOT

DESKTOP, TELEPHONE = 1400, 400
SCREENS = ROOT / "build" / "screens"
# To be looked at by people.
SHOWN = {"index.md", "how-it-works.md", "reference/vk8s.md"}
SOURCES = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]

pytestmark = pytest.mark.skipif(
    not (Path(CHROMIUM).exists() and Path(DRIVER).exists()),
    reason="needs Debian's chromium and chromium-driver, which `make test` installs",
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.mark.parametrize("page", sorted([*SOURCES, *PAGES]))
def test_page_is_shown_whole(page: str, site: Path, browser: Browser) -> None:
    browser.open((site / page).with_suffix(".html"))
    for width in (TELEPHONE, DESKTOP):
        shown = browser.measure(width)
        if page in SHOWN:
            browser.photograph(SCREENS / f"{page.replace('/', '-').removesuffix('.md')}-{width}.png")
        assert shown.outside == 0, f"{page} is {shown.outside} pixels wider than a window of {width}"
    assert shown.cut == [], f"{page}: break the long lines of these blocks"


@pytest.mark.parametrize(
    ("html", "is_cut", "is_outside"),
    [
        (f"<pre><code>{'x' * 300}</code></pre>", True, False),
        (f"<div style='overflow-x: auto'><table><td>{'x' * 300}</td></table></div>", True, False),
        ("<div style='width: 2000px'>wide</div>", False, True),
        ("<pre><code>short</code></pre>", False, False),
    ],
    ids=["a block", "a table that scrolls", "an element that does not", "a short block"],
)
def test_block_that_does_not_fit_is_found(
    html: str, site: Path, browser: Browser, *, is_cut: bool, is_outside: bool
) -> None:
    browser.open(site / "glossary.html")
    browser.run(f'document.querySelector("article").innerHTML = "{html}"')
    shown = browser.measure(DESKTOP)
    assert (shown.cut != [], shown.outside > 0) == (is_cut, is_outside)
