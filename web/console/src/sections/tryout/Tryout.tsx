import { Text } from "@mantine/core";
import { useTexts } from "../../i18n/tryout/index.ts";
import { useSession } from "../../session/SessionContext.ts";
import { Callout } from "../../ui/Callout.tsx";
import { Section } from "../../ui/Section.tsx";
import { Theatre } from "./Theatre.tsx";
import "./tryout.css";

/** Shows in half a minute what the server does: two screens, a cut, and nothing lost. */
export default function Tryout() {
  const t = useTexts();
  const { mayPublish } = useSession();
  if (mayPublish) return <Theatre />;
  return (
    <Section title={t("title")} intro={t("intro")}>
      <Callout tone="orange" title={t("forbidden.title")}>
        <Text size="sm">{t("forbidden.text")}</Text>
      </Callout>
    </Section>
  );
}
