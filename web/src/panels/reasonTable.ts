// Which class and owner has each reason? The server's table (docs/formats/events.md), checked against it by a test.

export const REASONS: Record<string, { class: "technical" | "declined" | "invalid" | "device"; owner: string }> = {
  ISSUER_DECLINED: { class: "declined", owner: "issuer" },
  CVC_MISMATCH: { class: "declined", owner: "issuer" },
  CARD_NOT_ELIGIBLE: { class: "declined", owner: "issuer" },
  RISK_DECLINED: { class: "declined", owner: "issuer rules" },
  TOKEN_LIMIT_REACHED: { class: "declined", owner: "TSP" },
  IDV_FAILED: { class: "declined", owner: "ID&V vendor" },
  IDV_TIMEOUT: { class: "technical", owner: "ID&V vendor" },
  TSP_ERROR: { class: "technical", owner: "TSP" },
  TSP_TIMEOUT: { class: "technical", owner: "TSP" },
  ISSUER_TIMEOUT: { class: "technical", owner: "issuer" },
  DEVICE_NOT_SUPPORTED: { class: "device", owner: "wallet" },
  INVALID_REQUEST: { class: "invalid", owner: "wallet" },
  INTERNAL_ERROR: { class: "technical", owner: "ours" },
  UNKNOWN: { class: "technical", owner: "ours" },
};
