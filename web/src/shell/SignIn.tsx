// How does somebody get in? By a one-time link that the server prints.
import type { ReactNode } from "react";

export function SignIn(): ReactNode {
  return (
    <main className="page" style={{ maxWidth: 560, padding: "15vh 16px 0" }}>
      <section className="panel" style={{ padding: 24 }}>
        <h1>Sign in to Walletscope</h1>
        <p>Open the sign-in link that the server printed when it started. It works once, for this browser.</p>
        <p>Used, lost or older than 15 minutes? On the server’s machine this prints a new one:</p>
        <pre className="mono" tabIndex={0} aria-label="Command for a new sign-in link">walletscope sign-in-link</pre>
      </section>
    </main>
  );
}
