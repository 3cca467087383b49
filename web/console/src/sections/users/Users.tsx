import { Grid, Stack } from "@mantine/core";
import { IconMapQuestion, IconUser } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useParams } from "wouter";
import { decoded, useAddressFields } from "../../shell/address.ts";
import { Panel, Section } from "../../ui/Section.tsx";
import { Nothing } from "../../ui/States.tsx";
import { People } from "./People.tsx";
import { Followers, Topics } from "./Topics.tsx";
import { useAttendance } from "./useAttendance.ts";
import { User } from "./User.tsx";
import "./users.css";

export default function Users() {
  const { t } = useTranslation();
  const parameters = useParams<{ user?: string }>();
  const chosen = parameters.user === undefined ? undefined : decoded(parameters.user);

  const [fields] = useAddressFields();
  const topic = chosen === undefined ? fields.get("tema") : null;
  const isList = chosen === undefined && topic === null;
  useAttendance();

  return (
    <Section title={t("users.title")} intro={t("users.intro")}>
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 5 }} {...(isList ? {} : { visibleFrom: "md" })}>
          <Stack gap="md">
            <Panel padded={false}>
              <People chosen={chosen ?? null} />
            </Panel>
            <Topics chosen={topic} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }} {...(isList ? { visibleFrom: "md" } : {})}>
          {topic !== null ? (
            <Followers key={topic} topic={topic} />
          ) : chosen === undefined ? (
            <Panel>
              <Nothing title={t("users.choose")} text={t("users.chooseText")} icon={<IconUser aria-hidden />} />
            </Panel>
          ) : chosen === null ? (
            <Panel>
              <Nothing
                title={t("address.broken")}
                text={t("address.brokenText")}
                icon={<IconMapQuestion aria-hidden />}
              />
            </Panel>
          ) : (
            <User key={chosen} name={chosen} />
          )}
        </Grid.Col>
      </Grid>
    </Section>
  );
}
