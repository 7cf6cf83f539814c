// Which filters are set? One chip per value; a dashed one refuses.
import { UnstyledButton } from "@mantine/core";
import type { ReactNode } from "react";
import { FILTER_WORDS, OUTCOME_WORDS } from "../text/words";
import { FILTERS, toggled, valuesOf, without } from "../url/search";
import { useAddress } from "../url/useAddress";
import { Icon } from "./icons";

export function Chips(): ReactNode {
  const { search, go } = useAddress();
  return FILTERS.flatMap((name) =>
    valuesOf(search, name).map(({ text, refused }) => {
      const words = `${FILTER_WORDS[name]} ${refused ? "is not" : "is"} ${OUTCOME_WORDS[text] ?? text}`;
      return (
        <span key={`${name} ${text}`} className="chip" data-refused={refused}>
          <UnstyledButton className="clip" title={`${words}. Click to ${refused ? "admit" : "refuse"} it instead.`} onClick={() => go(toggled(search, name, text, !refused))}>
            {FILTER_WORDS[name]} {refused ? "≠" : "="} <strong>{OUTCOME_WORDS[text] ?? text}</strong>
          </UnstyledButton>
          <UnstyledButton aria-label={`Remove the filter: ${words}`} onClick={() => go(without(search, name, text))}>
            <Icon name="close" size={12} />
          </UnstyledButton>
        </span>
      );
    }),
  );
}
