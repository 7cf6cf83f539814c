// Where do attempts go, and where are they lost? A flow from the first stage to the last, losses leaving on the way.
import { sankey, sankeyJustify, sankeyLinkHorizontal, type SankeyNode } from "d3-sankey";
import { useState, type ReactNode } from "react";
import type { Funnel } from "../api/client";
import { useWidth } from "../charts/useWidth";
import { WithTable } from "../charts/WithTable";
import { count, percent } from "../text/format";
import { words } from "../text/words";
import { usePalette } from "../theme/usePalette";
import type { Palette } from "../theme/theme";

interface Node { id: string; attempts: number; kind: string }
interface Link { source: string; target: string; attempts: number; value: number }

const HEIGHT = 360;

export interface FlowProps {
  funnel: Funnel;
  /** Nodes that stand for a filter. */
  isPickable(node: string): boolean;
  onPick(node: string, refuse: boolean): void;
}

export function Flow({ funnel, isPickable, onPick }: FlowProps): ReactNode {
  const { set: setBox, width: measured } = useWidth<HTMLDivElement>();
  const palette = usePalette();
  const [hovered, setHovered] = useState<string | null>(null);
  // Narrow screens scroll: squeezed columns cannot be read.
  const width = Math.max(measured, 760);
  const layout = sankey<Node, Link>()
    .nodeId((node) => node.id)
    .nodeAlign(sankeyJustify)
    .nodeWidth(12)
    .nodePadding(18)
    .extent([[4, 8], [width - 110, HEIGHT - 12]]);
  const graph = layout({
    nodes: funnel.nodes.map((node) => ({ ...node })),
    links: funnel.links.map((link) => ({ ...link, value: link.attempts })),
  });
  const path = sankeyLinkHorizontal<Node, Link>();
  const text = `Flow of ${count(funnel.attempts)} requests: ${funnel.nodes.map((node) => `${name(node.id)} ${count(node.attempts)}`).join(", ")}.`;
  const rows = funnel.links.map((link) => [`${name(link.source)} → ${name(link.target)}`, count(link.attempts), percent(funnel.attempts === 0 ? null : link.attempts / funnel.attempts)]);
  return (
    <WithTable title="Flow of requests" head={["From → to", "Requests", "Of all"]} rows={rows} height={HEIGHT}>
      <div ref={setBox} className="scroll-x" tabIndex={0} role="group" aria-label="Flow of requests">
        <svg width={width} height={HEIGHT} role="group" aria-label={text} style={{ display: "block" }}>
          {graph.links.map((link) => {
            const source = link.source as SankeyNode<Node, Link>;
            const target = link.target as SankeyNode<Node, Link>;
            const key = `${source.id} ${target.id}`;
            return (
              <path key={key} d={path(link) ?? ""} fill="none" stroke={colour(target.id, palette)} strokeWidth={Math.max(1, link.width ?? 1)}
                strokeOpacity={hovered === null || hovered === source.id || hovered === target.id ? 0.38 : 0.12}>
                <title>{`${name(source.id)} → ${name(target.id)}: ${count(link.attempts)} (${percent(link.attempts / Math.max(1, source.attempts))})`}</title>
              </path>
            );
          })}
          {graph.nodes.map((node) => {
            const { x0 = 0, x1 = 0, y0 = 0, y1 = 0 } = node;
            return (
              <g key={node.id} {...(isPickable(node.id) ? { role: "button", tabIndex: 0, style: { cursor: "pointer" } } : {})} aria-label={`${name(node.id)}: ${count(node.attempts)} requests`}
                onMouseEnter={() => setHovered(node.id)} onMouseLeave={() => setHovered(null)} onClick={(event) => onPick(node.id, event.altKey)}
                onKeyDown={(event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), onPick(node.id, event.altKey))}>
                <title>{`${name(node.id)}: ${count(node.attempts)} requests`}</title>
                <rect x={x0} y={y0} width={x1 - x0} height={Math.max(2, y1 - y0)} fill={colour(node.id, palette)} rx={2} />
                <text x={x1 + 5} y={(y0 + y1) / 2} dy="-0.1em" fontSize={11} fill="var(--text)">{name(node.id)}</text>
                <text x={x1 + 5} y={(y0 + y1) / 2} dy="1.05em" fontSize={11} fill="var(--quiet)">{count(node.attempts)}</text>
              </g>
            );
          })}
        </svg>
      </div>
    </WithTable>
  );
}

export function name(id: string): string {
  const decision = /^decided_(\w+)$/.exec(id)?.[1];
  return decision ? `Decided ${decision}` : words(id === "failed" || id === "pending" || id === "abandoned" ? id.toUpperCase() : id);
}

function colour(id: string, palette: Palette): string {
  if (id === "failed") return palette.failed;
  if (id === "abandoned") return palette.abandoned;
  return id === "pending" ? palette.pending : palette.success;
}
