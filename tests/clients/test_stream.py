"""Live updates over real HTTP: a client that loses its connection comes back and misses nothing, and sees nothing twice."""

import json
import threading
import time
import uuid

import pytest
import requests

READ_SECONDS_MAX = 10


class LiveClient:
    """Reads server-sent events until told to stop; knows the id it would come back with, as a browser does."""

    def __init__(self, server, last_event_id=None):
        headers = {"Authorization": f"Bearer {server.api_token}", "Accept": "text/event-stream"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        self.answer = requests.get(
            f"{server.url}/api/v1/stream?topics=feed", headers=headers, stream=True, timeout=READ_SECONDS_MAX
        )
        assert self.answer.status_code == 200, self.answer.text
        assert self.answer.headers["Content-Type"].startswith("text/event-stream")
        self.events = parse(self.answer.iter_lines(chunk_size=1, decode_unicode=True))
        self.last_event_id = last_event_id

    def next(self, name):
        """The data of the next event of that name."""
        for event in self.events:
            self.last_event_id = event.get("id", self.last_event_id)
            if event.get("event") == name:
                return json.loads(event["data"])
        raise AssertionError("the stream ended")

    def items_until(self, correlation_id):
        """Feed items in the order they came, the one of this attempt last."""
        items = []
        while not any(item["request"]["id"] == f"corr:{correlation_id}" for item in items):
            feed = self.next("feed")
            assert feed["skipped"] == 0
            items += feed["items"]
        return items

    def cut(self):
        """Breaks the connection without a word."""
        self.answer.close()


def parse(lines):
    """Events as maps of their fields (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    event = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            if name:
                event[name] = value.removeprefix(" ")
        elif event:
            yield event
            event = {}


@pytest.fixture
def begin(logs, stream):
    """Begins so many attempts in one call each; their ids."""

    def begin(count):
        ids = [f"corr_{uuid.uuid4()}" for _ in range(count)]
        for correlation_id in ids:
            message = json.dumps({"event": "TOKEN_PROVISION_START", "correlationId": correlation_id})
            logs.put_log_events(**stream, logEvents=[{"timestamp": int(time.time() * 1000), "message": message}])
        return ids

    return begin


def attempts_of(items, wanted):
    ids = [item["request"]["id"].removeprefix("corr:") for item in items]
    return [each for each in ids if each in wanted]


def test_a_client_that_comes_back_misses_nothing_and_sees_nothing_twice(server, begin):
    client = LiveClient(server)
    client.next("open")
    sent = begin(5)
    seen = client.items_until(sent[-1])
    client.cut()

    sent += begin(7)
    for _ in range(2):
        client = LiveClient(server, client.last_event_id)
        more = begin(3)
        sent += more
        seen += client.items_until(more[-1])
        client.cut()

    assert attempts_of(seen, sent) == sent
    sequences = [item["sequence"] for item in seen]
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))


def test_a_client_cut_while_it_reads_misses_nothing(server, begin):
    """The connection breaks at any moment, also between two events of one burst. An event holds up to fifty changes, so
    that none of forty is skipped."""
    sent = []
    sending = threading.Thread(target=lambda: sent.extend(begin(40)))
    client = LiveClient(server)
    client.next("open")
    seen = []
    sending.start()
    while sending.is_alive():
        seen += client.next("feed")["items"]
        client.cut()
        client = LiveClient(server, client.last_event_id)
    sending.join()
    if sent[-1] not in attempts_of(seen, sent):
        seen += client.items_until(sent[-1])
    client.cut()
    assert attempts_of(seen, sent) == sent


@pytest.mark.parametrize("last_event_id", ["", "another-run-7", "nonsense"])
def test_a_position_of_another_run_begins_anew(server, last_event_id):
    client = LiveClient(server, last_event_id)
    assert client.next("reset")["sequence"] >= 0
    client.cut()
