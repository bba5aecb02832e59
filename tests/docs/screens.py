"""What a reader's browser makes of a page: Debian's Chromium, with a window of a given size."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from testbed.waiting import patient
from tests.nested.browser import CHROMIUM, DRIVER, OPTIONS, PAGE_SECONDS

HEIGHT: Final = 900
# Elements of the text that show less than they have, and what of the page is outside of the window.
_MEASURE: Final = """
const cut = [...document.querySelectorAll("article *")].filter(each => {
  const style = getComputedStyle(each);
  return style.overflowX !== "visible" && style.display !== "inline" && each.scrollWidth > each.clientWidth + 1;
});
const page = document.documentElement;
return {cut: cut.map(each => each.innerText.slice(0, 60)), outside: Math.max(0, page.scrollWidth - page.clientWidth)};
"""


@dataclass(frozen=True)
class Shown:
    """A page as it is shown: the beginning of each block that is cut, and how many pixels only scrolling reaches."""

    cut: list[str]
    outside: int


@dataclass(frozen=True)
class Browser:
    """A browser that shows files."""

    driver: webdriver.Chrome

    def open(self, page: Path) -> None:
        """Loads a page."""
        self.driver.get(page.as_uri())

    def measure(self, width: int) -> Shown:
        """The page in a window of that width."""
        size = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        return Shown(**self.driver.execute_script(_MEASURE))

    def run(self, script: str) -> None:
        """Runs a script in the page."""
        self.driver.execute_script(script)

    def photograph(self, file: Path) -> None:
        """Writes what the window shows."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(self.driver.get_screenshot_as_png())


@contextmanager
def open_browser(home: Path) -> Iterator[Browser]:
    """A browser that keeps nothing, and writes nothing into the home of the user."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for option in (*OPTIONS, "--hide-scrollbars"):
        options.add_argument(option)
    places = {name: str(home) for name in ("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    driver = webdriver.Chrome(options, Service(DRIVER, env={**os.environ, **places}))
    try:
        driver.set_page_load_timeout(patient(PAGE_SECONDS))
        yield Browser(driver)
    finally:
        driver.quit()
