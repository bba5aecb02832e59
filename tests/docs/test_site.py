"""`make docs`: the site is whole."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from docs.tools.links import PAGES
from tests.docs.conftest import build_site
from tests.shared_material import ROOT

HOW_TO = sorted((ROOT / "docs" / "how-to").glob("*.md"))


def test_every_page_is_there(site: Path) -> None:
    sources = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    missing = [page for page in [*sources, *PAGES] if not (site / page).with_suffix(".html").is_file()]
    assert missing == [], "list these pages in mkdocs.yml"


def test_site_fetches_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        found = re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="?(https?:[^">]*)', page.read_text())
        assert [url for url in found if "rel=canonical" not in url] == [], page


def test_every_page_leads_to_another_one(site: Path) -> None:
    """In its own text: menus and "previous" and "next" come on top of that."""
    for page in site.rglob("*.html"):
        article = page.read_text().partition("<article")[2].partition("</article>")[0]
        ways = [urlsplit(link).path for link in re.findall(r'<a [^>]*?href="?([^" >]+)', article)]
        others = [way for way in ways if way.endswith(".html") and (page.parent / way).resolve() != page.resolve()]
        assert others or page.name == "404.html", f"{page.relative_to(site)} is a dead end: add a link to its text"


@pytest.mark.parametrize("readme", ["README.md", "README.ko.md"])
def test_readme_lists_every_page(readme: str) -> None:
    """Decisions have an index; of the page in two languages, each has its own."""
    text = (ROOT / readme).read_text()
    listed = set(re.findall(r"\]\(([^)#]+)", text[text.index("| | |\n|---|---|\n") :]))
    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md") if path.name[0] != "0"}
    other = "docs/from-the-operator.md" if readme.endswith(".ko.md") else "docs/from-the-operator.ko.md"
    assert pages - listed - {"docs/decisions/index.md", other} == set(), f"list these pages in {readme}"


@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: str(page.stem))
def test_how_to_ends_with_what_comes_next(page: Path) -> None:
    _, *sections = re.split("^## ", page.read_text(), flags=re.MULTILINE)
    assert sections[-1].startswith("Next\n"), "end the page with a section Next"
    assert re.search(r"\]\((?!http|#)", sections[-1]), "link to another page"


def test_every_question_has_an_answer_that_leads_on() -> None:
    _, *entries = re.split("^#{2,3} ", (ROOT / "docs" / "faq.md").read_text(), flags=re.MULTILINE)
    answers = dict(entry.split("\n", maxsplit=1) for entry in entries)
    questions = [each for each in answers if each not in ("Before you decide", "Use", "Run")]
    assert len(questions) >= 20
    assert [each for each in questions if not each.endswith("?") or "](" not in answers[each]] == []


def test_every_decision_is_in_the_index() -> None:
    index = (ROOT / "docs" / "decisions" / "index.md").read_text()
    files = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("0*.md"))
    assert re.findall(r"\(([^)]+\.md)\)", index) == files, "list each decision in docs/decisions/index.md, in order"


@pytest.mark.parametrize("text", ["[a](nowhere.md)", "[a](#nowhere)", "[a](../nowhere.py)"])
def test_broken_link_fails_the_build_of_the_site(text: str, tmp_path: Path) -> None:
    """A site with one page, that of the licences, under the rules of the whole."""
    rules = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "licences.md").write_text(f"# Title\n{text}\n")
    kept = {key: rules[key] for key in ("site_name", "theme", "validation", "markdown_extensions")}
    # README.md and the others would be in it, and their links lead to pages that are not.
    (tmp_path / "hook.py").write_text("from docs.tools.links import on_page_markdown\n")
    configuration = tmp_path / "mkdocs.yml"
    configuration.write_text(yaml.safe_dump({**kept, "docs_dir": str(docs), "hooks": [str(tmp_path / "hook.py")]}))
    result = build_site(configuration, tmp_path / "site")
    assert result.returncode == 1
    assert "nowhere" in result.stderr
