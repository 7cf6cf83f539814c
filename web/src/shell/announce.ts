// Says briefly what was done, to eyes and to screen readers.
const SHOWN_MS = 2_500;
export const ANNOUNCEMENT = "announcement";

export function announce(text: string): void {
  const box = document.getElementById(ANNOUNCEMENT);
  if (!box) return;
  box.textContent = text;
  setTimeout(() => {
    if (box.textContent === text) box.textContent = "";
  }, SHOWN_MS);
}

/** Copies a text and says so. */
export function copy(text: string): void {
  navigator.clipboard.writeText(text).then(
    () => announce(`Copied ${text}`),
    () => announce("Copying is not allowed here"),
  );
}
