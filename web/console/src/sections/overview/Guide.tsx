import { ActionIcon, Button, Group, Text, Title } from "@mantine/core";
import { IconCheck, IconDeviceMobileMessage, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useGet } from "../../api/queries.ts";
import type { Stats, Users } from "../../api/records.ts";
import { useSession } from "../../session/SessionContext.ts";
import { here } from "../../shell/here.ts";
import { Code } from "../../ui/Copy.tsx";

/** From nothing to a notification in a web page, in three steps whose ticks the server itself sets. */
export function Guide({ stats, onClose }: { stats: Stats; onClose: () => void }) {
  const { t } = useTranslation();
  const { development, mayPublish } = useSession();
  const address = here();
  const { data } = useGet<Users>("/v1/users", { limit: 100 }, { refetchInterval: 2_000, keep: true });
  const users = data?.users ?? [];
  const isPublished = stats.head.seq > 0 || stats.publishes.accepted > 0;
  const isHeard = users.length > 0 || (data?.nameless_total ?? 0) > 1; // this console is one
  // Pages say what browser they are in; programs do not.
  const isInWeb = users.some((user) => user.connections.some((one) => one.client.startsWith("Mozilla/")));
  const key = development ? "" : ` -H 'Authorization: Bearer ${t("send.codeKey")}'`;
  const who = development ? "--user 42 --role turista" : `--token ${t("guide.token")}`;
  const page = development
    ? `<NotificationProvider url="${address}" identity={{ user: "42", role: "turista" }}>`
    : `<NotificationProvider url="${address}" user={session.userId} getToken={fetchToken}>`;

  return (
    <section className="panel guide" aria-label={t("guide.title")}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div>
          <Title order={2} className="guide-title">
            {t("guide.title")}
          </Title>
          <Text c="dimmed">{t("guide.intro")}</Text>
        </div>
        {isPublished ? (
          <ActionIcon variant="subtle" color="gray" aria-label={t("guide.close")} onClick={onClose}>
            <IconX size={18} aria-hidden />
          </ActionIcon>
        ) : null}
      </Group>
      <div className="guide-try">
        <Button
          component={Link}
          href="/pruebalo"
          leftSection={<IconDeviceMobileMessage size={18} stroke={1.8} aria-hidden />}
        >
          {t("guide.tryIt")}
        </Button>
        <Text size="sm" c="dimmed">
          {t("guide.tryItText")}
        </Text>
      </div>
      <ol className="plain">
        <Step number={1} isDone={isPublished} title={t("guide.publish")} text={t("guide.publishText")}>
          <Code
            label={t("guide.publish")}
            text={`curl ${address}/notify${key} -d '{"type":"test","message":"${t("guide.hello")}","data":{}}'`}
          />
          {mayPublish ? (
            <Button component={Link} href="/enviar" size="xs" variant="default" mt="xs">
              {t("guide.publishHere")}
            </Button>
          ) : null}
        </Step>
        <Step number={2} isDone={isHeard} title={t("guide.listen")} text={t("guide.listenText")}>
          <Code label={t("guide.listen")} text={`sio-server listen ${who} --url ${address}`} />
        </Step>
        <Step number={3} isDone={isInWeb} title={t("guide.react")} text={t("guide.reactText")}>
          <Code
            label={t("guide.react")}
            text={`import { NotificationBell, NotificationProvider } from "@sio-server/react";\nimport "@sio-server/react/styles.css";\n\n${page}\n  <NotificationBell />\n</NotificationProvider>`}
          />
        </Step>
      </ol>
      <div className="guide-demo">
        <Text size="sm" fw={600}>
          {t("guide.demo")}
        </Text>
        <Text size="sm" c="dimmed" mb="xs">
          {t("guide.demoText")}
        </Text>
        <Code label={t("guide.demo")} text={`sio-server demo --watch --url ${address}`} />
      </div>
    </section>
  );
}

interface StepProps {
  number: number;
  isDone: boolean;
  title: string;
  text: string;
  children: ReactNode;
}

function Step({ number, isDone, title, text, children }: StepProps) {
  const { t } = useTranslation();
  return (
    <li className="step" data-done={isDone}>
      <span className="step-mark" role="img" aria-label={t(isDone ? "guide.done" : "guide.open", { number })}>
        {isDone ? <IconCheck size={16} stroke={2.6} aria-hidden /> : number}
      </span>
      <div className="step-body">
        <Text fw={600}>{title}</Text>
        <Text size="sm" c="dimmed" mb="xs">
          {text}
        </Text>
        {children}
      </div>
    </li>
  );
}
