// Who sends what, how much of it can be joined, and what should be mended? Every source, asked again every ten seconds.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { askSources } from "../api/sources";
import { Connect } from "../panels/Connect";
import { Panel } from "../panels/Panel";
import { SourceList } from "../panels/SourceList";
import { period, summary } from "../panels/sourceWords";
import { time, wholeSeconds } from "../text/format";
import { useAddress } from "../url/useAddress";

const EVERY_MS = 10_000;

export function Sources(): ReactNode {
  const { zone } = useAddress();
  const answer = useQuery({ queryKey: ["/sources"], queryFn: ({ signal }) => askSources(signal), refetchInterval: EVERY_MS });
  return (
    <>
      <div className="row wrap">
        <h1>Sources</h1>
        <span className="quiet grow">{answer.data ? `as of ${time(answer.data.dataTo.now, zone, "clock")}, asked every ${wholeSeconds(EVERY_MS)}; counts and hints of ${period(answer.data.periodHours)}` : ""}</span>
      </div>
      <Panel name="sources" title={answer.data && answer.data.sources.length > 0 ? summary(answer.data.sources) : "Who sends what"} answer={answer} height={200} isNothing={() => false} isTimeless>
        {({ sources, periodHours, dataTo }) => sources.length === 0 ? <Connect /> : <SourceList sources={sources} hours={periodHours} zone={zone} now={Date.parse(dataTo.now)} />}
      </Panel>
    </>
  );
}
