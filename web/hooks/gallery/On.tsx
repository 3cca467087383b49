import { type ReactNode, useMemo } from "react";
import { NotificationContext, type Notifications } from "../src/react/context.ts";
import { createPanels } from "../src/react/panels.ts";
import type { Language } from "./samples.ts";
import type { Stage } from "./stage.ts";

interface Props {
  stage: Stage;
  language: Language;
  renderIcon?: Notifications["renderIcon"];
  children: ReactNode;
}

/** Stands in for the provider: the same context, with a notifier that is told what state to be in. */
export function On({ stage, language, renderIcon, children }: Props): ReactNode {
  const value = useMemo(
    (): Notifications => ({
      notifier: stage,
      isExpected: true,
      locale: language,
      texts: undefined,
      navigate: () => undefined,
      renderIcon,
      panels: createPanels(),
    }),
    [stage, language, renderIcon],
  );
  return <NotificationContext.Provider value={value}>{children}</NotificationContext.Provider>;
}
