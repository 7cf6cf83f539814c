// Which key presses are shortcuts? Single keys outside of inputs and dialogs, unless somebody switched them off.
import { useEffect, useRef } from "react";

/** In the browser's storage while single-key shortcuts are off. */
export const OFF_KEY = "walletscope-shortcuts-off";

function isShortcut(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  const isTyping = target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio]), textarea, select");
  const isModified = event.ctrlKey || event.metaKey || event.altKey;
  return !isTyping && !isModified && localStorage.getItem(OFF_KEY) !== "1" && !document.querySelector("[role=dialog]");
}

/** Calls `press` for every shortcut while the component is shown. */
export function useKeys(press: (event: KeyboardEvent) => void): void {
  const newest = useRef(press);
  newest.current = press;
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (isShortcut(event)) newest.current(event);
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
}
