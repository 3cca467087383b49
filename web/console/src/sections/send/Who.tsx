import { Anchor, VisuallyHidden } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { AudiencePreview } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { visibleText } from "../../ui/visibleText.ts";
import "./reach.css";

/** The people behind a number, when somebody asks for them. */
export function Who({ preview }: { preview: AudiencePreview }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const [isOpen, { toggle }] = useDisclosure(false);
  const id = useId();
  const { first, users } = preview;
  if (first.length === 0) return null;
  const others = users - first.length;
  return (
    <>
      <Anchor component="button" type="button" size="sm" aria-expanded={isOpen} aria-controls={id} onClick={toggle}>
        {t(isOpen ? "send.hideWho" : "send.showWho")}
      </Anchor>
      {isOpen ? (
        <ul className="who" id={id} aria-label={t("send.who")}>
          {first.map(({ user, online }) => (
            <li key={user}>
              <span className="dot" data-on={online} aria-hidden />
              <Anchor component={Link} href={`/usuarios/${encodeURIComponent(user)}`} size="sm" className="cut">
                <bdi>{visibleText(user)}</bdi>
              </Anchor>
              <VisuallyHidden>{t(online ? "send.isOnline" : "send.isOffline")}</VisuallyHidden>
            </li>
          ))}
          {others > 0 ? (
            <li className="faint">{t("send.others", { count: others, formatted: whole(others) })}</li>
          ) : null}
        </ul>
      ) : null}
    </>
  );
}
