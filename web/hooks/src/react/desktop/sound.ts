/** `true` is the kit's own, a text is the address of one, and a function plays whatever it likes. */
export type Sound = boolean | string | (() => void);

// A burst is one sound.
const REST_MS = 1_500;

// Two soft notes a fourth apart: hertz, and seconds after the first.
const NOTES = [
  [659.25, 0],
  [880, 0.11],
] as const;
const LENGTH_S = 0.45;
const LOUDNESS = 0.12;

let last = -Infinity;
let context: AudioContext | undefined;

/** Made of nothing, so that there is no file to load. */
async function chime(): Promise<void> {
  context ??= new AudioContext();
  await context.resume();
  for (const [frequency, after] of NOTES) {
    const [start, tone, volume] = [context.currentTime + after, context.createOscillator(), context.createGain()];
    tone.type = "sine";
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(LOUDNESS, start + 0.015);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + LENGTH_S);
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + LENGTH_S);
  }
}

async function make(sound: Sound): Promise<void> {
  if (typeof sound === "function") sound();
  else if (typeof sound === "string") await new Audio(sound).play();
  else await chime();
}

/** Plays it, at most once in a while. Browsers allow no sound before the page was clicked: then there is silence. */
export function play(sound: Sound, now = Date.now()): void {
  if (sound === false || now - last < REST_MS) return;
  last = now;
  make(sound).catch(() => undefined);
}
