// How does it look? Quiet and dense; colour only for meaning.
import { createTheme, type MantineColorsTuple } from "@mantine/core";

const ink: MantineColorsTuple = [
  "#eef4fb", "#dbe7f5", "#b6cdea", "#8db2df", "#5f95d2", "#3a7cc6", "#0b5cad", "#094f96", "#07417c", "#053363",
];

export const theme = createTheme({
  fontFamily: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, 'Cascadia Mono', monospace",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  lineHeights: { xs: "18px", sm: "20px", md: "20px", lg: "24px", xl: "28px" },
  spacing: { xs: "4px", sm: "8px", md: "12px", lg: "16px", xl: "24px" },
  radius: { sm: "4px", md: "6px", lg: "8px" },
  defaultRadius: "md",
  primaryColor: "ink",
  primaryShade: 6,
  colors: { ink },
  cursorType: "pointer",
  focusRing: "auto",
  headings: { fontWeight: "600", sizes: { h1: { fontSize: "20px", lineHeight: "28px" }, h2: { fontSize: "13px", lineHeight: "20px" } } },
});

/** Colours of lines and marks, apart from each other also for colour-blind eyes and on grey paper. */
export interface Palette {
  success: string;
  failed: string;
  pending: string;
  abandoned: string;
  categories: readonly string[];
  grid: string;
  text: string;
  band: string;
  hatch: string;
  surface: string;
}

export const LIGHT: Palette = {
  success: "#0072B2",
  failed: "#C2410C",
  pending: "#6B7280",
  abandoned: "#7E22CE",
  categories: ["#0072B2", "#D55E00", "#CC79A7", "#7E22CE", "#111827", "#57534E"],
  grid: "#E3E6EA",
  text: "#4A525C",
  band: "rgba(194,65,12,0.16)",
  hatch: "rgba(91,100,112,0.30)",
  surface: "#FFFFFF",
};

export const DARK: Palette = {
  success: "#56B4E9",
  failed: "#FF8A5B",
  pending: "#A0A8B3",
  abandoned: "#C59BFF",
  categories: ["#56B4E9", "#FF8A5B", "#E39AC4", "#C59BFF", "#E5E7EB", "#B8A99A"],
  grid: "#343A42",
  text: "#A9B1BC",
  band: "rgba(255,138,91,0.22)",
  hatch: "rgba(160,168,179,0.30)",
  surface: "#1E2227",
};

/** Viridis, from few to many. */
export const VIRIDIS = [
  "#440154", "#482878", "#3E4A89", "#31688E", "#26828E", "#1F9E89", "#35B779", "#6DCD59", "#B4DE2C", "#FDE725",
] as const;
