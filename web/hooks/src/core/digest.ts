/** Tells keys apart without giving one away: the names of locks and channels can be listed (FNV-1a, 32 bits). */
export function digest(key: string | undefined): number | undefined {
  if (key == null) return undefined;
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
