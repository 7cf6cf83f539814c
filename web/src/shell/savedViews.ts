// Which views does this browser keep? A name for a page with its range and filters.

export interface SavedView {
  name: string;
  path: string;
  /** As in the address, with its question mark, or empty. */
  search: string;
}

const KEY = "walletscope-views";
export const NAME_MAX = 64;
export const VIEWS_MAX = 200;

/** What is kept, by name; what cannot be read is nothing. */
export function readViews(storage: Pick<Storage, "getItem">): SavedView[] {
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isView) : [];
  } catch {
    return [];
  }
}

export function writeViews(storage: Pick<Storage, "setItem">, views: readonly SavedView[]): void {
  storage.setItem(KEY, JSON.stringify(views));
}

/** With one more view; one of the same name is replaced. */
export function withView(views: readonly SavedView[], view: SavedView): SavedView[] {
  const others = views.filter((each) => each.name !== view.name);
  return [...others, view].sort((left, right) => left.name.localeCompare(right.name)).slice(0, VIEWS_MAX);
}

function isView(value: unknown): value is SavedView {
  if (typeof value !== "object" || value === null) return false;
  const { name, path, search } = value as Record<string, unknown>;
  // A path of another server would lead away.
  return typeof name === "string" && typeof path === "string" && /^\/(?!\/)/.test(path) && typeof search === "string";
}
