const SIZE = 64;
const BADGE = { radius: 20, fill: "#d92d20", ring: "#fff", text: "#fff" } as const;

type Paint = CanvasRenderingContext2D;

function badge(paint: Paint, count: string): void {
  const [x, y] = [SIZE - BADGE.radius, SIZE - BADGE.radius];
  paint.beginPath();
  paint.arc(x, y, BADGE.radius, 0, 2 * Math.PI);
  paint.fillStyle = BADGE.fill;
  paint.fill();
  paint.lineWidth = 4;
  paint.strokeStyle = BADGE.ring;
  paint.stroke();
  paint.fillStyle = BADGE.text;
  paint.font = `700 ${count.length > 2 ? 20 : count.length > 1 ? 24 : 30}px system-ui, sans-serif`;
  paint.textAlign = "center";
  paint.textBaseline = "middle";
  paint.fillText(count, x, y + 1);
}

async function load(address: string): Promise<HTMLImageElement | undefined> {
  const image = new Image();
  image.crossOrigin = "anonymous";
  image.src = address;
  try {
    await image.decode();
    return image;
  } catch {
    return undefined; // of another site that does not allow it, or none at all: the number stands alone
  }
}

function draw(image: HTMLImageElement | undefined, count: string): string | undefined {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  const paint = canvas.getContext("2d");
  if (!paint) return undefined;
  if (image) paint.drawImage(image, 0, 0, SIZE, SIZE);
  badge(paint, count);
  return canvas.toDataURL("image/png");
}

const links = (): HTMLLinkElement[] => [...document.head.querySelectorAll<HTMLLinkElement>('link[rel~="icon"]')];

/** Puts a number on the icon of the page; with "" it is the page's own again. */
export function faviconCount(): { show: (count: string) => void; end: () => void } {
  let before: HTMLLinkElement[] | undefined;
  let ours: HTMLLinkElement | undefined;
  let latest = "";
  let image: Promise<HTMLImageElement | undefined> | undefined;

  function restore(): void {
    ours?.remove();
    ours = undefined;
    if (before) document.head.append(...before);
    before = undefined;
  }

  async function show(count: string): Promise<void> {
    latest = count;
    if (!count) {
      restore();
      return;
    }
    image ??= load(links()[0]?.href ?? "/favicon.ico");
    const drawn = draw(await image, count);
    if (latest !== count || drawn === undefined) return; // another number has come meanwhile
    before ??= links();
    for (const link of before) link.remove();
    ours ??= Object.assign(document.createElement("link"), { rel: "icon", type: "image/png" });
    ours.href = drawn;
    document.head.append(ours);
  }

  return {
    show: (count) => void show(count).catch(() => undefined),
    end: () => {
      latest = "";
      restore();
    },
  };
}
