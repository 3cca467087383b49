import { Anchor, Badge, Group, Text, VisuallyHidden } from "@mantine/core";
import { IconClick, IconPhoto, IconReplace, IconStack2 } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { NotificationRecord } from "../api/records.ts";
import { useFormats } from "../i18n/formats.ts";
import { language } from "../i18n/index.ts";
import { languageName } from "../i18n/languageName.ts";
import { Clamped } from "./Clamped.tsx";
import { isSafeLink } from "./SafeLink.tsx";
import { visibleText } from "./visibleText.ts";

type Marked = Pick<NotificationRecord, "group" | "image" | "actions" | "revision" | "replaces" | "status">;

/** What a line of a list has to say beside the text: what became of it, a group, a picture, something to be answered. */
export function Marks({ record }: { record: Marked }) {
  const { t } = useTranslation();
  const { group, image, actions, revision = 0, replaces, status = "stored" } = record;
  return (
    <>
      {status === "replaced" || status === "retracted" ? (
        <Badge
          variant="outline"
          color={status === "replaced" ? "gray" : "red"}
          tt="none"
          className={`outlined outlined-${status === "replaced" ? "gray" : "red"}`}
        >
          {t(`life.${status}`)}
        </Badge>
      ) : null}
      {revision === 0 ? null : (
        <Badge
          variant="outline"
          color="mar"
          tt="none"
          className="outlined outlined-mar"
          title={t("life.times", { count: revision })}
        >
          {t("life.updated")}
        </Badge>
      )}
      {replaces === undefined ? null : (
        <span className="mark faint" title={t("life.replaces")}>
          <IconReplace size={16} aria-hidden />
          <VisuallyHidden>{t("life.replaces")}</VisuallyHidden>
        </span>
      )}
      {group === undefined ? null : (
        <Badge
          variant="outline"
          color="gray"
          tt="none"
          className="outlined-gray mark-group"
          leftSection={<IconStack2 size={14} aria-hidden />}
          title={`${t("extras.group")}: ${visibleText(group)}`}
        >
          <VisuallyHidden>{t("extras.group")} </VisuallyHidden>
          {visibleText(group)}
        </Badge>
      )}
      {image === undefined ? null : (
        <span className="mark faint" title={t("extras.hasImage")}>
          <IconPhoto size={16} aria-hidden />
          <VisuallyHidden>{t("extras.hasImage")}</VisuallyHidden>
        </span>
      )}
      {actions === undefined ? null : (
        <span className="mark faint" title={t("extras.hasActions", { count: actions.length })}>
          <IconClick size={16} aria-hidden />
          <VisuallyHidden>{t("extras.hasActions", { count: actions.length })}</VisuallyHidden>
        </span>
      )}
    </>
  );
}

/** What it says in other languages, each by its name. */
export function OtherTexts({ texts }: { texts: NonNullable<NotificationRecord["texts"]> }) {
  return (
    <dl className="other-texts">
      {Object.entries(texts).map(([tag, { title, message }]) => (
        <div key={tag}>
          <dt>{languageName(tag, language())}</dt>
          {[title, message].map((text, at) =>
            typeof text === "string" && text !== "" ? (
              <dd key={at} lang={tag}>
                <Clamped text={text} lines={3} {...(at === 0 && { fw: 600 })} />
              </dd>
            ) : null,
          )}
        </div>
      ))}
    </dl>
  );
}

type Action = NonNullable<NotificationRecord["actions"]>[number];

interface OffersProps {
  actions: readonly Action[];
  /** How many chose which, by its id. */
  answers?: Readonly<Record<string, number>> | undefined;
}

/** What its reader can do, each as the label of its button and what an answer names. */
export function Offers({ actions, answers = {} }: OffersProps) {
  return (
    <Group component="ul" className="plain" gap={6}>
      {actions.map((action) => (
        <Offer key={action.id} {...action} chosen={answers[action.id] ?? 0} />
      ))}
    </Group>
  );
}

function Offer({ id, label, link, chosen }: Action & { chosen: number }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const isLink = link !== undefined && isSafeLink(link);
  return (
    <li className="offer">
      {isLink ? (
        <Anchor href={link} size="sm" target="_blank" rel="noopener noreferrer nofollow">
          <bdi>{visibleText(label)}</bdi>
        </Anchor>
      ) : (
        <bdi>{visibleText(label)}</bdi>
      )}
      <Text component="span" size="xs" c="dimmed" className="mono">
        {id}
      </Text>
      {chosen === 0 ? null : (
        <Text component="span" size="xs" fw={650} className="numbers">
          {t("life.chosen", { count: chosen, formatted: whole(chosen) })}
        </Text>
      )}
    </li>
  );
}
