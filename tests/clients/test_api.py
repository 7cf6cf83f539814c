"""The JSON API's front door: what is open, what needs the token, and which pages may not knock."""

import pytest
import requests

TIMEOUT_SECONDS = 5


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_health_and_own_telemetry_are_open_on_loopback(server, path):
    assert requests.get(server.url + path, timeout=TIMEOUT_SECONDS).status_code == 200


def test_own_telemetry_is_prometheus_text(server):
    answer = requests.get(f"{server.url}/metrics", timeout=TIMEOUT_SECONDS)
    assert "# TYPE " in answer.text


@pytest.mark.parametrize("path", ["metrics", "requests", "trends", "requests/corr_xyz789", "stream"])
@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic dXNlcjpwYXNz", "Bearer "])
def test_the_api_needs_its_token(server, path, authorization):
    headers = {"Authorization": authorization} if authorization else {}
    answer = requests.get(f"{server.url}/api/v1/{path}", headers=headers, timeout=TIMEOUT_SECONDS, stream=True)
    assert answer.status_code == 401


def test_the_access_key_is_no_token(server):
    headers = {"Authorization": f"Bearer {server.secret_key}"}
    answer = requests.get(f"{server.url}/api/v1/metrics", headers=headers, timeout=TIMEOUT_SECONDS)
    assert answer.status_code == 401


def test_a_name_that_was_rebound_to_loopback_is_refused(server):
    headers = {"Authorization": f"Bearer {server.api_token}", "Host": "rebound.example"}
    answer = requests.get(f"{server.url}/api/v1/metrics", headers=headers, timeout=TIMEOUT_SECONDS)
    assert answer.status_code in (400, 403, 421), answer.text


def test_metrics_carry_their_numeric_twins(server):
    answer = server.api("metrics").json()
    assert set(answer["metrics"]) == {"totalRequests", "successRate", "averageTime", "failureRate", "activeTokens"}
    assert isinstance(answer["metrics"]["averageTime"], str)
    assert isinstance(answer["numeric"], dict)


@pytest.mark.parametrize("parameters", [{"from": "yesterday"}, {"outcome": "FINE"}, {"unheardOf": "1"}, {"limit": "-1"}])
def test_a_filter_that_means_nothing_is_an_error_and_never_everything(server, parameters):
    answer = server.api("requests", **parameters)
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize("path", ["nothing", "requests/a/b/c"])
def test_an_unknown_path_is_not_found(server, path):
    assert server.api(path).status_code == 404
