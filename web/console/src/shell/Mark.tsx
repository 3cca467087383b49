import { Group, Text } from "@mantine/core";

export function Mark() {
  return (
    <Group gap={10} wrap="nowrap">
      <img src="./favicon.svg" width={28} height={28} alt="" />
      <Text fw={660} size="lg" className="wordmark">
        sio-server
      </Text>
    </Group>
  );
}
