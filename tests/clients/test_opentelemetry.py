"""OpenTelemetry's own SDK and exporters: its records are found as log events and joined into an attempt."""

import logging
import time
import uuid

import grpc
import pytest
import requests
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression as HttpCompression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from test_keys import FOLLOW_SECONDS_MAX, keys, within


def over_http(compression):
    return lambda server, key: HttpExporter(
        endpoint=f"{server.url}/v1/logs", headers={"authorization": f"Bearer {key}"}, compression=compression
    )


def over_grpc(compression):
    return lambda server, key: GrpcExporter(
        endpoint=server.url, insecure=True, headers={"authorization": f"Bearer {key}"}, compression=compression
    )


EXPORTERS = {
    "http": over_http(HttpCompression.NoCompression),
    "http gzip": over_http(HttpCompression.Gzip),
    "grpc": over_grpc(grpc.Compression.NoCompression),
    "grpc gzip": over_grpc(grpc.Compression.Gzip),
}


@pytest.fixture(scope="module")
def ingest_key(server):
    made = dict(line.split(": ", 1) for line in keys(server, "add", "opentelemetry", "--kind", "ingest").splitlines())
    key = made["secret (shown once)"]

    def is_good():
        answer = requests.post(
            f"{server.url}/v1/logs", json={}, headers={"Authorization": f"Bearer {key}"}, timeout=5
        )
        assert answer.status_code == 200, answer.text

    within(FOLLOW_SECONDS_MAX, is_good)
    return key


def export(exporter, service, records):
    """Sends them as a service does that ends: what is still in the batch goes out before `shutdown` returns."""
    resource = Resource.create({"service.name": service, "service.instance.id": "i-1"})
    provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    logger = provider.get_logger("provisioning")
    for record in records:
        logger.emit(record)
    provider.shutdown()


def attempt(correlation, ended_ns):
    """An attempt's two events in OpenTelemetry's words: one by event name and attributes, one as a map of members."""
    return [
        LogRecord(
            timestamp=ended_ns - 1_500_000_000,
            severity_number=SeverityNumber.INFO,
            body="asked",
            event_name="TOKEN_PROVISION_START",
            attributes={"correlationId": correlation, "walletProvider": "ApplePay", "issuer": "DEMO_Bank"},
        ),
        LogRecord(
            timestamp=ended_ns,
            body={"event": "TOKEN_PROVISION_SUCCESS", "correlationId": correlation, "processingTime": 1.25},
        ),
    ]


@pytest.mark.parametrize("name", EXPORTERS)
def test_records_are_found_and_joined_into_an_attempt(server, logs, ingest_key, name):
    service, correlation = f"wallet-{uuid.uuid4()}", f"corr_{uuid.uuid4()}"
    ended_ms = int(time.time() * 1000)
    export(EXPORTERS[name](server, ingest_key), service, attempt(correlation, ended_ms * 1_000_000))

    def found():
        pattern = f'{{ $.correlationId = "{correlation}" }}'
        events = logs.filter_log_events(logGroupName=f"/otlp/{service}", filterPattern=pattern)["events"]
        assert len(events) == 2
        return events

    events = within(5, found)
    assert [(event["logStreamName"], event["timestamp"]) for event in events] == [
        ("i-1", ended_ms - 1500),
        ("i-1", ended_ms),
    ]
    assert [event["message"] for event in events] == [
        f'{{"message":"asked","correlationId":"{correlation}","walletProvider":"ApplePay","issuer":"DEMO_Bank",'
        '"event_name":"TOKEN_PROVISION_START","severity":"INFO"}',
        f'{{"event":"TOKEN_PROVISION_SUCCESS","correlationId":"{correlation}","processingTime":1.25}}',
    ]
    joined = server.api_within(5, f"requests/{correlation}", lambda body: body["detail"]["outcome"] == "SUCCESS")
    detail = joined["detail"]
    assert (detail["outcome"], detail["wallet"], detail["issuer"]) == ("SUCCESS", "ApplePay", "DEMO_Bank")
    assert detail["processingTimeSeconds"] == 1.25
    assert len(joined["records"]) == 2


@pytest.mark.parametrize("name", ["http", "grpc"])
def test_a_wrong_key_is_told_and_stores_nothing(server, logs, caplog, name):
    service, correlation = f"wallet-{uuid.uuid4()}", f"corr_{uuid.uuid4()}"
    with caplog.at_level(logging.ERROR):
        export(EXPORTERS[name](server, "wsi_" + "0" * 40), service, attempt(correlation, time.time_ns()))
    told = caplog.text
    assert "401" in told or "UNAUTHENTICATED" in told, told
    assert logs.describe_log_groups(logGroupNamePrefix=f"/otlp/{service}")["logGroups"] == []
    assert server.api(f"requests/{correlation}").status_code == 404
