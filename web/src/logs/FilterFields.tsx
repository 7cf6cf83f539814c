// The fields of a metric filter's form: whose lines, which of them, and the point that each makes.
import { Button, TextInput } from "@mantine/core";
import { useId, type ReactNode } from "react";
import type { LogField } from "../api/logs";
import { Icon } from "../shell/icons";
import { DIMENSIONS_MAX, UNITS, type Dimension, type FilterForm, type FormField } from "./filterForm";
import { selector } from "./pattern";
import type { PatternProblem } from "./PatternEditor";
import { PatternField, Said } from "./PatternField";

export interface FilterFieldsProps {
  form: FilterForm;
  change(change: Partial<FilterForm>): void;
  groups: readonly string[];
  fields: readonly LogField[];
  /** Group and name say which filter it is: of one that exists they stay. */
  isKnown: boolean;
  /** What is wrong, by field. */
  wrong: Partial<Record<FormField, string>>;
  patternProblem: PatternProblem | null;
  transformationProblem: string | null;
  submit(): void;
}

export function FilterFields({ form, change, groups, fields, isKnown, wrong, patternProblem, transformationProblem, submit }: FilterFieldsProps): ReactNode {
  const places = useId();
  const text = (name: Exclude<FormField, "dimensions" | "group" | "pattern" | "unit">, label: string, more: { list?: string; placeholder?: string; disabled?: boolean } = {}): ReactNode => (
    <TextInput size="xs" label={label} value={form[name]} error={wrong[name]} onChange={(event) => change({ [name]: event.currentTarget.value })} {...more} />
  );
  return (
    <div className="filter-form">
      <div className="filter-row">
        <Labelled label="Log group" error={wrong.group}>
          {(id) => (
            <select id={id} className="plain-select" value={form.group} disabled={isKnown} onChange={(event) => change({ group: event.currentTarget.value })}>
              <option value="">Choose a group</option>
              {[...new Set([...groups, ...(form.group === "" ? [] : [form.group])])].map((group) => <option key={group}>{group}</option>)}
            </select>
          )}
        </Labelled>
        {text("name", "Name of the filter", { disabled: isKnown, placeholder: "provision-failures" })}
      </div>
      <div>
        <div className="field-label">Pattern: which lines count</div>
        <PatternField text={form.pattern} setText={(pattern) => change({ pattern })} run={submit} fields={fields} problem={patternProblem ?? (wrong.pattern === undefined ? null : { message: wrong.pattern, at: null })} />
      </div>
      <fieldset className="filter-point">
        <legend>The point that each line makes</legend>
        <datalist id={places}>{fields.filter((field) => !field.name.startsWith("@")).map((field) => <option key={field.name} value={selector(field.name)}>{field.type}</option>)}</datalist>
        <div className="filter-row">
          {text("metricNamespace", "Namespace", { placeholder: "TokenProvisioning" })}
          {text("metricName", "Metric", { placeholder: "ProvisionFailures" })}
        </div>
        <div className="filter-row">
          {text("metricValue", "Value: a number, or its place", { list: places, placeholder: "1 or $.processingTime" })}
          {text("defaultValue", "Default value", { placeholder: "none" })}
          <Labelled label="Unit" error={wrong.unit}>
            {(id) => <select id={id} className="plain-select" value={form.unit} onChange={(event) => change({ unit: event.currentTarget.value })}>{UNITS.map((unit) => <option key={unit}>{unit}</option>)}</select>}
          </Labelled>
        </div>
        <Dimensions dimensions={form.dimensions} change={(dimensions) => change({ dimensions })} places={places} wrong={wrong.dimensions} />
        {transformationProblem !== null && <div role="alert" className="small pattern-problem"><Icon name="failed" size={14} /><span><Said text={transformationProblem} /></span></div>}
      </fieldset>
    </div>
  );
}

function Labelled({ label, error, children }: { label: string; error?: string | undefined; children(id: string): ReactNode }): ReactNode {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="field-label">{label}</label>
      {children(id)}
      {error !== undefined && <div className="small" style={{ color: "var(--fail)" }}>{error}</div>}
    </div>
  );
}

function Dimensions({ dimensions, change, places, wrong }: { dimensions: readonly Dimension[]; change(dimensions: readonly Dimension[]): void; places: string; wrong: string | undefined }): ReactNode {
  const set = (place: number, next: Partial<Dimension>): void => change(dimensions.map((each, index) => (index === place ? { ...each, ...next } : each)));
  return (
    <div>
      {dimensions.map((dimension, place) => (
        <div key={place} className="filter-row filter-dimension">
          <TextInput size="xs" label={`Dimension ${place + 1}`} placeholder="Issuer" value={dimension.name} onChange={(event) => set(place, { name: event.currentTarget.value })} />
          <TextInput size="xs" label={`Place ${place + 1} in the line`} placeholder="$.issuer" list={places} value={dimension.place} onChange={(event) => set(place, { place: event.currentTarget.value })} />
          <Button size="compact-sm" variant="default" aria-label={`Remove dimension ${place + 1}`} onClick={() => change(dimensions.filter((_, index) => index !== place))}><Icon name="close" size={12} /></Button>
        </div>
      ))}
      {wrong !== undefined && <div className="small" style={{ color: "var(--fail)" }}>{wrong}</div>}
      {dimensions.length < DIMENSIONS_MAX && (
        <Button size="compact-sm" variant="default" mt={6} leftSection={<Icon name="plus" size={12} />} onClick={() => change([...dimensions, { name: "", place: "" }])}>Dimension</Button>
      )}
    </div>
  );
}
