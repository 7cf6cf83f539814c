// How does somebody get in? By a one-time link that the server prints; afterwards they are where they wanted to be.
import { Button, TextInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import { signInAddress } from "../url/signIn";

export function SignIn(): ReactNode {
  const [text, setText] = useState("");
  const [error, setError] = useState<string | null>(null);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const address = signInAddress(text, `${location.pathname}${location.search}`);
    if (address === null) setError("This is no sign-in link. It looks like http://127.0.0.1:7300/sign-in?token=…");
    else location.assign(address);
  };
  return (
    <main className="page" style={{ maxWidth: 560, padding: "15vh 16px 0" }}>
      <section className="panel" style={{ padding: 24 }}>
        <h1>Sign in to Walletscope</h1>
        <p>Open the sign-in link that the server printed when it started, or paste it here to come back to this page. It works once, for this browser.</p>
        <form onSubmit={submit} className="row" style={{ alignItems: "flex-start" }}>
          <TextInput className="grow" aria-label="Sign-in link" placeholder="Sign-in link" value={text} error={error} onChange={(event) => { setText(event.currentTarget.value); setError(null); }} />
          <Button type="submit">Sign in</Button>
        </form>
        <p>Used, lost or older than 15 minutes? On the server’s machine this prints a new one:</p>
        <pre className="mono" tabIndex={0} aria-label="Command for a new sign-in link" style={{ margin: 0 }}>walletscope sign-in-link</pre>
      </section>
    </main>
  );
}
