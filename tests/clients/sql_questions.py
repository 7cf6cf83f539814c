"""Asking SQL over HTTP as the tests see it: lines read as they come, errors with their place."""

import json
from dataclasses import dataclass, field

import requests

TIMEOUT_SECONDS = 60


@dataclass
class Answer:
    """A whole answer: columns as pairs of name and type, rows, what was said at the end."""

    columns: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    done: dict = None
    progress: list = field(default_factory=list)


class Refused(Exception):
    """The server did not answer; `status` is 200 where it had begun to."""

    def __init__(self, status, error):
        super().__init__(f"{status} {error}")
        self.status = status
        self.error = error


def post(server, body, path="sql", **parameters):
    """The bare response, of which nothing has been read yet."""
    return requests.post(
        f"{server.url}/api/v1/{path}",
        params=parameters,
        data=body if isinstance(body, (str, bytes)) else json.dumps(body),
        headers={"Authorization": f"Bearer {server.api_token}", "Content-Type": "application/json"},
        timeout=TIMEOUT_SECONDS,
        stream=True,
    )


def ask(server, sql, **more):
    """The whole answer to a text."""
    response = post(server, {"sql": sql} | more)
    if response.status_code != 200:
        raise Refused(response.status_code, response.json()["error"])
    assert response.headers["Content-Type"] == "application/x-ndjson"
    assert response.headers["Cache-Control"] == "no-store"
    answer = Answer()
    for line in response.iter_lines():
        said = json.loads(line)
        assert len(said) == 1, said
        assert answer.done is None, f"{said} after the end"
        if "error" in said:
            raise Refused(200, said["error"])
        if "columns" in said:
            assert not answer.columns and not answer.rows
            answer.columns = [(column["name"], column["type"]) for column in said["columns"]]
        answer.rows += said.get("rows", [])
        answer.progress += [said["progress"]] if "progress" in said else []
        answer.done = said.get("done")
    assert answer.done is not None, "the answer was cut"
    assert answer.done["rows"] == len(answer.rows)
    return answer


def value(server, sql):
    """The one value of an answer."""
    [[only]] = ask(server, sql).rows
    return only
