// How many in each minute, as small bars without axes: from nothing upwards, so that a gap is seen as one.
import type { ReactNode } from "react";

const [STEP, BAR, HEIGHT] = [4, 3, 28];

/** The last minute is not over and is drawn paler. */
export function MinuteBars({ values, label }: { values: readonly number[]; label: string }): ReactNode {
  const most = Math.max(1, ...values);
  const bar = (value: number, place: number): string => {
    // One record of many is still seen.
    const height = value === 0 ? 0 : Math.max(1.5, (value / most) * (HEIGHT - 1));
    return height === 0 ? "" : `M${place * STEP} ${HEIGHT - 1}v${-height.toFixed(1)}h${BAR}v${height.toFixed(1)}Z`;
  };
  const last = values.length - 1;
  return (
    <svg className="minute-bars" viewBox={`0 0 ${values.length * STEP} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <title>{label}</title>
      <path d={`M0 ${HEIGHT - 0.5}h${values.length * STEP}`} stroke="var(--line)" vectorEffect="non-scaling-stroke" />
      <path d={values.slice(0, last).map(bar).join("")} fill="var(--info)" />
      <path d={bar(values[last] ?? 0, last)} fill="var(--info)" opacity="0.5" />
    </svg>
  );
}
