// What goes wrong, how often, and with whom? Failures by cause, wallet and issuer, and what Lambda itself reports.
import { type DashboardBuilder, RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { board } from "./board.js";
import { areas, bars, FAILURE_PERCENT_MAX, lines, stat, table, tooHigh } from "./panels.js";
import { chosen, EACH, insights, ISSUERS, LAMBDA, math, series, WALLETS } from "./queries.js";
import { dimension } from "./variables.js";

/** The only dimensions under which causes are counted. */
const BY_CAUSE = "SCHEMA(TokenServices, FailureClass, Reason)";

export function errors(): DashboardBuilder {
  const dashboard = board(
    "walletscope-errors",
    "error monitoring",
    "Failed token provisioning: how much, why, at which wallet and issuer, and errors of the functions themselves.",
    [dimension("wallet", "Wallet", "WalletProvider"), dimension("issuer", "Issuer", "Issuer")],
  );
  return functions(places(causes(extent(dashboard))));
}

function extent(dashboard: DashboardBuilder): DashboardBuilder {
  const ends = () => [
    chosen("S", "s", "TokenProvisioningSuccess", "Sum"),
    chosen("F", "f", "TokenProvisioningFailure", "Sum"),
  ];
  return dashboard
    .withRow(new RowBuilder("How much fails, of the wallets and issuers chosen"))
    .withPanel(
      stat(
        {
          title: "Failures",
          description: "Attempts that failed in the range shown.",
          unit: "short",
          width: 6,
          targets: [chosen("F", "f", "TokenProvisioningFailure", "Sum"), math("A", "a", "SUM(f)", "Failures")],
        },
        "sum",
      ).height(8),
    )
    .withPanel(
      lines({
        title: "Failure rate",
        description: `Failures among the attempts that ended in each period. The line is at ${FAILURE_PERCENT_MAX} %.`,
        unit: "percent",
        width: 18,
        thresholds: tooHigh(FAILURE_PERCENT_MAX),
        targets: [...ends(), math("A", "a", "100 * SUM(f) / (SUM(s) + SUM(f))", "Failure rate")],
      }),
    );
}

function causes(dashboard: DashboardBuilder): DashboardBuilder {
  return dashboard
    .withRow(new RowBuilder("Why"))
    .withPanel(
      areas({
        title: "Failures by class",
        description: "Who has to act: the issuer declined, the device or the request was not right, technology failed.",
        unit: "short",
        width: 12,
        targets: [
          insights("A", "a", `SELECT SUM(TokenProvisioningFailure) FROM ${BY_CAUSE} GROUP BY FailureClass`),
        ],
      }),
    )
    .withPanel(
      areas({
        title: "Ten most frequent reasons",
        description: "Reasons of failures, by Metrics Insights.",
        unit: "short",
        width: 12,
        targets: [
          insights(
            "A",
            "a",
            `SELECT SUM(TokenProvisioningFailure) FROM ${BY_CAUSE} GROUP BY Reason ORDER BY SUM() DESC LIMIT 10`,
          ),
        ],
      }),
    )
    .withPanel(
      table(
        {
          title: "Failures by class and reason",
          description: "All failures of the range shown, a row for each cause.",
          unit: "short",
          width: 12,
          targets: [
            series({
              refId: "A",
              metric: "TokenProvisioningFailure",
              statistic: "Sum",
              dimensions: { FailureClass: EACH, Reason: EACH },
            }),
          ],
        },
        "sum",
      ),
    )
    .withPanel(
      lines({
        title: "Technical failures by reason",
        description: "What an operator can mend: failures of the class `technical`.",
        unit: "short",
        width: 12,
        targets: [
          series({
            refId: "A",
            metric: "TokenProvisioningFailure",
            statistic: "Sum",
            dimensions: { FailureClass: "technical", Reason: EACH },
            label: "${PROP('Dim.Reason')}",
          }),
        ],
      }).height(10),
    );
}

function places(dashboard: DashboardBuilder): DashboardBuilder {
  return dashboard
    .withRow(new RowBuilder("Where"))
    .withPanel(
      areas({
        title: "Failures by wallet",
        description: "Failures of each wallet.",
        unit: "short",
        width: 8,
        targets: [
          insights(
            "A",
            "a",
            "SELECT SUM(TokenProvisioningFailure) FROM SCHEMA(TokenServices, WalletProvider) GROUP BY WalletProvider",
          ),
        ],
      }),
    )
    .withPanel(
      bars(
        {
          title: "Ten issuers with most failures",
          description: "Failures in the range shown, by Metrics Insights.",
          unit: "short",
          width: 8,
          targets: [
            insights(
              "A",
              "a",
              "SELECT SUM(TokenProvisioningFailure) FROM SCHEMA(TokenServices, Issuer) GROUP BY Issuer ORDER BY SUM() DESC LIMIT 10",
            ),
          ],
        },
        "sum",
      ),
    )
    .withPanel(
      lines({
        title: "Failures of each wallet at each issuer",
        description: "Of the wallets and issuers chosen. A single line that rises points at one pair.",
        unit: "short",
        width: 8,
        targets: [
          series({
            refId: "A",
            metric: "TokenProvisioningFailure",
            statistic: "Sum",
            dimensions: { WalletProvider: WALLETS, Issuer: ISSUERS },
            label: "${PROP('Dim.WalletProvider')} ${PROP('Dim.Issuer')}",
          }),
        ],
      }),
    );
}

function functions(dashboard: DashboardBuilder): DashboardBuilder {
  return dashboard
    .withRow(new RowBuilder("Functions"))
    .withPanel(
      lines({
        title: "Errors of functions",
        description: "Invocations that ended in an error, from Lambda's REPORT lines.",
        unit: "short",
        width: 12,
        targets: [
          series({
            refId: "A",
            namespace: LAMBDA,
            metric: "Errors",
            statistic: "Sum",
            dimensions: { FunctionName: EACH },
          }),
        ],
      }),
    )
    .withPanel(
      lines({
        title: "Timeouts of functions",
        description: "Invocations that were stopped after the function's time limit, from Lambda's REPORT lines.",
        unit: "short",
        width: 12,
        targets: [
          series({
            refId: "A",
            namespace: LAMBDA,
            metric: "Timeouts",
            statistic: "Sum",
            dimensions: { FunctionName: EACH },
          }),
        ],
      }),
    );
}
