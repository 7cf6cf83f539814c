// What does a result look like as a picture? Lines or bars of its own values; which column is drawn can be chosen.
import { useMemo, useState, type ReactNode } from "react";
import type { Cell, SqlColumn } from "../api/sql";
import { Bars } from "../charts/Bars";
import { needsRightAxis, type Chart } from "../charts/lines";
import { TimeSeries } from "../charts/TimeSeries";
import { WithTable } from "../charts/WithTable";
import { Choice } from "../panels/Choice";
import { DASH } from "../text/format";
import type { Palette } from "../theme/theme";
import { usePalette } from "../theme/usePalette";
import { drawable, picture, stepSeconds, type Picture } from "./picture";

const HEIGHT = 320;
const DASHES: readonly (readonly number[])[] = [[], [8, 4], [2, 4], [10, 3, 2, 3], [4, 2], [14, 4]];
const BARS_FIRST = 20;
const numbers = new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 6 });

export function QuickChart({ columns, rows, zone }: { columns: readonly SqlColumn[]; rows: readonly (readonly Cell[])[]; zone: "utc" | "local" }): ReactNode {
  const palette = usePalette();
  const [only, setOnly] = useState<number | null>(null);
  const values = drawable(columns);
  const chosen = only !== null && values.includes(only) ? only : null;
  const drawn = useMemo(() => picture(columns, rows, chosen, zone), [columns, rows, chosen, zone]);
  const mayBeTogether = drawn?.kind === "lines" && drawn.isByRow;
  if (!drawn) return <p className="quiet">Nothing to draw: a chart needs a number, and a time or a text to stand over.</p>;
  return (
    <>
      <div className="row wrap">
        {values.length > 1 && (
          <Choice label="Which column is drawn" value={chosen === null ? (mayBeTogether ? "" : String(values[0])) : String(chosen)} choose={(value) => setOnly(value === "" ? null : Number(value))}
            options={[...(mayBeTogether ? [{ value: "", label: "All" }] : []), ...values.map((value) => ({ value: String(value), label: columns[value]?.name ?? "" }))]} />
        )}
        {drawn.note && <span className="quiet small">{drawn.note}</span>}
      </div>
      {drawn.kind === "lines" ? <TimeSeries chart={chartOf(drawn, palette)} height={HEIGHT} isFixed /> : <BarPicture drawn={drawn} />}
    </>
  );
}

function BarPicture({ drawn }: { drawn: Extract<Picture, { kind: "bars" }> }): ReactNode {
  const title = `${drawn.value} by ${drawn.label}`;
  return (
    <WithTable title={title} head={[drawn.label, drawn.value]} height={HEIGHT} legend={<span className="small">{title}</span>} rows={drawn.bars.map((bar) => [bar.label, write(bar.value)])}>
      <Bars label={title} first={BARS_FIRST} bars={drawn.bars.map((bar, place) => ({ key: String(place), label: bar.label, value: bar.value, words: write(bar.value) }))} />
    </WithTable>
  );
}

function chartOf(drawn: Extract<Picture, { kind: "lines" }>, palette: Palette): Chart {
  const step = stepSeconds(drawn.startsMs);
  return {
    title: drawn.lines.map((line) => line.label).join(", "),
    startsMs: drawn.startsMs,
    lengthSeconds: Math.min(step, 86_400),
    isLastPartial: false,
    marks: drawn.isPoints ? "points" : "bridged",
    write,
    writeRight: write,
    lines: drawn.lines.map((line, place) => ({
      key: `${place}`,
      label: line.label,
      colour: palette.categories[place % palette.categories.length] ?? palette.text,
      dash: drawn.isPoints ? [] : (DASHES[place % DASHES.length] ?? []),
      values: line.values,
      // Small beside large: on an axis of its own, it does not lie on the floor.
      isRight: place > 0 && drawn.isByRow && needsRightAxis(line.values, [drawn.lines[0]?.values ?? []]),
    })),
  };
}

function write(value: number | null): string {
  return value === null ? DASH : numbers.format(value);
}
