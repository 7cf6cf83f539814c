// The chart of the product alone on a page, fed by `measure`.
import "@mantine/core/styles.css";
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRootRoute, createRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import type { Chart } from "../../src/charts/lines";
import { TimeSeries } from "../../src/charts/TimeSeries";
import { theme } from "../../src/theme/theme";

const POINTS = 10_000;
let update: (chart: Chart) => void = () => undefined;

function chartAt(tick: number): Chart {
  const startsMs = Array.from({ length: POINTS }, (_, place) => 1_700_000_000_000 + (place + tick) * 1_000);
  const values = (height: number): number[] => startsMs.map((_, place) => Math.round(height * (1 + Math.sin((place + tick) / 200)) + ((place + tick) % 7)));
  const line = (key: string, colour: string, height: number): Chart["lines"][number] => ({ key, label: key, colour, dash: [], values: values(height) });
  return { title: "Bench", startsMs, lengthSeconds: 1, isLastPartial: true, write: String, lines: [line("a", "#0072B2", 300), line("b", "#C2410C", 80), line("c", "#6B7280", 20)] };
}

function Bench(): ReactNode {
  const [chart, setChart] = useState(() => chartAt(0));
  update = setChart;
  return <TimeSeries chart={chart} height={230} />;
}

const root = createRootRoute();
const router = createRouter({ routeTree: root.addChildren([createRoute({ getParentRoute: () => root, path: "/ops", component: Bench })]) });
const element = document.getElementById("root");
if (element) {
  createRoot(element).render(
    <MantineProvider theme={theme}>
      <QueryClientProvider client={new QueryClient()}>
        <RouterProvider router={router as never} />
      </QueryClientProvider>
    </MantineProvider>,
  );
}

async function measure(updates: number): Promise<number[]> {
  while (!document.querySelector("canvas")) await new Promise((next) => setTimeout(next, 20));
  const took: number[] = [];
  for (let tick = 1; tick <= updates; tick += 1) {
    const chart = chartAt(tick);
    const began = performance.now();
    flushSync(() => update(chart));
    // The drawing is committed in a microtask after the effects.
    await Promise.resolve();
    await Promise.resolve();
    took.push(performance.now() - began);
    await new Promise((next) => requestAnimationFrame(next));
  }
  return took;
}

Object.assign(globalThis, { measure });
