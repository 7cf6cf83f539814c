import { useCallback, useRef, useState, type RefObject } from "react";

export interface Box<T extends HTMLElement> {
  /** To be given to the element as its `ref`. */
  set(element: T | null): (() => void) | undefined;
  element: RefObject<T | null>;
  /** Its width in pixels, as it changes; 0 until it is there. */
  width: number;
}

/** Watches how wide an element is. */
export function useWidth<T extends HTMLElement>(): Box<T> {
  const element = useRef<T | null>(null);
  const [width, setWidth] = useState(0);
  const set = useCallback((found: T | null) => {
    element.current = found;
    if (!found) return undefined;
    setWidth(Math.floor(found.clientWidth));
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    watch.observe(found);
    return () => {
      watch.disconnect();
      element.current = null;
    };
  }, []);
  return { set, element, width };
}
