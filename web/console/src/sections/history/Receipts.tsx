import { Anchor, Box, Group, Progress, Stack, Text } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Receipts as Standing } from "../../api/records.ts";
import { useFormats } from "../../i18n/formats.ts";
import { Moment } from "../../ui/Moment.tsx";
import { visibleText } from "../../ui/visibleText.ts";

const STEPS = ["sent", "acknowledged", "seen", "read"] as const;

/** How far a notification came, in sum. */
export function Sums({ receipts }: { receipts: Standing }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const { targeted } = receipts;
  return (
    <Stack gap="sm" mb="md">
      <Group justify="space-between">
        <Text>{t("history.targeted")}</Text>
        <Text fw={650} className="numbers" data-testid="targeted">
          {whole(targeted)}
        </Text>
      </Group>
      {STEPS.map((step) => (
        <Box key={step}>
          <Group justify="space-between" mb={4}>
            <Text size="sm">{t(`history.${step}`)}</Text>
            <Text size="sm" className="numbers" data-testid={step}>
              {whole(receipts[step])}
            </Text>
          </Group>
          <Progress value={targeted === 0 ? 0 : (receipts[step] / targeted) * 100} aria-label={t(`history.${step}`)} />
        </Box>
      ))}
    </Stack>
  );
}

type Step = (typeof STEPS)[number];

/** How far it came with each user: the furthest step in words, the steps on the way there as marks, and when. */
export function ByUser({ receipts }: { receipts: Standing }) {
  const { t } = useTranslation();
  if (receipts.users.length === 0) return <Text c="dimmed">{t("history.receiptsEmpty")}</Text>;
  return (
    <table className="receipts" aria-label={t("history.receiptsTable")}>
      <thead>
        <tr>
          <th scope="col">{t("common.user")}</th>
          <th scope="col">{t("history.furthest")}</th>
        </tr>
      </thead>
      <tbody>
        {receipts.users.map((one) => (
          <tr key={one.user}>
            <th scope="row">
              <Anchor
                component={Link}
                href={`/usuarios/${encodeURIComponent(one.user)}`}
                size="sm"
                className="cut"
                display="block"
                title={visibleText(one.user)}
              >
                <bdi>{visibleText(one.user)}</bdi>
              </Anchor>
            </th>
            <td>
              <Way receipt={one} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Way({ receipt }: { receipt: Standing["users"][number] }) {
  const { t } = useTranslation();
  const furthest = STEPS.findLast((step) => receipt[step]);
  const timed = STEPS.flatMap((step) => {
    const at = receipt[`${step}_at`];
    return at === null ? [] : ([[step, at]] as [Step, string][]);
  });
  const { answered } = receipt;
  return (
    <>
      <div className="furthest">
        <span className="way-marks" aria-hidden>
          {STEPS.map((step) => (
            <span key={step} className="way-mark" data-done={receipt[step]} title={t(`history.${step}`)}>
              {receipt[step] ? <IconCheck size={12} stroke={3} /> : null}
            </span>
          ))}
        </span>
        <span className={furthest === undefined ? "faint" : ""}>
          {furthest === undefined ? t("history.notYet") : t(`history.${furthest}`)}
        </span>
        {answered === null ? null : <b>{t("life.answered", { action: answered.action })}</b>}
      </div>
      {timed.length === 0 ? null : (
        <ul className="plain way faint">
          {timed.map(([step, at]) => (
            <li key={step}>
              {t(`history.${step}`)} <Moment at={at} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
