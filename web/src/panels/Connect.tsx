// How does the first source connect? Three lines with this server's own address.
import type { ReactNode } from "react";
import { useSession } from "../api/queries";

export function Connect(): ReactNode {
  const session = useSession().data;
  const lines = [
    `export AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=${session?.listenUrl ?? location.origin}`,
    `export AWS_SHARED_CREDENTIALS_FILE=${session?.credentialsFile ?? "DATA/credentials"}`,
    `export AWS_REGION=${session?.region ?? "us-east-1"}   # then start your service as usual`,
  ];
  return (
    <div className="face">
      <strong>No data source yet.</strong>
      <span>Point any AWS client at this server; the page fills by itself.</span>
      <pre className="mono" tabIndex={0} aria-label="Commands that connect a source">{lines.join("\n")}</pre>
      <span className="quiet">
        Or load sample data: <code className="mono">walletscope demo</code> starts a server with 60 days of simulated traffic.
      </span>
    </div>
  );
}
