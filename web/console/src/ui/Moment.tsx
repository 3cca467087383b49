import { useFormats } from "../i18n/formats.ts";

interface MomentProps {
  at: string;
  /** The date as well: always, or if it was not today. */
  full?: boolean | "other days";
}

/** A time of day, or a whole date. Under the pointer it says the rest: the date, the zone, how long ago that was. */
export function Moment({ at, full = false }: MomentProps) {
  const { moment, precise, time, when, ago } = useFormats();
  return (
    <time
      dateTime={at}
      title={precise(at)}
      className="numbers moment"
      onPointerEnter={(event) => {
        event.currentTarget.title = `${precise(at)} · ${ago(at)}`;
      }}
    >
      {full === "other days" ? when(at) : full ? moment(at) : time(at)}
    </time>
  );
}
