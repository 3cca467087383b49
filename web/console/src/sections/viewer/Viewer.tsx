import { Anchor, Group, Text } from "@mantine/core";
import { IconExternalLink } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Failure } from "../../ui/Failure.tsx";
import { Panel, Section } from "../../ui/Section.tsx";
import { LoadingLines, Nothing } from "../../ui/States.tsx";
import { ApiError } from "../../api/client.ts";

const PAGE = "/docs";

/** The reference of the HTTP interface, which the server serves as a page of its own. */
export default function Viewer() {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery({ queryKey: ["viewer"], queryFn: mayBeFramed, staleTime: 60_000 });
  return (
    <Section
      title={t("viewer.title")}
      intro={t("viewer.intro")}
      actions={
        <Group gap="lg">
          <Out href={PAGE} text={t("viewer.open")} />
          <Out href="/openapi.json" text={t("viewer.document")} />
        </Group>
      }
    >
      <Panel title={t("viewer.socket")}>
        <Text size="sm">{t("viewer.socketText")}</Text>
      </Panel>
      <Panel padded={false}>
        {data === undefined ? (
          error === null ? (
            <LoadingLines lines={10} />
          ) : (
            <Failure error={error} onRetry={() => void refetch()} />
          )
        ) : data ? (
          <iframe className="viewer" src={PAGE} title={t("viewer.frame")} />
        ) : (
          <Nothing title={t("viewer.unavailable")} text={t("viewer.unavailableText")}>
            <Out href={PAGE} text={t("viewer.open")} />
          </Nothing>
        )}
      </Panel>
    </Section>
  );
}

function Out({ href, text }: { href: string; text: string }) {
  return (
    <Anchor href={href} target="_blank" rel="noopener" size="sm">
      <Group gap={6} component="span">
        {text}
        <IconExternalLink size={15} aria-hidden />
      </Group>
    </Anchor>
  );
}

/** Whether the page allows this one to show it: a browser would leave the frame blank without a word. */
async function mayBeFramed(): Promise<boolean> {
  let response: Response;
  try {
    response = await fetch(PAGE, { method: "GET", cache: "no-store" });
  } catch {
    throw new ApiError("unreachable", 0, "");
  }
  if (!response.ok) throw new ApiError(`http_${response.status}`, response.status, response.statusText);
  return !/frame-ancestors\s+'none'/.test(response.headers.get("Content-Security-Policy") ?? "");
}
