// Where does a pasted sign-in link lead? Always to this server, and then to the page that was asked for.

/** The address to open; `null` where the text holds no token. */
export function signInAddress(text: string, next: string): string | null {
  const token = /(?:^|[?&]token=)([A-Za-z0-9_-]{20,})(?:&|$)/.exec(text.trim())?.[1];
  return token === undefined ? null : `/sign-in?${new URLSearchParams({ token, next })}`;
}
