"use client";

import type { MouseEvent, ReactNode } from "react";
import { safeLink } from "../core/links.ts";
import type { Answered, AnyEnvelope, EnvelopeAction } from "../core/types.ts";
import { useLabels } from "./useLabels.ts";
import { Icon } from "./icons.tsx";
import { useSlots } from "./slots.ts";

interface Props {
  notification: AnyEnvelope & { answered?: Answered };
  /** What the notification is, for those who hear its buttons. */
  title: string;
  act: (action: string) => void;
  follow: (event: MouseEvent, href: string) => void;
}

/** The buttons that a notification brings along. Once answered, the one that was chosen stays, and what are links. */
export function OfferedActions({ notification, title, act, follow }: Props): ReactNode {
  const labels = useLabels();
  const slot = useSlots();
  const { actions = [], answered } = notification;
  const chosen = answered?.action;
  const gone = chosen !== undefined && !actions.some(({ id }) => id === chosen);

  const button = ({ id, label, link }: EnvelopeAction, at: number): ReactNode => {
    const href = safeLink(link);
    const isChosen = id === chosen;
    const said = isChosen ? labels.answered(label) : label;
    const shared = {
      className: slot("itemButton"),
      "data-action": `act-${id}`,
      "data-primary": at === 0 && !chosen ? "" : undefined,
      "data-chosen": isChosen ? "" : undefined,
      "aria-label": labels.named(said, title),
    };
    const shown = (
      <>
        {isChosen && <Icon name="check" size={16} />}
        <span dir="auto">{said}</span>
      </>
    );
    if (href !== undefined) {
      return (
        <a
          {...shared}
          key={id}
          href={href}
          onClick={(event) => {
            if (!chosen) act(id);
            follow(event, href);
          }}
        >
          {shown}
        </a>
      );
    }
    if (chosen && !isChosen) return null;
    return (
      <button
        {...shared}
        key={id}
        type="button"
        aria-disabled={isChosen || undefined}
        onClick={() => {
          if (!chosen) act(id);
        }}
      >
        {shown}
      </button>
    );
  };

  return (
    <>
      {actions.map(button)}
      {gone && (
        <span className={slot("itemAnswer")}>
          <Icon name="check" size={16} /> {labels.answered(chosen)}
        </span>
      )}
    </>
  );
}
