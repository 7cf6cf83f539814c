// One of a few: buttons side by side that wrap where there is little room.
import type { ReactNode } from "react";

export interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; label: string }[];
  choose(value: T): void;
}

export function Choice<T extends string>({ label, value, options, choose }: ChoiceProps<T>): ReactNode {
  return (
    <div className="choices small" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option.value} type="button" className="plain" aria-pressed={option.value === value} onClick={() => choose(option.value)}>
          {option.label}
        </button>
      ))}
    </div>
  );
}
