// Which request does an id mean? Any id, or a BIN, last four digits and perhaps a time.
import { TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState, type FormEvent, type ReactNode } from "react";
import { finding } from "../url/find";
import { elsewhere } from "../url/search";
import { useAddress } from "../url/useAddress";
import { Icon } from "./icons";

/** Opens what a text means. */
export function useFind(): (text: string) => void {
  const { search } = useAddress();
  const navigate = useNavigate();
  return (text) => {
    const onward = elsewhere(search);
    const found = finding(text, onward, Date.now());
    if (found?.kind === "card") void navigate({ to: "/requests", search: found.search });
    else if (found) void navigate({ to: "/go/$id", params: { id: found.id }, search: onward });
  };
}

export function SearchBox(): ReactNode {
  const find = useFind();
  const [text, setText] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    find(text);
    setText("");
  };
  return (
    <form onSubmit={submit} role="search" style={{ minWidth: 60, flex: "0 1 300px" }}>
      <TextInput size="xs" id="find" aria-label="Find any id, or BIN, last four and time" placeholder="Find any id, or BIN last-four time   /" leftSection={<Icon name="search" size={14} />} value={text} onChange={(event) => setText(event.currentTarget.value)} />
    </form>
  );
}
