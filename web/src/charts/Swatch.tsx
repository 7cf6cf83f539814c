// A piece of a line as the legend shows it: colour and dashes.
import type { ReactNode } from "react";

export function Swatch({ colour, dash, isThin = false }: { colour: string; dash: readonly number[]; isThin?: boolean }): ReactNode {
  return (
    <svg width="22" height="10" aria-hidden="true">
      <line x1="1" y1="5" x2="21" y2="5" stroke={colour} strokeWidth={isThin ? 1 : 2.5} strokeDasharray={dash.join(" ")} />
    </svg>
  );
}
