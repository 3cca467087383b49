import { Button } from "@mantine/core";
import { IconMapQuestion } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Panel, Section } from "../ui/Section.tsx";
import { Nothing } from "../ui/States.tsx";

/** For an address that cannot be read, as when it was cut on its way in a message. */
export default function NoAddress() {
  const { t } = useTranslation();
  return (
    <Section title={t("address.title")}>
      <Panel>
        <Nothing title={t("address.broken")} text={t("address.brokenText")} icon={<IconMapQuestion aria-hidden />}>
          <Button component={Link} href="/">
            {t("address.home")}
          </Button>
        </Nothing>
      </Panel>
    </Section>
  );
}
