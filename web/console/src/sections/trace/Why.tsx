import { Autocomplete, Button, Text, Title } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useId, useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useGet } from "../../api/queries.ts";
import type { Trace, Users } from "../../api/records.ts";
import { Failure } from "../../ui/Failure.tsx";
import { Answer } from "./Answer.tsx";

const REFRESH = 3_000;
const SUGGESTED = 8;

/** A name has at most so many characters. */
const LONGEST = 128;

interface WhyProps {
  id: string;
  /** Whom it was for, as far as is known: suggested before anything is typed. */
  known: readonly string[];
}

/** A box for a name, and the sentence that answers. */
export function Why({ id, known }: WhyProps) {
  const { t, i18n } = useTranslation();
  const heading = useId();
  const [typed, setTyped] = useState("");
  const [asked, setAsked] = useState<string | null>(null);
  const suggestions = useSuggestions(typed, known);

  function ask(user: string) {
    setTyped(user);
    setAsked(user.trim() === "" ? null : user.trim());
  }

  function submit(event: SyntheticEvent) {
    event.preventDefault();
    ask(typed);
  }

  return (
    <section className="why" aria-labelledby={heading}>
      <Title order={3} size="sm" id={heading}>
        {t("trace.why")}
      </Title>
      <Text size="sm" c="dimmed">
        {t("trace.whyText")}
      </Text>
      <form className="why-form" onSubmit={submit}>
        <Autocomplete
          className="why-user"
          label={t("trace.user")}
          placeholder={t("trace.userPlaceholder")}
          value={typed}
          onChange={setTyped}
          onOptionSubmit={ask}
          data={suggestions}
          limit={SUGGESTED}
          maxLength={LONGEST}
          autoComplete="off"
          spellCheck={false}
        />
        <Button type="submit" disabled={typed.trim() === ""} leftSection={<IconSearch size={16} aria-hidden />}>
          {t("trace.ask")}
        </Button>
      </form>
      <div role="status" aria-live="polite">
        {asked === null ? null : <Asked key={`${asked} ${i18n.language}`} id={id} user={asked} onAsk={ask} />}
      </div>
    </section>
  );
}

/** Who is connected and whose name has this in it, after those whom the notification was for. */
function useSuggestions(typed: string, known: readonly string[]): string[] {
  const q = typed.trim();
  const { data } = useGet<Users>("/v1/users", { q, limit: SUGGESTED }, { keep: true });
  const wanted = q.toLocaleLowerCase();
  const mine = known.filter((user) => user.toLocaleLowerCase().includes(wanted));
  return [...new Set([...mine, ...(data?.users ?? []).map((one) => one.user)])].slice(0, SUGGESTED);
}

function Asked({ id, user, onAsk }: { id: string; user: string; onAsk: (user: string) => void }) {
  const { t, i18n } = useTranslation();
  // The answer is a sentence: in another language it is another answer. What is null is not sent.
  const { data, error, refetch } = useGet<Trace>(
    `/v1/notifications/${encodeURIComponent(id)}/trace`,
    { user, limit: 1, [i18n.language]: null },
    { refetchInterval: REFRESH },
  );
  const answer = data?.user ?? null;
  if (answer !== null) return <Answer answer={answer} onAsk={onAsk} />;
  if (error !== null) return <Failure error={error} onRetry={() => void refetch()} />;
  return (
    <Text size="sm" c="dimmed">
      {t("trace.asking")}
    </Text>
  );
}
