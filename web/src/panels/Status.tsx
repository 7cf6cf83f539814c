// Icon, word and colour of an outcome, never colour alone.
import type { ReactNode } from "react";
import { Icon, type IconName } from "../shell/icons";
import { OUTCOME_WORDS } from "../text/words";

const ICONS: Record<string, IconName> = { SUCCESS: "success", FAILED: "failed", PENDING: "pending", ABANDONED: "abandoned" };

export function Status({ outcome }: { outcome: string }): ReactNode {
  return (
    <span className="status" data-outcome={outcome}>
      <Icon name={ICONS[outcome] ?? "pending"} />
      {OUTCOME_WORDS[outcome] ?? outcome}
    </span>
  );
}
