import { useFormats } from "../i18n/formats.ts";

interface MomentProps {
  at: string;
  full?: boolean;
}

export function Moment({ at, full = false }: MomentProps) {
  const { moment, time } = useFormats();
  return (
    <time dateTime={at} title={moment(at)} className="numbers">
      {full ? moment(at) : time(at)}
    </time>
  );
}
