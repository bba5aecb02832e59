"""Calls of hooks over loopback, by a client that takes little time itself."""

import time
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from urllib.parse import urlsplit


def time_calls(url: str, body: str, count: int) -> list[float]:
    """Milliseconds of each of `count` calls, with the answer read."""
    taken = []
    with closing(HTTPConnection(urlsplit(url).netloc)) as connection:
        for _ in range(count):
            start = time.perf_counter()
            connection.request("POST", urlsplit(url).path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            content = response.read()
            taken.append((time.perf_counter() - start) * 1000)
            assert response.status == HTTPStatus.OK, content
    return taken
