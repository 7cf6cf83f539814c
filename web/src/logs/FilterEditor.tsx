// Where a metric filter is made or changed: its form, and beside it what it makes of sample lines as it is written.
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState, type ReactNode } from "react";
import { ApiError, ask } from "../api/client";
import { deleteMetricFilter, newestLines, putMetricFilter, SAMPLES_MAX, type LogFields, type MetricFilter } from "../api/logs";
import { announce } from "../shell/announce";
import { Dialog } from "../shell/Dialog";
import { changed, type Search } from "../url/search";
import { FilterFields } from "./FilterFields";
import { formOf, mistakes, newForm, samplesOf, transformationOf, written, type FilterForm, type FormField } from "./filterForm";
import { marksOf } from "./marks";
import { patternProblem, usePatternCheck } from "./usePatternCheck";
import { Verdicts } from "./Verdicts";

/** Lines that are taken from a group at once. */
const TAKEN = 20;
export const METRIC_FILTERS = ["/logs/metric-filters"];

export interface FilterEditorProps {
  /** The filter that is changed; none for a new one. */
  filter: MetricFilter | null;
  groups: readonly string[];
  search: Search;
  go(next: Search): void;
}

export function FilterEditor({ filter, groups, search, go }: FilterEditorProps): ReactNode {
  const [form, setForm] = useState<FilterForm>(() => (filter ? formOf(filter) : newForm(search, search.group ?? "")));
  const [samples, setSamples] = useState("");
  const [isTried, setTried] = useState(false);
  const [isDeleting, setDeleting] = useState(false);
  const lines = useMemo(() => samplesOf(samples, SAMPLES_MAX), [samples]);
  const check = usePatternCheck(form.pattern, lines, transformationOf(form));
  const fields = useFields(form.group);
  const marks = useMemo(() => marksOf(form.pattern), [form.pattern]);
  const close = (): void => go(changed(search, { filter: undefined, draft: undefined, group: undefined, pattern: undefined }));
  const kept = useKept(form, close);
  const wrong = { ...(isTried ? mistakes(form) : {}), ...kept.wrong };
  const change = (next: Partial<FilterForm>): void => {
    kept.save.reset();
    setForm((known) => ({ ...known, ...next }));
  };
  const submit = (): void => {
    setTried(true);
    if (Object.keys(mistakes(form)).length > 0) return announce("Some fields are still missing");
    kept.save.mutate();
  };
  const title = filter ? `Metric filter ${filter.name}` : "New metric filter";
  return (
    <section className="panel" data-panel="filter-editor" data-face="ready" aria-label={title}>
      <div className="panel-head">
        <h2 className="grow clip">{title}</h2>
        {filter && <Button size="compact-sm" variant="default" onClick={() => setDeleting(true)}>Delete</Button>}
        <Button size="compact-sm" variant="default" onClick={close}>Close</Button>
      </div>
      <div className="panel-body filter-editor">
        <div className="stack">
          <FilterFields form={form} change={change} groups={groups} fields={fields} isKnown={filter !== null} wrong={wrong} submit={submit}
            patternProblem={kept.patternProblem ?? check.problem} transformationProblem={check.answer?.transformationError?.message ?? null} />
          <div className="row wrap">
            <Button size="compact-md" loading={kept.save.isPending} onClick={submit}>{filter ? "Save changes" : "Create the filter"}</Button>
            {kept.words !== null && <span role="alert" className="small" style={{ color: "var(--fail)" }}>{kept.words}</span>}
            <span className="quiet small">It counts lines that come from now on, not those that are here.</span>
          </div>
        </div>
        <div>
          <Samples group={form.group} text={samples} setText={setSamples} isFull={lines.length === SAMPLES_MAX} />
          {check.error && <p role="alert" className="small" style={{ color: "var(--fail)" }}>Not tried: {check.error.message}</p>}
          {lines.length > 0 && check.answer?.isValid && check.answer.samples.length > 0 && <Verdicts verdicts={check.answer.samples} samples={check.samples} marks={marks} isOld={check.isOld} />}
          {lines.length > 0 && check.problem && <p className="quiet">The pattern is none yet; what it makes of these lines is shown when it is.</p>}
        </div>
      </div>
      {filter && <Deletion filter={filter} isOpen={isDeleting} close={() => setDeleting(false)} gone={close} />}
    </section>
  );
}

