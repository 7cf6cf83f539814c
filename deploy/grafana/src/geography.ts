// Where do requests come from? Countries as telemetry names them; what names none has no country, and none is guessed.
import {
  FrameGeometrySourceBuilder,
  FrameGeometrySourceMode,
  MapLayerOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import { type DashboardBuilder, RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import {
  ControlsOptionsBuilder,
  MapViewConfigBuilder,
  PanelBuilder as GeomapBuilder,
  TooltipMode,
  TooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/geomap";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { board } from "./board.js";
import {
  areas,
  bars,
  dress,
  LATENCY_SECONDS_MAX,
  lines,
  plain,
  rowForEachSeries,
  SUCCESS_PERCENT_MIN,
  tooHigh,
  tooLow,
} from "./panels.js";
import { COUNTRIES, EACH, insights, series } from "./queries.js";
import { dimension } from "./variables.js";

const MAP_HEIGHT = 14;
/** Grafana's own list of countries, by their codes of two letters among others. */
const GAZETTEER = "public/gazetteer/countries.json";
/** What the reduction to rows calls the column of sums. */
const TOTAL = "Total";

export function geography(): DashboardBuilder {
  const dashboard = board(
    "walletscope-geography",
    "geographic distribution",
    "Where token provisioning comes from, by the country that its telemetry names.",
    [dimension("country", "Country", "Country")],
  );
  return course(places(dashboard));
}

/** A measure of each country, for a table of several measures: its label is the column's name. */
function measured(refId: string, metric: string, label: string) {
  return series({ refId, metric, statistic: "Sum", dimensions: { Country: EACH }, label });
}

function places(dashboard: DashboardBuilder): DashboardBuilder {
  return dashboard
    .withRow(new RowBuilder("In the range shown, all countries"))
    .withPanel(map())
    .withPanel(countries())
    .withPanel(
      bars(
        {
          title: "Ten countries with most requests",
          description: "Attempts that began, by Metrics Insights.",
          unit: "short",
          width: 12,
          targets: [
            insights(
              "A",
              "a",
              "SELECT SUM(TokenProvisioningRequests) FROM SCHEMA(TokenServices, Country) GROUP BY Country ORDER BY SUM() DESC LIMIT 10",
            ),
          ],
        },
        "sum",
      ),
    )
    .withPanel(
      bars(
        {
          title: "Ten countries with most failures",
          description: "Attempts that failed, by Metrics Insights.",
          unit: "short",
          width: 12,
          targets: [
            insights(
              "A",
              "a",
              "SELECT SUM(TokenProvisioningFailure) FROM SCHEMA(TokenServices, Country) GROUP BY Country ORDER BY SUM() DESC LIMIT 10",
            ),
          ],
        },
        "sum",
      ),
    );
}

function map(): GeomapBuilder {
  const shown = {
    title: "Requests on the map",
    description: "Attempts that began; the larger the circle, the more. Countries are looked up by their codes.",
    unit: "short",
    width: 14,
    thresholds: plain(),
    targets: [series({ refId: "A", metric: "TokenProvisioningRequests", statistic: "Sum", dimensions: { Country: EACH } })],
  };
  const circles = new MapLayerOptionsBuilder()
    .type("markers")
    .name("Requests")
    .tooltip(true)
    .location(
      new FrameGeometrySourceBuilder().mode(FrameGeometrySourceMode.Lookup).lookup("Country").gazetteer(GAZETTEER),
    )
    .config({
      showLegend: false,
      style: {
        color: { fixed: "blue" },
        opacity: 0.5,
        size: { field: TOTAL, fixed: 5, min: 4, max: 30 },
        symbol: { mode: "fixed", fixed: "img/icons/marker/circle.svg" },
      },
    });
  return dress(new GeomapBuilder(), shown, MAP_HEIGHT)
    .withTransformation(rowForEachSeries("sum"))
    .view(new MapViewConfigBuilder().id("zero").lat(0).lon(0).zoom(1))
    .controls(new ControlsOptionsBuilder().showZoom(true).showAttribution(true))
    .tooltip(new TooltipOptionsBuilder().mode(TooltipMode.Details))
    .basemap(new MapLayerOptionsBuilder().type("default").name("Map"))
    .layers([circles]);
}

/** Requests, successes and failures of each country, and the share of successes, computed of the two sums. */
function countries(): TableBuilder {
  const shown = {
    title: "Countries",
    description: "Attempts that began, succeeded and failed, and the successes among those that ended.",
    unit: "short",
    width: 10,
    targets: [
      measured("A", "TokenProvisioningRequests", "Requests"),
      measured("B", "TokenProvisioningSuccess", "Successes"),
      measured("C", "TokenProvisioningFailure", "Failures"),
    ],
  };
  const computed = (alias: string, left: string, operator: string, right: string) => ({
    id: "calculateField",
    options: { mode: "binary", alias, binary: { left, operator, right }, replaceFields: false },
  });
  return dress(new TableBuilder(), shown, MAP_HEIGHT)
    .withTransformation(rowForEachSeries("sum"))
    .withTransformation({
      id: "groupingToMatrix",
      options: { columnField: "Field", rowField: "Country", valueField: TOTAL, emptyValue: "zero" },
    })
    .withTransformation(computed("Ends", "Successes", "+", "Failures"))
    .withTransformation(computed("Success rate", "Successes", "/", "Ends"))
    .withTransformation({
      id: "organize",
      options: { excludeByName: { Ends: true }, renameByName: { "Country\\Field": "Country" }, indexByName: {} },
    })
    .overrideByName("Success rate", [
      { id: "unit", value: "percentunit" },
      { id: "decimals", value: 1 },
    ]);
}

function course(dashboard: DashboardBuilder): DashboardBuilder {
  return dashboard
    .withRow(new RowBuilder("Course, of the countries chosen"))
    .withPanel(
      areas({
        title: "Requests by country",
        description: "Attempts that began.",
        unit: "short",
        width: 8,
        targets: [
          series({
            refId: "A",
            metric: "TokenProvisioningRequests",
            statistic: "Sum",
            dimensions: { Country: COUNTRIES },
          }),
        ],
      }),
    )
    .withPanel(
      lines({
        title: "Success rate by country",
        description: `Successes among the attempts that ended in each period. The line is at ${SUCCESS_PERCENT_MIN} %.`,
        unit: "percent",
        width: 8,
        thresholds: tooLow(SUCCESS_PERCENT_MIN),
        targets: [series({ refId: "A", metric: "SuccessRate", statistic: "Average", dimensions: { Country: COUNTRIES } })],
      }),
    )
    .withPanel(
      lines({
        title: "p95 by country",
        description: "Service time within which 95 % of successes were done.",
        unit: "s",
        width: 8,
        thresholds: tooHigh(LATENCY_SECONDS_MAX),
        targets: [
          series({
            refId: "A",
            metric: "TokenProvisioningLatency",
            statistic: "p95",
            dimensions: { Country: COUNTRIES },
          }),
        ],
      }),
    );
}
