// What is happening right now? The key numbers of the wallets and issuers that are chosen, and their course.
import { type DashboardBuilder, RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { board } from "./board.js";
import {
  areas,
  FAILURE_PERCENT_MAX,
  LATENCY_SECONDS_MAX,
  lines,
  SILENCE_SECONDS_MAX,
  stat,
  SUCCESS_PERCENT_MIN,
  tooHigh,
  tooLow,
} from "./panels.js";
import { chosen, EACH, insights, ISSUERS, math, series, SOURCES, WALLETS } from "./queries.js";
import { dimension } from "./variables.js";

const SUCCESSES = () => chosen("S", "s", "TokenProvisioningSuccess", "Sum");
const FAILURES = () => chosen("F", "f", "TokenProvisioningFailure", "Sum");

export function realTimeStatus(): DashboardBuilder {
  const dashboard = board(
    "walletscope-status",
    "real-time token status",
    "What happens to token provisioning right now: volume, success, service time and active tokens.",
    [dimension("wallet", "Wallet", "WalletProvider"), dimension("issuer", "Issuer", "Issuer")],
  );
  return flow(cards(dashboard));
}

/** The key numbers. Shares are of all ends in the range, not averages of shares. */
function cards(dashboard: DashboardBuilder): DashboardBuilder {
  return dashboard
    .withRow(new RowBuilder("In the range shown, of the wallets and issuers chosen"))
    .withPanel(
      stat(
        {
          title: "Requests",
          description: "Attempts that began.",
          unit: "short",
          width: 5,
          targets: [chosen("R", "r", "TokenProvisioningRequests", "Sum"), math("A", "a", "SUM(r)", "Requests")],
        },
        "sum",
      ),
    )
    .withPanel(
      stat(
        {
          title: "Success rate",
          description: "Successes among the attempts that ended, over the whole range.",
          unit: "percent",
          width: 5,
          thresholds: tooLow(SUCCESS_PERCENT_MIN),
          targets: [
            SUCCESSES(),
            FAILURES(),
            math("A", "a", "TIME_SERIES(100 * SUM(SUM(s)) / (SUM(SUM(s)) + SUM(SUM(f))))", "Success rate"),
          ],
        },
        "lastNotNull",
      ),
    )
    .withPanel(
      stat(
        {
          title: "Failure rate",
          description: `Failures among the attempts that ended, over the whole range. Red above ${FAILURE_PERCENT_MAX} %.`,
          unit: "percent",
          width: 5,
          thresholds: tooHigh(FAILURE_PERCENT_MAX),
          targets: [
            SUCCESSES(),
            FAILURES(),
            math("A", "a", "TIME_SERIES(100 * SUM(SUM(f)) / (SUM(SUM(s)) + SUM(SUM(f))))", "Failure rate"),
          ],
        },
        "lastNotNull",
      ),
    )
    .withPanel(
      stat(
        {
          title: "Average processing time",
          description: `Mean service time of successes, over the whole range. Red above ${LATENCY_SECONDS_MAX} s.`,
          unit: "s",
          width: 5,
          thresholds: tooHigh(LATENCY_SECONDS_MAX),
          targets: [
            chosen("S", "s", "TokenProvisioningLatency", "Sum"),
            chosen("N", "n", "TokenProvisioningLatency", "SampleCount"),
            math("A", "a", "TIME_SERIES(SUM(SUM(s)) / SUM(SUM(n)))", "Average processing time"),
          ],
        },
        "lastNotNull",
      ),
    )
    .withPanel(
      stat(
        {
          title: "Active tokens",
          description: "Tokens that were active at the end of the newest minute.",
          unit: "short",
          width: 4,
          targets: [chosen("T", "t", "ActiveTokenCount", "Average"), math("A", "a", "SUM(t)", "Active tokens")],
        },
        "lastNotNull",
      ),
    );
}

function flow(dashboard: DashboardBuilder): DashboardBuilder {
  return dashboard
    .withRow(new RowBuilder("Course"))
    .withPanel(
      lines({
        title: "Requests, successes and failures",
        description: "Attempts by when they began, and by when they ended. All wallets and issuers.",
        unit: "short",
        width: 12,
        targets: [
          series({ refId: "A", metric: "TokenProvisioningRequests", statistic: "Sum", label: "Requests" }),
          series({ refId: "B", metric: "TokenProvisioningSuccess", statistic: "Sum", label: "Successes" }),
          series({ refId: "C", metric: "TokenProvisioningFailure", statistic: "Sum", label: "Failures" }),
        ],
      }),
    )
    .withPanel(
      lines({
        title: "Success rate by wallet",
        description: `Successes among the attempts that ended in each period. The line is at ${SUCCESS_PERCENT_MIN} %.`,
        unit: "percent",
        width: 12,
        thresholds: tooLow(SUCCESS_PERCENT_MIN),
        targets: [
          series({ refId: "A", metric: "SuccessRate", statistic: "Average", dimensions: { WalletProvider: WALLETS } }),
        ],
      }),
    )
    .withPanel(
      areas({
        title: "Requests by wallet",
        description: "Attempts that began, of the wallets chosen.",
        unit: "short",
        width: 8,
        targets: [
          series({
            refId: "A",
            metric: "TokenProvisioningRequests",
            statistic: "Sum",
            dimensions: { WalletProvider: WALLETS },
          }),
        ],
      }),
    )
    .withPanel(
      areas({
        title: "Requests by issuer",
        description: "Attempts that began, of the issuers chosen.",
        unit: "short",
        width: 8,
        targets: [
          series({ refId: "A", metric: "TokenProvisioningRequests", statistic: "Sum", dimensions: { Issuer: ISSUERS } }),
        ],
      }),
    )
    .withPanel(
      lines({
        title: "Requests per second",
        description: "Attempts that began, over the length of each period. All wallets and issuers.",
        unit: "reqps",
        width: 8,
        targets: [
          series({ refId: "R", id: "r", metric: "TokenProvisioningRequests", statistic: "Sum", isHidden: true }),
          math("A", "a", "r / PERIOD(r)", "Requests per second"),
        ],
      }),
    )
    .withPanel(
      areas({
        title: "Active tokens by wallet",
        description: "Tokens that are active, of the wallets chosen, at the end of each minute.",
        unit: "short",
        width: 8,
        targets: [
          series({
            refId: "A",
            metric: "ActiveTokenCount",
            statistic: "Average",
            dimensions: { WalletProvider: WALLETS },
          }),
        ],
      }),
    )
    .withPanel(
      lines({
        title: "Ten issuers with most requests",
        description: "By Metrics Insights, whatever is chosen above.",
        unit: "short",
        width: 8,
        targets: [
          insights(
            "A",
            "a",
            "SELECT SUM(TokenProvisioningRequests) FROM SCHEMA(TokenServices, Issuer) GROUP BY Issuer ORDER BY SUM() DESC LIMIT 10",
          ),
        ],
      }),
    )
    .withPanel(
      lines({
        title: "Silence of sources",
        description:
          "How long each source had brought nothing at the end of each minute. A line that climbs is a source that " +
          `stopped; the threshold is at ${SILENCE_SECONDS_MAX} s.`,
        unit: "s",
        width: 8,
        thresholds: tooHigh(SILENCE_SECONDS_MAX),
        targets: [
          series({
            refId: "A",
            namespace: SOURCES,
            metric: "SecondsSinceLastEvent",
            statistic: "Maximum",
            dimensions: { Source: EACH },
          }),
        ],
      }),
    );
}
