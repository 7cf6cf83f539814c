// How fast is it? Service times of successes as percentiles, how many keep the time, and what the functions take.
import { type DashboardBuilder, RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { board } from "./board.js";
import { LATENCY_SECONDS_MAX, lines, stat, tooHigh, tooLow } from "./panels.js";
import { EACH, insights, ISSUERS, LAMBDA, series, WALLETS } from "./queries.js";
import { dimension } from "./variables.js";

const LATENCY = "TokenProvisioningLatency";
const IN_TIME_PERCENT_MIN = 95;

export function performance(): DashboardBuilder {
  const dashboard = board(
    "walletscope-performance",
    "performance",
    "Service times of token provisioning and of the functions behind it.",
    [dimension("wallet", "Wallet", "WalletProvider"), dimension("issuer", "Issuer", "Issuer")],
  );
  return functions(places(overall(dashboard)));
}

/** One percentile of all successes. */
function percentile(statistic: string, refId = "A") {
  return series({ refId, metric: LATENCY, statistic, label: statistic });
}

function overall(dashboard: DashboardBuilder): DashboardBuilder {
  const of = (statistic: string, words: string) =>
    stat(
      {
        title: statistic,
        description: `Service time within which ${words} of the successes of the newest period were done.`,
        unit: "s",
        width: 6,
        thresholds: tooHigh(LATENCY_SECONDS_MAX),
        targets: [percentile(statistic)],
      },
      "lastNotNull",
    );
  return dashboard
    .withRow(new RowBuilder("All wallets and issuers"))
    .withPanel(of("p50", "half"))
    .withPanel(of("p95", "95 %"))
    .withPanel(of("p99", "99 %"))
    .withPanel(
      stat(
        {
          title: `Done within ${LATENCY_SECONDS_MAX} s`,
          description: `Successes of the newest period that took at most ${LATENCY_SECONDS_MAX} s.`,
          unit: "percent",
          width: 6,
          thresholds: tooLow(IN_TIME_PERCENT_MIN),
          targets: [percentile(`PR(:${LATENCY_SECONDS_MAX})`)],
        },
        "lastNotNull",
      ),
    )
    .withPanel(
      lines({
        title: "Service time",
        description: `Percentiles of the service time of successes. The line is at ${LATENCY_SECONDS_MAX} s.`,
        unit: "s",
        width: 12,
        thresholds: tooHigh(LATENCY_SECONDS_MAX),
        targets: [percentile("p50", "A"), percentile("p95", "B"), percentile("p99", "C")],
      }),
    )
    .withPanel(
      lines({
        title: `Done within ${LATENCY_SECONDS_MAX} s`,
        description: `Successes that took at most ${LATENCY_SECONDS_MAX} s, of all successes of each period.`,
        unit: "percent",
        width: 12,
        thresholds: tooLow(IN_TIME_PERCENT_MIN),
        targets: [percentile(`PR(:${LATENCY_SECONDS_MAX})`)],
      }),
    );
}

function places(dashboard: DashboardBuilder): DashboardBuilder {
  return dashboard
    .withRow(new RowBuilder("By wallet and issuer"))
    .withPanel(
      lines({
        title: "p95 by wallet",
        description: "Service time within which 95 % of successes were done, of the wallets chosen.",
        unit: "s",
        width: 12,
        thresholds: tooHigh(LATENCY_SECONDS_MAX),
        targets: [series({ refId: "A", metric: LATENCY, statistic: "p95", dimensions: { WalletProvider: WALLETS } })],
      }),
    )
    .withPanel(
      lines({
        title: "p95 by issuer",
        description: "Service time within which 95 % of successes were done, of the issuers chosen.",
        unit: "s",
        width: 12,
        thresholds: tooHigh(LATENCY_SECONDS_MAX),
        targets: [series({ refId: "A", metric: LATENCY, statistic: "p95", dimensions: { Issuer: ISSUERS } })],
      }),
    )
    .withPanel(
      lines({
        title: "Ten slowest pairs of wallet and issuer",
        description: "Mean service time of successes, by Metrics Insights, whatever is chosen above.",
        unit: "s",
        width: 12,
        thresholds: tooHigh(LATENCY_SECONDS_MAX),
        targets: [
          insights(
            "A",
            "a",
            `SELECT AVG(${LATENCY}) FROM SCHEMA(TokenServices, Issuer, WalletProvider) GROUP BY WalletProvider, Issuer ORDER BY AVG() DESC LIMIT 10`,
          ),
        ],
      }),
    )
    .withPanel(
      lines({
        title: "p99 wherever a wallet is named",
        description:
          "Metrics with a wallet among their dimensions, further ones included: the wallet's own line beside those of " +
          "its issuers.",
        unit: "s",
        width: 12,
        thresholds: tooHigh(LATENCY_SECONDS_MAX),
        targets: [
          series({
            refId: "A",
            metric: LATENCY,
            statistic: "p99",
            dimensions: { WalletProvider: WALLETS },
            matchExact: false,
          }),
        ],
      }),
    );
}

function functions(dashboard: DashboardBuilder): DashboardBuilder {
  const each = (refId: string, metric: string, statistic: string, label: string) =>
    series({
      refId,
      namespace: LAMBDA,
      metric,
      statistic,
      dimensions: { FunctionName: EACH },
      label: `\${PROP('Dim.FunctionName')} ${label}`,
    });
  return dashboard
    .withRow(new RowBuilder("Functions, from Lambda's REPORT lines"))
    .withPanel(
      lines({
        title: "Invocations",
        description: "How often each function ran.",
        unit: "short",
        width: 8,
        targets: [each("A", "Duration", "SampleCount", "invocations")],
      }),
    )
    .withPanel(
      lines({
        title: "Duration",
        description: "How long functions ran.",
        unit: "ms",
        width: 8,
        targets: [each("A", "Duration", "p50", "p50"), each("B", "Duration", "p95", "p95")],
      }),
    )
    .withPanel(
      lines({
        title: "Memory",
        description: "The most memory that an invocation used, beside what the function has.",
        unit: "mbytes",
        width: 8,
        targets: [each("A", "MaxMemoryUsed", "Maximum", "used"), each("B", "MemorySize", "Maximum", "has")],
      }),
    );
}
