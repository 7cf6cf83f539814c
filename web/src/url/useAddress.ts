// How do components read and change the address? Changes push history, so Back undoes them.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import type { FilterName, Search } from "./search";
import { readSearch, toggled } from "./search";

export interface Address {
  search: Search;
  zone: "utc" | "local";
  /** Another address on the same page. */
  go(next: Search): void;
  /** Filters everything by a value; with `refuse`, everything but it. */
  pick(name: FilterName, value: string | null | undefined, refuse?: boolean): void;
}

/** The word by which the API knows attempts without a value. */
export const UNKNOWN = "unknown";

export function useAddress(): Address {
  const raw = useSearch({ strict: false });
  // The router hands on what means nothing, too.
  const search = useMemo(() => readSearch(raw), [raw]);
  const navigate = useNavigate();
  const go = useCallback(
    (next: Search) => void navigate({ to: ".", search: next }),
    [navigate],
  );
  const pick = useCallback(
    (name: FilterName, value: string | null | undefined, refuse = false) => go(toggled(search, name, value ?? UNKNOWN, refuse)),
    [go, search],
  );
  return { search, zone: search.tz ?? "utc", go, pick };
}
