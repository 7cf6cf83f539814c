// A line without axes, for a card: only how it moved.
import type { ReactNode } from "react";

export function Spark({ values, colour }: { values: readonly (number | null)[]; colour: string }): ReactNode {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return <svg className="spark" aria-hidden="true" />;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const height = (value: number): number => (high === low ? 14 : 26 - ((value - low) / (high - low)) * 24);
  let path = "";
  let isDown = false;
  values.forEach((value, index) => {
    const x = (index / (values.length - 1)) * 94 + 1;
    if (value === null) isDown = false;
    else {
      path += `${isDown ? "L" : "M"}${x.toFixed(1)} ${height(value).toFixed(1)}`;
      isDown = true;
    }
  });
  return (
    <svg className="spark" viewBox="0 0 96 28" preserveAspectRatio="none" aria-hidden="true">
      <path d={path} fill="none" stroke={colour} strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
