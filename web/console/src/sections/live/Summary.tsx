import { VisuallyHidden } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

const SUMMARY_INTERVAL = 5_000;

/** What came in, said in one sentence every few seconds: a screen reader must not be flooded. */
export function Summary({ total }: { total: number }) {
  const { t } = useTranslation();
  const latest = useRef(total);
  const [count, setCount] = useState(0);
  useEffect(() => {
    latest.current = total;
  }, [total]);
  useEffect(() => {
    let said = latest.current;
    const timer = setInterval(() => {
      setCount(latest.current - said);
      said = latest.current;
    }, SUMMARY_INTERVAL);
    return () => {
      clearInterval(timer);
    };
  }, []);
  return <VisuallyHidden role="status">{count === 0 ? "" : t("live.summary", { count })}</VisuallyHidden>;
}
