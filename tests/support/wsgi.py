"""The API as a WSGI application, for tools that call it by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from tests.support.api import Api

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def wsgi_of(api: Api) -> Application:
    """The caller's token is for the tool to send."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = quote(environ["PATH_INFO"].encode("latin-1"))
        query = environ.get("QUERY_STRING", "")
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").title(): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or (name == "CONTENT_TYPE" and value)
        }
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        answer = api.http.http.request(
            environ["REQUEST_METHOD"], f"{path}?{query}" if query else path, headers=headers, body=body
        )
        status = f"{answer.status_code} {HTTPStatus(answer.status_code).phrase}"
        start_response(status, list(answer.headers.items()))
        return [answer.body]

    return application
