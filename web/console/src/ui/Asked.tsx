import { Button, type ButtonProps } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Ask } from "./Ask.tsx";
import { Reason } from "./Failure.tsx";
import { notice } from "./Notices.tsx";

interface AskedProps<T> {
  label: string;
  icon: ReactNode;
  /** Whether it takes something away. */
  isHarmful?: boolean;
  /** The question, what follows from a yes, and the two answers. */
  title: string;
  text: string;
  yes: string;
  no?: string;
  act: () => Promise<T>;
  /** What is told afterwards. */
  done: (reply: T) => string;
  failed: (error: Error) => string;
}

const HARMFUL: ButtonProps = { variant: "outline", color: "red", className: "outlined outlined-red" };

/** A button for what cannot be taken back: it asks, does it, and says how that went. */
export function Asked<T>({ label, icon, isHarmful = false, act, done, failed, ...question }: AskedProps<T>) {
  const queries = useQueryClient();
  const [isAsking, asking] = useDisclosure(false);
  const acting = useMutation({
    mutationFn: act,
    onSuccess: async (reply) => {
      void notice({ color: "green", message: done(reply) });
      await queries.invalidateQueries();
    },
    onError: (error) => {
      void notice({ color: "red", title: failed(error), message: <Reason error={error} /> });
    },
    onSettled: asking.close,
  });
  return (
    <>
      <Button size="xs" variant="default" {...(isHarmful && HARMFUL)} leftSection={icon} onClick={asking.open}>
        {label}
      </Button>
      <Ask
        {...question}
        isOpen={isAsking}
        isBusy={acting.isPending}
        isHarmful={isHarmful}
        onYes={() => {
          acting.mutate();
        }}
        onClose={asking.close}
      />
    </>
  );
}
