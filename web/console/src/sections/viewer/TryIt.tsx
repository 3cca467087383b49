import { Button, Group, Modal, NativeSelect, SimpleGrid, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { curlOf } from "../../api/publishing.ts";
import { useFormats } from "../../i18n/formats.ts";
import { useSession } from "../../session/SessionContext.ts";
import { here } from "../../shell/here.ts";
import { Code } from "../../ui/Copy.tsx";
import { Panel } from "../../ui/Section.tsx";
import { addressOf, type Operation, type Parameter } from "./openapi.ts";
import { reachOf } from "./reach.ts";

interface Answer {
  status: number;
  ms: number;
  text: string;
  isGood: boolean;
}

/** The request, sent with the credential of whoever is signed in. What changes something asks before it does. */
export function TryIt({ operation }: { operation: Operation }) {
  const { t } = useTranslation();
  const { whole } = useFormats();
  const { api, development } = useSession();
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const [body, setBody] = useState(operation.body === null ? "" : JSON.stringify(operation.body.example, null, 2));
  const [question, setQuestion] = useState<string | null>(null);
  const id = useId();
  const address = addressOf(operation, values);
  const missing = operation.parameters.filter((one) => one.required === true && (values[keyOf(one)] ?? "") === "");
  const isJson = body.trim() === "" || parsed(body) !== undefined;
  const isReading = operation.method === "GET";
  // It would never be through: a terminal shows it as it comes.
  const isStream = operation.replies.some(({ mediaType }) => mediaType === "text/event-stream");

  const send = useMutation<Answer>({
    mutationFn: async () => {
      const began = performance.now();
      const response = await api.send(operation.method, address, {
        headers: headersOf(operation, values),
        body: isReading || body.trim() === "" ? undefined : body,
      });
      const text = await response.text();
      return { status: response.status, ms: performance.now() - began, text: pretty(text), isGood: response.ok };
    },
    onMutate: () => {
      setQuestion(null);
    },
  });
  const ask = useMutation({
    mutationFn: async () => {
      const reach = await reachOf(api, operation, parsed(body));
      return reach === null
        ? t("reference.asks", { method: operation.method, path: address })
        : t("reference.reaches", {
            count: reach.users,
            formatted: whole(reach.users),
            online: whole(reach.online),
          });
    },
    onSuccess: setQuestion,
    // What would be refused reaches nobody: its refusal is what is asked for.
    onError: () => {
      send.mutate();
    },
  });

  return (
    <Panel title={t("reference.try")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReading || operation.id === "audiencePreview") send.mutate();
          else ask.mutate();
        }}
      >
        <Stack gap="sm">
          {operation.parameters.length === 0 ? null : (
            <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" verticalSpacing="sm">
              {operation.parameters.map((parameter) => (
                <Value
                  key={keyOf(parameter)}
                  parameter={parameter}
                  value={values[keyOf(parameter)] ?? ""}
                  onChange={(value) => {
                    setValues({ ...values, [keyOf(parameter)]: value });
                  }}
                />
              ))}
            </SimpleGrid>
          )}
          {operation.body === null ? null : (
            <Textarea
              label={t("reference.body")}
              autosize
              minRows={3}
              maxRows={16}
              spellCheck={false}
              value={body}
              error={isJson ? null : t("send.invalidJson")}
              classNames={{ input: "mono" }}
              onChange={(event) => {
                setBody(event.currentTarget.value);
              }}
            />
          )}
          <Code
            label="curl"
            text={curlOf(
              operation.method,
              here() + address,
              isReading || body.trim() === "" ? null : body,
              development ? null : t("send.codeKey"),
            ).replace(/^curl/, isStream ? "curl -N" : "curl")}
          />
          <Group gap="sm" display={isStream ? "none" : undefined}>
            <Button
              type="submit"
              size="sm"
              loading={send.isPending || ask.isPending}
              disabled={missing.length > 0 || !isJson}
              leftSection={<IconPlayerPlay size={16} aria-hidden />}
              aria-describedby={missing.length > 0 ? `${id}missing` : undefined}
            >
              {t("reference.send")}
            </Button>
            {missing.length > 0 ? (
              <Text size="sm" c="dimmed" id={`${id}missing`}>
                {t("reference.missing", { names: missing.map(({ name }) => name).join(", ") })}
              </Text>
            ) : null}
          </Group>
          <div role="status">
            {send.error === null ? null : (
              <Text size="sm" c="var(--mantine-color-error)">
                {t("states.unreachable")}
              </Text>
            )}
            {send.data === undefined ? null : (
              <p className="answer numbers" data-good={send.data.isGood}>
                <b>{send.data.status}</b> {t("send.took", { ms: whole(send.data.ms) })}
              </p>
            )}
          </div>
          {send.data === undefined || send.data.text === "" ? null : (
            <Code label={t("reference.answer")} text={send.data.text} />
          )}
        </Stack>
      </form>
      <Modal
        opened={question !== null}
        onClose={() => {
          setQuestion(null);
        }}
        title={t("reference.sure")}
        closeButtonProps={{ "aria-label": t("common.close") }}
        attributes={{ header: { role: "presentation" } }} // a <header> outside of <main> would be a second banner
        centered
      >
        <Text mb="lg">{question}</Text>
        <Group justify="flex-end">
          <Button
            variant="default"
            data-autofocus
            onClick={() => {
              setQuestion(null);
            }}
          >
            {t("common.cancel")}
          </Button>
          <Button
            onClick={() => {
              send.mutate();
            }}
          >
            {t("reference.sendNow")}
          </Button>
        </Group>
      </Modal>
    </Panel>
  );
}

function keyOf(parameter: Parameter): string {
  return `${parameter.in}.${parameter.name}`;
}

interface ValueProps {
  parameter: Parameter;
  value: string;
  onChange: (value: string) => void;
}

function Value({ parameter, value, onChange }: ValueProps) {
  const choices = (parameter.schema?.enum ?? []).filter((one) => typeof one === "string");
  const field = {
    label: parameter.name,
    required: parameter.required === true,
    value,
    onChange: (event: { currentTarget: { value: string } }) => {
      onChange(event.currentTarget.value);
    },
  };
  return choices.length > 0 ? (
    <NativeSelect {...field} data={["", ...choices]} />
  ) : (
    <TextInput {...field} autoComplete="off" spellCheck={false} />
  );
}

function headersOf(operation: Operation, values: Readonly<Record<string, string>>): Record<string, string> {
  const headers = operation.parameters.filter((one) => one.in === "header" && (values[keyOf(one)] ?? "") !== "");
  return Object.fromEntries(headers.map((one) => [one.name, values[keyOf(one)] ?? ""]));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function pretty(text: string): string {
  const value = parsed(text);
  return value === undefined ? text : JSON.stringify(value, null, 2);
}
