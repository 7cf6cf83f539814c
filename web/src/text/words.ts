// Which words stand for the API's stable ones?
import type { FilterName } from "../url/search";

export const OUTCOME_WORDS: Record<string, string> = {
  SUCCESS: "Success",
  FAILED: "Failed",
  PENDING: "Pending",
  ABANDONED: "Abandoned",
};

export const FILTER_WORDS: Record<FilterName, string> = {
  wallet: "Wallet",
  issuer: "Issuer",
  outcome: "Outcome",
  reason: "Reason",
  class: "Class",
  owner: "Owner",
  decision: "Decision",
  vendor: "Step-up vendor",
  network: "Network",
  device: "Device",
  country: "Country",
  channel: "Channel",
  bin: "BIN",
  lastFour: "Last four",
};

export const STAGE_WORDS: Record<string, string> = {
  started: "Started",
  eligible: "Eligible",
  decided: "Decided",
  step_up_sent: "Step-up sent",
  step_up_verified: "Step-up verified",
  token_created: "Token created",
  provisioned: "Provisioned",
  activated: "Activated",
  first_tap: "First tap",
};

export const JOIN_WORDS: Record<string, string> = {
  named: "for certain, by its own id",
  alias: "for certain, by an id that only this request has",
  shared: "unsurely, by an id that several requests share; shown with each, counted by none",
  token: "for certain, by its token after provisioning",
};

/** `step_up_sent` and the like for people. */
export function words(text: string): string {
  const known = STAGE_WORDS[text] ?? OUTCOME_WORDS[text];
  if (known) return known;
  const spaced = text.replaceAll("_", " ");
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

const REGIONS = new Intl.DisplayNames(["en"], { type: "region", fallback: "none" });

/** A country's name after its code; the code alone where nobody knows it. */
export function country(code: string): string {
  try {
    const name = /^[A-Z]{2}$/.test(code) ? REGIONS.of(code) : undefined;
    return name ? `${name} (${code})` : code;
  } catch {
    return code;
  }
}
