import { useTranslation } from "react-i18next";

/** The same that index.html shows before any of this has come, so that nothing changes until there is something. */
export function Waiting() {
  const { t } = useTranslation();
  return (
    <div className="sk" role="status" aria-label={t("states.loading")}>
      <div className="sk-bar">
        <img src="./favicon.svg" width={28} height={28} alt="" />
        sio-server
      </div>
      <div className="sk-page">
        <i />
        <i />
        <i />
      </div>
    </div>
  );
}
