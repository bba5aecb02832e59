"""A real browser that logs in to Kubeflow: `python -m tests.nested.browser URL <credentials.json` prints what it saw.

A program of its own, as it may have to run in another network than the tests do. Credentials come by standard input,
an object with `username` and `password`, so that no command line holds them.
"""

import json
import os
import sys
from dataclasses import asdict, dataclass
from tempfile import TemporaryDirectory

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.wait import WebDriverWait

from testbed.waiting import patient

PAGE_SECONDS = 30
CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
OPTIONS = (
    "--headless=new",
    # Root is refused a sandbox, and /dev/shm may be small.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    # It is to talk to Kubeflow alone.
    "--disable-background-networking",
    "--no-proxy-server",
)


@dataclass(frozen=True)
class Page:
    """What a user sees of a page."""

    url: str
    title: str
    text: str


def main() -> None:
    """Opens the page, fills in the form that it leads to, and prints both pages, as `before` and `after`."""
    credentials = json.load(sys.stdin)
    # Nothing of a browser that ran is kept, and nothing in the home of the user who runs it.
    with TemporaryDirectory(prefix="vk8s-browser-") as home:
        os.environ.update({"HOME": home, "TMPDIR": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home})
        driver = _start()
        try:
            before = _open(driver, sys.argv[1])
            after = _log_in(driver, credentials)
        finally:
            driver.quit()
    json.dump({"before": asdict(before), "after": asdict(after)}, sys.stdout)


def _start() -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for option in OPTIONS:
        options.add_argument(option)
    driver = webdriver.Chrome(options, Service(DRIVER))
    driver.set_page_load_timeout(patient(PAGE_SECONDS))
    return driver


def _open(driver: webdriver.Chrome, url: str) -> Page:
    driver.get(url)
    return _see(driver)


def _log_in(driver: webdriver.Chrome, credentials: dict[str, str]) -> Page:
    driver.find_element(By.NAME, "login").send_keys(credentials["username"])
    field = driver.find_element(By.NAME, "password")
    field.send_keys(credentials["password"])
    field.submit()
    WebDriverWait(driver, patient(PAGE_SECONDS)).until(staleness_of(field))
    return _see(driver)


def _see(driver: webdriver.Chrome) -> Page:
    return Page(driver.current_url, driver.title, driver.find_element(By.TAG_NAME, "body").text)


if __name__ == "__main__":
    main()
