import { Group, Text } from "@mantine/core";

export function Mark() {
  return (
    <Group gap={10} wrap="nowrap">
      <img src="/favicon.svg" width={30} height={30} alt="" />
      <Text fw={700} size="lg" className="wordmark" style={{ letterSpacing: "-0.01em", whiteSpace: "nowrap" }}>
        sio-server
      </Text>
    </Group>
  );
}
