"""The prose of a file of each kind, with everything else blanked, so that each word stays on its line.

Prose is a page of Markdown, a comment, a docstring, a string with a space in it, and a description, summary or message
in YAML. What is quoted is exempt: code spans, fenced blocks, "quotations", targets of links, names of files, and tables
that `make bench` writes.
"""

import io
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import yaml

Span = tuple[int, int]

_QUOTED: Final = (
    re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL),
    re.compile(r"^<!-- table: .*?^<!-- end -->$", re.MULTILINE | re.DOTALL),
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"`[^`]+`"),
    re.compile(r"(?<=\])\([^)\s]+\)"),
    re.compile(r'"[^"\n]*(?:\n[^"\n]+)?"'),
)
# In code, names stand in prose without backticks: of files, of roles and other values, of what a program has.
_NAMES: Final = re.compile(
    r"[\w./*<>-]*\.(?:py|sh|go|json|ya?ml|md|toml|service)\b"
    r"|\brole:? (?:write )?\w+|(?<!\w)'\w+'(?!\w)"
    r"|\{[^{}\n]*\}|\$\w+"
)
# In the changelog, what is released is history.
_RELEASED: Final = re.compile(r"^## \[?\d.*", re.MULTILINE | re.DOTALL)
_ESCAPE: Final = re.compile(r"\\.")
# From the mark of one comment to that of the next, which is on the line below.
_FOLLOWING: Final = re.compile(r"([#/])[ \t]*\n[ \t]*\1")
_STRING: Final = re.compile(r"([A-Za-z]*)(\"\"\"|'''|[\"'])(.*)\2", re.DOTALL)
_COMMENT_MARKS: Final = re.compile(r"^\s*(?:#+|//+|/\*)|\*/$", re.MULTILINE)
_SHELL: Final = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*"|\\.|(?:^|(?<=\s))#[^\n]*""", re.MULTILINE | re.DOTALL)
_GO: Final = re.compile(r'`[^`]*`|"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/|\'(?:\\.|[^\'\\])\'', re.DOTALL)
_YAML_COMMENT: Final = re.compile(r"(?:^|(?<=\s))#[^\n]*", re.MULTILINE)
_YAML_TEXTS: Final = ("description", "message", "summary")


def read_prose(path: Path) -> str:
    """The prose of a file. Same length and same lines as the file; whatever is not prose is blank."""
    text = path.read_text()
    return _READERS.get(path.suffix or path.name, _read_shell)(text)


def _read_page(text: str) -> str:
    return blank_all(text, (*_QUOTED, _RELEASED))


def _read_python(text: str) -> str:
    starts = _list_line_starts(text)
    kinds = (tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING))
    tokens = [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type in kinds]
    return _keep(text, ((starts[t.start[0]] + t.start[1], starts[t.end[0]] + t.end[1]) for t in tokens))


def _list_line_starts(text: str) -> list[int]:
    """Where each line of a text begins; lines are counted from 1, as `tokenize` does."""
    starts = [0, 0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _read_shell(text: str) -> str:
    return _keep(text, (found.span() for found in _SHELL.finditer(text)))


def _read_go(text: str) -> str:
    return _keep(text, (found.span() for found in _GO.finditer(text)))


def _read_yaml(text: str) -> str:
    """Comments, and the values of `description`, `message` and `summary`."""
    values = [span for document in yaml.compose_all(text) for span in _list_texts(document)]
    comments = [found.span() for found in _YAML_COMMENT.finditer(text)]
    outside = [(start, end) for start, end in comments if not any(first <= start < last for first, last in values)]
    return _keep(text, sorted([*values, *outside]))


def _list_texts(node: yaml.Node | None) -> Iterator[Span]:
    if isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            yield from _list_texts(entry)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value in _YAML_TEXTS and isinstance(value, yaml.ScalarNode):
                yield value.start_mark.index, value.end_mark.index
            else:
                yield from _list_texts(value)


_READERS: Final[dict[str, Callable[[str], str]]] = {
    ".md": _read_page,
    ".py": _read_python,
    ".go": _read_go,
    ".yaml": _read_yaml,
}


def _keep(text: str, spans: Iterable[Span]) -> str:
    """The text with nothing left but the prose at these places, which are in order and apart."""
    kept: list[str] = []
    end = 0
    for start, stop in _join_comments(text, spans):
        kept += [_blank(text[end:start]), _read_piece(text[start:stop])]
        end = stop
    return "".join([*kept, _blank(text[end:])])


def _join_comments(text: str, spans: Iterable[Span]) -> list[Span]:
    """The places, with comments on lines below each other as one: a quotation may go from one into the next."""
    joined: list[Span] = []
    for span in spans:
        if joined and _FOLLOWING.fullmatch(text[joined[-1][0]] + text[joined[-1][1] : span[0] + 1]):
            joined.append((joined.pop()[0], span[1]))
        else:
            joined.append(span)
    return joined


def _read_piece(piece: str) -> str:
    """A comment or string without its marks and whatever is exempt in it; nothing of a string that has no space."""
    if piece[0] in "#/":
        return blank_all(piece, (_COMMENT_MARKS, *_QUOTED, _NAMES))
    if not re.search(r"\s", piece):
        return _blank(piece)
    if string := _STRING.fullmatch(piece):
        prefix, quote, inner = string.groups()
        piece = f"{_blank(prefix + quote)}{inner}{_blank(quote)}"
    return blank_all(piece.replace('\\"', ' "'), (*_QUOTED, _ESCAPE, _NAMES))


def blank_all(text: str, patterns: Iterable[re.Pattern[str]]) -> str:
    """The text in which everything that matches one of the patterns is blanked, in their order."""
    for pattern in patterns:
        text = pattern.sub(_blank_match, text)
    return text


def _blank_match(found: re.Match[str]) -> str:
    return _blank(found[0])


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)
