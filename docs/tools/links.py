"""A hook of MkDocs: pages from outside of docs/, and links to files outside of the site.

README.md and others at the top level stay where they are, to be read there, too. A link to a file that is no page
becomes its path; a broken link is a warning, and so an error with `--strict`.
"""

import logging
import posixpath
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).parent.parent.parent
# Pages of the site, by their path there, that are files of the project elsewhere than in docs/.
PAGES: Final = {
    "index.md": "README.md",
    "ko.md": "README.ko.md",
    "contributing.md": "CONTRIBUTING.md",
    "security.md": "SECURITY.md",
    "changelog.md": "CHANGELOG.md",
    "images.md": "images/README.md",
}
# Directories with a page that describes them.
_DIRECTORIES: Final = {"docs/decisions": "decisions/index.md", "docs": "index.md"}
_SITE: Final = {file: page for page, file in PAGES.items()} | _DIRECTORIES
_LINK: Final = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_CODE: Final = re.compile(r"(^```.*?^```$|^ +```.*?^ +```$)", re.MULTILINE | re.DOTALL)
_log: Final = logging.getLogger("mkdocs.hooks.links")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages from elsewhere."""
    for page, file in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / file).read_text()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 MkDocs passes them
    """The page with links as they are right in the site. A decision, which is in no menu, leads back to all of them."""
    source = page.file.src_uri
    back = "\n\n[All decisions](index.md)\n" if source.startswith("decisions/0") else ""
    return rewrite(markdown, source, _log.warning) + back


def rewrite(markdown: str, page: str, warn: Callable[[str], object]) -> str:
    """The text of `page` with links that are correct in the site. `warn` is called for each broken link."""
    parts = _CODE.split(markdown)
    return "".join(part if index % 2 else _rewrite_prose(part, page, warn) for index, part in enumerate(parts))


def _rewrite_prose(text: str, page: str, warn: Callable[[str], object]) -> str:
    def replace(link: re.Match[str]) -> str:
        mark, words, target = link.groups()
        path, _, anchor = target.partition("#")
        if not path or "://" in path or path.startswith("mailto:"):
            return link[0]
        file = posixpath.normpath(posixpath.join(posixpath.dirname(locate(page)), path))
        inside = find_page(file)
        if inside:
            way = posixpath.relpath(inside, posixpath.dirname(page) or ".")
            return f"{mark}[{words}]({way}{'#' + anchor if anchor else ''})"
        # What is outside of the project is there on this machine alone, if at all.
        if file.startswith(("/", "..")) or not (ROOT / file).exists():
            warn(f"{page} has a link to {target}, and there is no {file}")
        return f"`{file}`" if file.endswith(words.strip("`")) else f"{words} (`{file}`)"

    return _LINK.sub(replace, text)


def locate(page: str) -> str:
    """Path in the project of a page of the site."""
    return PAGES.get(page, f"docs/{page}")


def find_page(file: str) -> str | None:
    """The page of the site, or the picture in it, that a file of the project is; None for all others."""
    if file in _SITE:
        return _SITE[file]
    return file.removeprefix("docs/") if file.startswith("docs/") and (ROOT / file).is_file() else None
