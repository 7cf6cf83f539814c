// How is an answer drawn? Four kinds of panels, each with all that a reader needs: title, description, unit, thresholds.
// A panel's place follows from its width and the ones before it; 24 columns make a line.
import { PanelBuilder as BarGaugeBuilder } from "@grafana/grafana-foundation-sdk/bargauge";
import type { MetricsQueryBuilder } from "@grafana/grafana-foundation-sdk/cloudwatch";
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
  GraphThresholdsStyleConfigBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import { type Threshold, ThresholdsConfigBuilder, ThresholdsMode } from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeSeriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { DATA_SOURCE } from "./queries.js";

/** The share of failures, in percent, above which they are too many. */
export const FAILURE_PERCENT_MAX = 5;
/** The share of successes, in percent, below which they are too few. */
export const SUCCESS_PERCENT_MIN = 100 - FAILURE_PERCENT_MAX;
/** The service time, in seconds, above which provisioning is too slow. */
export const LATENCY_SECONDS_MAX = 3;
/** The silence of a source, in seconds, above which it may be gone. */
export const SILENCE_SECONDS_MAX = 300;

const STAT_HEIGHT = 4;
const CHART_HEIGHT = 8;
const TABLE_HEIGHT = 10;

/** What every panel has. */
export interface Shown {
  title: string;
  description: string;
  /** Of Grafana's names of units. */
  unit: string;
  /** Columns of 24. */
  width: number;
  thresholds?: ThresholdsConfigBuilder;
  targets: MetricsQueryBuilder[];
}

/** Nothing to worry about at any value. */
export function plain(): ThresholdsConfigBuilder {
  return steps({ value: null, color: "blue" });
}

/** Red above a value. */
export function tooHigh(value: number): ThresholdsConfigBuilder {
  return steps({ value: null, color: "green" }, { value, color: "red" });
}

/** Red below a value. */
export function tooLow(value: number): ThresholdsConfigBuilder {
  return steps({ value: null, color: "red" }, { value, color: "green" });
}

/** One number. `calculation` is Grafana's name of how a series becomes one. */
export function stat(shown: Shown, calculation: string): StatBuilder {
  return dress(new StatBuilder(), shown, STAT_HEIGHT)
    .reduceOptions(reduced(calculation))
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.Area);
}

/** Lines over time; the threshold, if there is one, is a line as well. */
export function lines(shown: Shown): TimeSeriesBuilder {
  const mode = shown.thresholds ? GraphThresholdsStyleMode.Line : GraphThresholdsStyleMode.Off;
  return dress(new TimeSeriesBuilder(), shown, CHART_HEIGHT)
    .lineWidth(1)
    .fillOpacity(10)
    .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(mode))
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .calcs([]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
}

/** Areas over time, one on top of the other: the upper edge is the sum. */
export function areas(shown: Shown): TimeSeriesBuilder {
  return lines(shown).fillOpacity(60).stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group("A"));
}

/** A bar for each series. */
export function bars(shown: Shown, calculation: string): BarGaugeBuilder {
  return dress(new BarGaugeBuilder(), shown, CHART_HEIGHT)
    .reduceOptions(reduced(calculation))
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal);
}

/** A table with a row for each series, its dimensions and its value in columns. `calculation` is a name of Grafana's. */
export function table(shown: Shown, calculation: string): TableBuilder {
  return dress(new TableBuilder(), shown, TABLE_HEIGHT).withTransformation(rowForEachSeries(calculation));
}

/** Turns series into rows, with a column for each label. */
export function rowForEachSeries(calculation: string) {
  return { id: "reduce", options: { mode: "seriesToRows", labelsToFields: true, reducers: [calculation] } };
}

/** What is common to the builders of all kinds of panels. */
interface Dressed {
  title(title: string): this;
  description(description: string): this;
  unit(unit: string): this;
  span(columns: number): this;
  height(rows: number): this;
  datasource(reference: { type: string; uid: string }): this;
  thresholds(thresholds: ThresholdsConfigBuilder): this;
  targets(targets: MetricsQueryBuilder[]): this;
}

/** Gives a panel of any kind what every panel has. */
export function dress<Builder extends Dressed>(panel: Builder, shown: Shown, height: number): Builder {
  return panel
    .title(shown.title)
    .description(shown.description)
    .unit(shown.unit)
    .span(shown.width)
    .height(height)
    .datasource(DATA_SOURCE)
    .thresholds(shown.thresholds ?? plain())
    .targets(shown.targets);
}

function steps(...all: Threshold[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(all);
}

function reduced(calculation: string): ReduceDataOptionsBuilder {
  return new ReduceDataOptionsBuilder().calcs([calculation]).values(false).fields("");
}
