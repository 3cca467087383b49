import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { AudiencePreview, PlannedReply, PublishBody, PublishReply } from "../../api/records.ts";
import { useSession } from "../../session/SessionContext.ts";
import { preview, questionOf, type Question } from "./reaching.ts";

export interface Published {
  reply: PublishReply | PlannedReply;
  /** Milliseconds until the answer. */
  took: number;
  /** Fields without which a part of the audience did not get it. */
  missing: readonly string[];
}

/** A notification that waits for a yes. */
export interface Asked {
  body: PublishBody;
  question: Question;
  preview: AudiencePreview;
}

export interface Sending {
  send: (body: PublishBody) => void;
  /** Set while somebody is being asked. */
  asked: Asked | null;
  confirm: () => void;
  cancel: () => void;
  isBusy: boolean;
  published: Published | undefined;
  error: Error | null;
  reset: () => void;
}

interface Wanted {
  body: PublishBody;
  missing: readonly string[];
}

interface Ends {
  onSent?: (published: Published) => void;
  onError?: (error: Error) => void;
}

/** Publishes; before it reaches more than one person, or only a part of those who are meant, it asks. */
export function useSending({ onSent, onError }: Ends = {}): Sending {
  const { api } = useSession();
  const [asked, setAsked] = useState<Asked | null>(null);
  const publish = useMutation<Published, Error, Wanted>({
    mutationFn: async ({ body, missing }) => {
      const start = performance.now();
      const reply = await api.post<PublishReply | PlannedReply>("/notify", body);
      return { reply, took: performance.now() - start, missing };
    },
    onSuccess: (published) => onSent?.(published),
    onError: (error) => onError?.(error),
  });
  const check = useMutation<AudiencePreview, Error, PublishBody>({
    mutationFn: (body) => preview(api, body),
    onSuccess: (found, body) => {
      const question = questionOf(found);
      if (question === null) publish.mutate({ body, missing: found.missing });
      else setAsked({ body, question, preview: found });
    },
    onError: (error) => onError?.(error),
  });

  return {
    send(body) {
      publish.reset();
      check.mutate(body);
    },
    asked,
    confirm() {
      if (asked !== null) publish.mutate({ body: asked.body, missing: asked.preview.missing });
      setAsked(null);
    },
    cancel() {
      setAsked(null);
    },
    isBusy: check.isPending || publish.isPending,
    published: publish.data,
    error: check.error ?? publish.error,
    reset() {
      check.reset();
      publish.reset();
    },
  };
}
