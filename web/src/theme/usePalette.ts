import { useComputedColorScheme } from "@mantine/core";
import { DARK, LIGHT, type Palette } from "./theme";

/** The colours of the theme that is shown. */
export function usePalette(): Palette {
  return useComputedColorScheme("light") === "dark" ? DARK : LIGHT;
}
