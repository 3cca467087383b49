import { Anchor, Loader, Modal, Text } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { encode } from "uqr";
import { useGet } from "../../api/queries.ts";
import type { Users } from "../../api/records.ts";
import { useTexts } from "../../i18n/tryout/index.ts";
import { Callout } from "../../ui/Callout.tsx";
import { Code } from "../../ui/Copy.tsx";
import { Reason } from "../../ui/Failure.tsx";
import { useTranslation } from "react-i18next";
import type { Casting } from "./cast.ts";
import { lanCommand, isLocal } from "./lan.ts";
import { usePass } from "./usePass.ts";

interface OwnPhoneProps {
  casting: Casting;
  onClose: () => void;
}

/** A code that opens Ana's phone on one's own. */
export default function OwnPhone({ casting, onClose }: OwnPhoneProps) {
  const t = useTexts();
  const { t: common } = useTranslation();
  const phones = usePhones(casting);
  const { address, left, error } = usePass(casting, phones);
  const { hostname } = window.location;
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("own.title")}
      size={720}
      centered
      closeButtonProps={{ "aria-label": common("common.close") }}
      attributes={{ header: { role: "presentation" } }} // a <header> outside of <main> would be a second banner
      classNames={{ title: "own-title" }}
    >
      <div className="own">
        <div>
          {address === null ? (
            <div className="qr-wait" role="status">
              {error === null ? (
                <>
                  <Loader size="sm" aria-hidden />
                  {t("own.preparing")}
                </>
              ) : null}
            </div>
          ) : (
            <>
              <QrCode text={address} label={t("own.code")} />
              <Text size="sm" c="dimmed" ta="center" className="numbers">
                {t("own.left", { time: clock(left) })}
              </Text>
            </>
          )}
          <div role="status">
            {phones > 0 ? (
              <p className="joined">
                <IconCircleCheck size={18} aria-hidden />
                {t("own.joined", { count: phones })}
              </p>
            ) : null}
          </div>
        </div>
        <div>
          {error === null ? null : (
            <Callout tone="red" role="alert" title={t("noPass")}>
              <Reason error={error} />
            </Callout>
          )}
          <Text size="sm">{t("own.text")}</Text>
          {isLocal(hostname) ? <Local /> : null}
          {address === null ? null : (
            <div>
              <Anchor href={address} target="_blank" rel="noreferrer" size="sm" display="block" mb={6}>
                {t("own.address")}
              </Anchor>
              <Code label={t("own.address")} text={address} />
            </div>
          )}
        </div>
      </div>
    </Modal>
  );
}

/** That this machine's own address leads a phone nowhere, and what does. */
function Local() {
  const t = useTexts();
  const { hostname, port } = window.location;
  return (
    <>
      <Callout tone="orange" title={t("own.localTitle", { host: hostname })}>
        <Text size="sm">{t("own.localText", { port: port === "" ? "80" : port })}</Text>
      </Callout>
      <Code label={t("own.localCommand")} text={lanCommand(port)} />
      <Text size="sm" c="dimmed">
        {t("own.localStill")}
      </Text>
    </>
  );
}

/** Of Ana's connections, those that are not the one on this page. */
function usePhones(casting: Casting): number {
  const user = casting.cast()?.phone ?? "";
  const { data } = useGet<Users>(
    "/v1/users",
    { q: user, limit: 1 },
    { enabled: user !== "", refetchInterval: 2_000, keep: true },
  );
  const found = data?.users.find((one) => one.user === user);
  return Math.max(0, (found?.connections.length ?? 0) - 1);
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Dark on light in every theme, with its margin: cameras want it so. */
function QrCode({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { ecc: "M", border: 3 });
  const path = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join("");
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <path d={`M0 0h${size}v${size}h-${size}z`} fill="#fff" />
      <path d={path} fill="#0b1013" />
    </svg>
  );
}
