// Something above the page with a title and a way out. Mantine's own puts a second banner into the page.
import { CloseButton, Modal } from "@mantine/core";
import type { ReactNode } from "react";

export function Dialog({ title, isOpen, close, children }: { title: string; isOpen: boolean; close(): void; children: ReactNode }): ReactNode {
  return (
    <Modal.Root opened={isOpen} onClose={close} size="md">
      <Modal.Overlay />
      <Modal.Content aria-label={title}>
        <Modal.Body>
          <div className="row" style={{ marginBottom: 8 }}>
            <h2 className="grow">{title}</h2>
            <CloseButton aria-label="Close" onClick={close} />
          </div>
          {children}
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