function useFields(group: string): LogFields["fields"] {
  const parameters = new URLSearchParams({ group, from: "now-24h", to: "now" });
  const answer = useQuery({ queryKey: ["/logs/fields", parameters.toString()], queryFn: ({ signal }) => ask<LogFields>("/logs/fields", parameters, signal), enabled: group !== "", staleTime: 60_000 });
  return answer.data?.fields ?? [];
}

function useKept(form: FilterForm, done: () => void) {
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: () => putMetricFilter(written(form)),
    onSuccess: async () => {
      announce(`Saved ${form.name.trim()}`);
      await client.invalidateQueries({ queryKey: METRIC_FILTERS });
      void client.invalidateQueries({ queryKey: ["/logs/groups"] });
      done();
    },
  });
  const error = save.error;
  // The server names the member, perhaps with what it is in before it.
  const member = error instanceof ApiError ? error.place.parameter?.split(".").at(-1) : undefined;
  const ofPattern = patternProblem(error);
  const isOfField = member !== undefined && member in form && ofPattern === null;
  const wrong: Partial<Record<FormField, string>> = error && isOfField ? { [member]: error.message } : {};
  return {
    save,
    wrong,
    patternProblem: ofPattern,
    words: error && !isOfField && ofPattern === null ? `Not saved: ${error.message}` : null,
  };
}

function Samples({ group, text, setText, isFull }: { group: string; text: string; setText(text: string): void; isFull: boolean }): ReactNode {
  const take = useMutation({
    mutationFn: () => newestLines(group, TAKEN),
    onSuccess: (lines) => {
      // A line of the samples is a line of the text.
      setText(lines.map((line) => line.trimEnd().replace(/\r?\n/g, " ")).join("\n"));
      announce(lines.length === 0 ? "The group has no lines of the last 30 days" : `Took ${lines.length} lines`);
    },
  });
  return (
    <div>
      <div className="row wrap" style={{ marginBottom: 4 }}>
        <label htmlFor="filter-samples" className="field-label grow">Sample lines, one each</label>
        <Button size="compact-sm" variant="default" disabled={group === ""} loading={take.isPending} onClick={() => take.mutate()}>Take the newest lines of the group</Button>
      </div>
      <textarea id="filter-samples" className="mono samples" rows={6} value={text} onChange={(event) => setText(event.currentTarget.value)} placeholder="Paste lines here to see which of them count, and the points they make." spellCheck={false} />
      {take.error && <div role="alert" className="small" style={{ color: "var(--fail)" }}>{take.error.message}</div>}
      {isFull && <div className="quiet small">The first {SAMPLES_MAX} lines are tried.</div>}
    </div>
  );
}

function Deletion({ filter, isOpen, close, gone }: { filter: MetricFilter; isOpen: boolean; close(): void; gone(): void }): ReactNode {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteMetricFilter(filter.group, filter.name),
    onSuccess: async () => {
      announce(`Deleted ${filter.name}`);
      close();
      await client.invalidateQueries({ queryKey: METRIC_FILTERS });
      gone();
    },
  });
  return (
    <Dialog title={`Delete ${filter.name}?`} isOpen={isOpen} close={close}>
      <p style={{ marginTop: 0 }}>Lines of {filter.group} make no points of {filter.metricNamespace} {filter.metricName} by it any more. The points that it has made stay.</p>
      {remove.error && <p role="alert" style={{ color: "var(--fail)" }}>{remove.error.message}</p>}
      <div className="row">
        <Button size="compact-md" variant="default" style={{ color: "var(--fail)", borderColor: "var(--fail)" }} loading={remove.isPending} onClick={() => remove.mutate()}>Delete the filter</Button>
        <Button size="compact-md" variant="default" onClick={close}>Keep it</Button>
      </div>
    </Dialog>
  );
}
