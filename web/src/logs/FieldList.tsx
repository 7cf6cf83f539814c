// Which fields have the lines that were found, and which values? A click on a value makes it a condition of the pattern.
import { TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import type { LogField, LogFields } from "../api/logs";
import { Bars } from "../charts/Bars";
import { Icon } from "../shell/icons";
import { count, percent } from "../text/format";
import { valueOf } from "./pattern";
import type { LineActions } from "./useLines";

const MANY = 12;
const TYPE_WORDS: Record<string, string> = { text: "text", number: "number", flag: "yes or no", mixed: "several types" };

export function FieldList({ fields: { fields, sampled }, actions }: { fields: LogFields; actions: LineActions }): ReactNode {
  const [text, setText] = useState("");
  const [open, setOpen] = useState<string | null>(null);
  const found = fields.filter((field) => field.name.toLowerCase().includes(text.trim().toLowerCase()));
  if (fields.length === 0) return <p className="quiet">No lines, so no fields.</p>;
  return (
    <>
      <div className="quiet small">Of the newest {count(sampled)} lines that match</div>
      {fields.length > MANY && <TextInput size="xs" aria-label="Find a field" placeholder="Find a field" value={text} onChange={(event) => setText(event.currentTarget.value)} my={4} />}
      <ul className="tree field-list">
        {found.map((field) => {
          const isOpen = open === field.name;
          return (
            <li key={field.name} data-field={field.name}>
              <button type="button" className="plain field-head" aria-expanded={isOpen} onClick={() => setOpen(isOpen ? null : field.name)}>
                <Icon name={isOpen ? "down" : "right"} size={10} />
                <span className="mono clip grow">{field.name}</span>
                <span className="quiet small">{percent(sampled > 0 ? field.count / sampled : null)}</span>
              </button>
              {isOpen && <Values field={field} actions={actions} />}
            </li>
          );
        })}
      </ul>
      {found.length === 0 && <div className="quiet small">No field has this in its name.</div>}
    </>
  );
}

function Values({ field, actions }: { field: LogField; actions: LineActions }): ReactNode {
  return (
    <div className="field-values">
      <div className="quiet small">{TYPE_WORDS[field.type] ?? field.type}, {count(field.distinct)} different {field.distinct === 1 ? "value" : "values"}; Alt and a click refuses one</div>
      <Bars label={`Most frequent values of ${field.name}`}
        bars={field.top.map(({ value, count: times }) => ({ key: value, label: value, value: times, words: count(times) }))}
        onPick={(text, refuse) => actions.condition(field.name, valueOf(text, field.type), refuse)} />
    </div>
  );
}
