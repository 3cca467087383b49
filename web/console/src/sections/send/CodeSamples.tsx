import { Tabs } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { asCurl, asJavaScript, asPython } from "../../api/publishing.ts";
import type { PublishBody } from "../../api/records.ts";
import { useSession } from "../../session/SessionContext.ts";
import { here } from "../../shell/here.ts";
import { Code } from "../../ui/Copy.tsx";

const WRITERS = { curl: asCurl, python: asPython, javascript: asJavaScript } as const;
const LANGUAGES = ["curl", "python", "javascript"] as const;

export function CodeSamples({ body }: { body: PublishBody }) {
  const { t } = useTranslation();
  const { development } = useSession();
  const key = development ? null : t("send.codeKey");
  return (
    <Tabs defaultValue="curl" keepMounted={false}>
      <Tabs.List aria-label={t("send.code")} mb="sm">
        {LANGUAGES.map((language) => (
          <Tabs.Tab key={language} value={language}>
            {t(`send.${language}`)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {LANGUAGES.map((language) => (
        <Tabs.Panel key={language} value={language}>
          <Code text={WRITERS[language](here(), body, key)} label={t(`send.${language}`)} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
