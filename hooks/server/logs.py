"""The format of log lines, uvicorn's included. None has the message of an exception, which may repeat the request."""

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final

from hooks.settings import LogFormat

_FRAMES: Final = 4
ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def configure_logs(log_format: LogFormat) -> None:
    """Writes every log line of the process to standard error, in that format."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def describe_exception(error: BaseException) -> str:
    """Type and place of an exception, without its message, which may repeat the request."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames)]
    return f"{type(error).__name__} at {' < '.join(places)}"


class TextFormatter(logging.Formatter):
    """A record as one line for people."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The line; characters that are not printable, such as line breaks, are escaped."""
        line = super().format(record)
        return line if line.isprintable() else "".join(map(_escape, line))

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802 the name is the base class's
        """Type and place."""
        return describe_exception(ei[1]) if ei[1] else ""


class JsonFormatter(TextFormatter):
    """A record as one JSON object per line. Named arguments of the record become fields of the object."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        own = {"time": time, "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        failure = {"exception": self.formatException(record.exc_info)} if record.exc_info else {}
        fields = record.args if isinstance(record.args, Mapping) else {}
        return json.dumps({**fields, **own, **failure})


def _escape(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()
