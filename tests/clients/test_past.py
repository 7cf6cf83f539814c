"""The past that a demonstration imports: every day of it is there, once, by API and by SQL, and it is history."""

import subprocess
import time
from datetime import datetime, timedelta, timezone

import pytest

from server_process import BINARY, Server
from sql_questions import ask

DAYS = 60
RATE = 0.002
PER_DAY = RATE * 86_400
SIMULATE_SECONDS_MAX = 120
VISIBLE_SECONDS_MAX = 10
BY_DAY = "SELECT date_trunc('day', timestamp), count(*) FROM token_provisioning_logs GROUP BY 1 ORDER BY 1"


def simulate(server, *arguments):
    command = [BINARY, "simulate", "--endpoint", server.url, "--data", server.folder, "--rate", str(RATE)]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=SIMULATE_SECONDS_MAX)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def past(tmp_path_factory):
    """A server with 60 days of past and an hour of history behind it, and what its making said."""
    running = Server(tmp_path_factory.mktemp("past") / "data")
    said = simulate(running, "--past", f"{DAYS}d", "--history", "1h", "--for", "1s")
    yield running, said
    assert running.stop() == 0, running.stderr()


def midnight(days_ago):
    today = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days_ago)


def written(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def by_trends(server):
    """Attempts of each day with any."""
    whole_days = {"from": written(midnight(DAYS)), "to": written(midnight(-1)), "maxDataPoints": DAYS + 1}
    answer = server.api("trends", **whole_days).json()
    buckets = answer["buckets"]
    assert buckets["lengthSeconds"] == 86_400
    days = zip(buckets["startsMs"], buckets["requests"])
    return {datetime.fromtimestamp(start / 1_000, timezone.utc).date().isoformat(): n for start, n in days if n}


def by_metrics(server, days_ago):
    whole_day = {"from": written(midnight(days_ago)), "to": written(midnight(days_ago - 1))}
    return server.api("metrics", **whole_day).json()["numeric"]["counts"]


def by_sql(server):
    return {str(day)[:10]: count for day, count in ask(server, BY_DAY).rows}


def agreed(server):
    """Attempts of each day, when API and SQL say the same: both follow what is stored within a moment."""
    deadline = time.monotonic() + VISIBLE_SECONDS_MAX
    while (trends := by_trends(server)) != (rows := by_sql(server)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert trends == rows
    return trends


def test_every_day_has_its_attempts_by_api_and_by_sql(past):
    server, said = past
    assert "history imported" in said and "history complete" in said, said
    days = agreed(server)
    for days_ago in range(1, DAYS):
        count = days[midnight(days_ago).date().isoformat()]
        assert 0.6 * PER_DAY < count < 2 * PER_DAY, (days_ago, count)
        assert by_metrics(server, days_ago)["requests"] == count


def test_nothing_is_counted_twice_and_all_of_it_is_history(past):
    server, _ = past
    days = agreed(server)
    [[rows, attempts]] = ask(server, "SELECT count(*), count(DISTINCT correlation_id) FROM attempts").rows
    assert rows == attempts == sum(days.values())
    # A step-up may be waited for longer than anything else, thirty days.
    for days_ago in range(32, DAYS):
        counts = by_metrics(server, days_ago)
        assert counts["pending"] == 0 and counts["success"] > counts["requests"] / 2, (days_ago, counts)


def test_long_ranges_have_something_to_see(past):
    server, _ = past
    sql = (
        "SELECT date_trunc('day', timestamp), count(*) FROM attempts WHERE reason_code = 'ISSUER_TIMEOUT' "
        "GROUP BY 1 ORDER BY 2 DESC LIMIT 2"
    )
    days = {str(day)[:10] for day, _ in ask(server, sql).rows}
    outage = {midnight(14).date().isoformat(), midnight(13).date().isoformat()}
    assert days & outage, days


def test_a_second_run_goes_on_where_the_first_one_ended(past):
    server, _ = past
    before = agreed(server)
    said = simulate(server, "--past", f"{DAYS}d", "--history", "0s", "--for", "0s")
    after = agreed(server)
    assert sum(after.values()) <= sum(before.values()) + PER_DAY / 4, said
    assert all(after[day] == before[day] for day in list(before)[:-2])


def test_a_demonstration_stops_while_its_past_goes_in(tmp_path):
    command = [BINARY, "demo", "--data", tmp_path / "data", "--listen", "127.0.0.1:0", "--past", "400d"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout.readline().startswith("ready ")
        running.terminate()
        _, said = running.communicate(timeout=30)
    assert running.returncode == 0, said
    assert "traffic stopped" not in said
