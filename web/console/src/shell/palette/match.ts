/** Text as it is compared: without case and without accents. */
export function plain(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase();
}

/** How well a text answers what was typed: 0 not at all, more is better. Every word typed has to be in it. */
export function score(typed: string, text: string): number {
  const words = plain(typed).split(/\s+/u).filter(Boolean);
  const hay = plain(text);
  if (words.length === 0) return 1;
  let sum = 0;
  for (const word of words) {
    const at = hay.indexOf(word);
    if (at === -1) return 0;
    const before = hay[at - 1];
    sum += at === 0 ? 4 : before === undefined || /[\p{L}\p{N}]/u.test(before) ? 1 : 3;
  }
  return sum;
}

/** What answers, the best first; among equals in their order. */
export function best<T>(typed: string, all: readonly T[], textOf: (one: T) => string, most: number): T[] {
  return all
    .map((one) => ({ one, value: score(typed, textOf(one)) }))
    .filter(({ value }) => value > 0)
    .sort((left, right) => right.value - left.value)
    .slice(0, most)
    .map(({ one }) => one);
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/iu;

/** Whether it is the identity of a notification. */
export function isIdentity(typed: string): boolean {
  return UUID.test(typed.trim());
}
