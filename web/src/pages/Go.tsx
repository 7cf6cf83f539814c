// Which page does an id mean? One request opens; several are listed; an unknown id says so.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useEffect, type ReactNode } from "react";
import { ask, ApiError, type Candidates, type RequestAnswer } from "../api/client";
import { useSession } from "../api/queries";
import { Connect } from "../panels/Connect";
import { Panel } from "../panels/Panel";
import { Status } from "../panels/Status";
import { time } from "../text/format";
import { useAddress } from "../url/useAddress";

export function Go(): ReactNode {
  const { id } = useParams({ from: "/go/$id" });
  const { search, zone } = useAddress();
  const navigate = useNavigate();
  const answer = useQuery({ queryKey: ["/requests/", id], queryFn: ({ signal }) => ask<RequestAnswer | Candidates>(`/requests/${encodeURIComponent(id)}`, undefined, signal) });
  const data = answer.data;
  const only = data && !("candidates" in data) ? data.detail.attemptId : null;
  useEffect(() => {
    if (only !== null) void navigate({ to: "/requests/$id", params: { id: only }, search, replace: true });
  }, [only, navigate, search]);
  if (answer.error instanceof ApiError && answer.error.status === 404) return <Unknown id={id} view="candidates" />;
  return (
    <>
      <h1>Find <span className="mono">{id}</span></h1>
      <Panel name="candidates" title="Requests that share this id" answer={answer} height={200} isNothing={() => false}>
        {(found) =>
          "candidates" in found ? (
            <div className="scroll-x" tabIndex={0} role="group" aria-label="Candidates">
            <table className="table">
              <thead><tr><th>Started</th><th>Outcome</th><th>Wallet</th><th>Issuer</th><th>Request</th></tr></thead>
              <tbody>
                {found.candidates.map((each) => (
                  <tr key={each.id}>
                    <td>{time(each.time, zone, "full").slice(0, 19)}</td>
                    <td><Status outcome={each.detail.outcome} /></td>
                    <td>{each.detail.wallet ?? "Unknown"}</td>
                    <td>{each.detail.issuer ?? "Unknown"}</td>
                    <td><Link to="/requests/$id" params={{ id: each.id }} search={search} className="mono">{each.detail.correlationId ?? each.id}</Link></td>
                  </tr>
                ))}
              </tbody>
            </table>
            </div>
          ) : null
        }
      </Panel>
    </>
  );
}

export function Unknown({ id, view }: { id: string; view: "candidates" | "request" }): ReactNode {
  const { search } = useAddress();
  const hasSource = useSession().data?.hasData !== false;
  return (
    <section className="panel face" data-panel={view} data-face={hasSource ? "no-match" : "empty"} style={{ padding: 24 }}>
      <h1>No request has this id</h1>
      <span className="mono">{id}</span>
      {hasSource ? (
        <>
          <span>Ids are compared exactly: correlation, request and trace ids, token references and attempt ids. Requests are kept for 31 days.</span>
          <Link to="/requests" search={search}>Show the list of requests</Link>
        </>
      ) : (
        <Connect />
      )}
    </section>
  );
}
