import { Button, Group, Modal, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

interface AskProps {
  /** The question, and what follows from a yes. */
  title: string;
  text: string;
  yes: string;
  /** What leaves it as it is; where left out: cancel. */
  no?: string;
  /** Whether a yes takes something away. */
  isHarmful?: boolean;
  isOpen: boolean;
  isBusy: boolean;
  onYes: () => void;
  onClose: () => void;
}

/** Wants a yes before something happens that cannot be taken back. */
export function Ask({ title, text, yes, no, isHarmful = false, isOpen, isBusy, onYes, onClose }: AskProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={title}
      closeButtonProps={{ "aria-label": t("common.close") }}
      attributes={{ header: { role: "presentation" } }} // a <header> outside of <main> would be a second banner
      centered
    >
      <Text mb="lg">{text}</Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose} data-autofocus>
          {no ?? t("common.cancel")}
        </Button>
        <Button {...(isHarmful ? { color: "red.9" } : {})} loading={isBusy} onClick={onYes}>
          {yes}
        </Button>
      </Group>
    </Modal>
  );
}
