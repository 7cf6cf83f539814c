// Which request does an id mean? Any id, or a BIN, a space and last four digits.
import { TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState, type FormEvent, type ReactNode } from "react";
import { useAddress } from "../url/useAddress";
import { Icon } from "./icons";

export function SearchBox(): ReactNode {
  const { search } = useAddress();
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const id = text.trim();
    if (id === "") return;
    setText("");
    if (/^\d{6}(\d{2})?\s+\d{4}$/.test(id)) {
      const [bin = "", lastFour = ""] = id.split(/\s+/);
      void navigate({ to: "/requests", search: { ...search, bin, lastFour } });
    } else {
      void navigate({ to: "/go/$id", params: { id }, search });
    }
  };
  return (
    <form onSubmit={submit} role="search" style={{ minWidth: 60, flex: "0 1 300px" }}>
      <TextInput size="xs" id="find" aria-label="Find any id, or BIN and last four" placeholder="Find any id, or BIN last-four   /" leftSection={<Icon name="search" size={14} />} value={text} onChange={(event) => setText(event.currentTarget.value)} />
    </form>
  );
}
