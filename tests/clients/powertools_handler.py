"""A Lambda function that counts with Powertools' Metrics, run as Lambda would: started once, then invoked twice.

    POWERTOOLS_METRICS_NAMESPACE=Wallets POWERTOOLS_SERVICE_NAME=tokens python powertools_handler.py CORRELATION_ID
"""

import sys
from types import SimpleNamespace

from aws_lambda_powertools import Metrics, single_metric
from aws_lambda_powertools.metrics import MetricResolution, MetricUnit

metrics = Metrics()


@metrics.log_metrics(capture_cold_start_metric=True, default_dimensions={"stage": "test"})
def handler(event, context):
    metrics.add_dimension("WalletProvider", event["walletProvider"])
    metrics.add_metric("Latency", MetricUnit.Milliseconds, 12.5)
    metrics.add_metric("Latency", MetricUnit.Milliseconds, 14)
    metrics.add_metric("Requests", MetricUnit.Count, 1, resolution=MetricResolution.High)
    metrics.add_metadata("correlationId", event["correlationId"])
    with single_metric(name="Declined", unit=MetricUnit.Count, value=1) as declined:
        declined.add_dimension("Issuer", "ABC_Bank")


def main():
    context = SimpleNamespace(
        function_name="token-provisioning-service",
        function_version="$LATEST",
        memory_limit_in_mb=128,
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:token-provisioning-service",
        aws_request_id="3f1d0d2e-6c5c-4c92-9e3b-3a0f6f6f0c11",
    )
    for wallet in ("ApplePay", "GooglePay"):
        handler({"walletProvider": wallet, "correlationId": sys.argv[1]}, context)


if __name__ == "__main__":
    main()
