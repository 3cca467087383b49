import type { ReactNode } from "react";
import type { Scenery } from "./tours.ts";

/** Sky from above to the horizon, then what stands before it, the farthest first. */
const PLACES: Record<Scenery, { sky: [string, string]; sun: [number, number]; shapes: ReactNode }> = {
  citadel: {
    sky: ["#f6b26b", "#fde7c4"],
    sun: [250, 62],
    shapes: (
      <>
        <path d="M0 150 60 96l40 28 58-80 46 66 40-26 76 70v46H0Z" fill="#8fb5a2" />
        <path d="M150 200c6-60 20-128 44-132 22-4 34 60 44 132Z" fill="#4f8a6b" />
        <path d="M0 158c60-20 120-4 170 4s100 0 150-14v52H0Z" fill="#2f6b50" />
        <path d="M34 170h84v6H34Zm8 10h92v6H42Zm10 10h98v6H52Z" fill="#d9c7a0" />
        <path d="M64 150h16v18H64Zm22-6h20v24H86Zm26 10h12v14h-12Z" fill="#e9dcbd" />
        <path d="m62 151 10-9 10 9Zm22-7 12-10 12 10Z" fill="#b98d55" />
      </>
    ),
  },
  canyon: {
    sky: ["#7cc0d8", "#e6f4f1"],
    sun: [70, 48],
    shapes: (
      <>
        <path d="M0 104 44 66l36 20 44-38 56 44 44-26 96 52v78H0Z" fill="#b99a8b" />
        <path d="M0 122c60 4 96 30 120 78H0Z" fill="#a5623c" />
        <path d="M320 112c-70 6-120 40-140 88h140Z" fill="#8c4a2b" />
        <path d="M0 146c40 4 70 20 90 54H0Zm320-8c-54 8-92 30-106 62h106Z" fill="#c98552" opacity=".65" />
        <path d="M124 200c8-18 22-30 44-34-14 10-20 20-22 34Z" fill="#5fb3b3" />
        <path d="M150 60c14-12 26-12 36-4 10-8 22-8 36 4-14-4-24-3-30 3l-6 7-6-7c-6-6-16-7-30-3Z" fill="#1c2733" />
      </>
    ),
  },
  lake: {
    sky: ["#4d9dd6", "#d6eefb"],
    sun: [262, 46],
    shapes: (
      <>
        <path d="M0 112 52 88l48 16 60-30 50 28 44-14 66 24v20H0Z" fill="#9fb2bd" />
        <path d="M0 124h320v76H0Z" fill="#1f6f97" />
        <path d="M0 140h320M20 156h120m40 8h110M60 182h150" stroke="#5aa9cc" strokeWidth="3" strokeLinecap="round" />
        <path d="M40 166c30 14 120 14 150 0l14-16c-8 2-20 10-36 12-34 4-72 4-106 0-16-2-26-10-34-12Z" fill="#d8a64a" />
        <path d="M96 164v-36l30 12-30 10Z" fill="#f0dfb4" />
        <path d="M236 150h58l8 10h-72Zm8-4 18-20 18 20Z" fill="#b98d3e" />
      </>
    ),
  },
  desert: {
    sky: ["#f08a5d", "#fde2bd"],
    sun: [228, 70],
    shapes: (
      <>
        <path d="M0 138c50-30 96-52 142-52 30 0 62 40 178 30v84H0Z" fill="#e3a95c" />
        <path d="M142 86c-20 34-60 60-142 74v-22c50-30 96-52 142-52Z" fill="#cf8d43" />
        <path d="M0 172c70-26 170-20 320-36v64H0Z" fill="#f0c27b" />
        <path d="M96 186c10-12 96-14 118 0-18 12-100 12-118 0Z" fill="#2f8f8b" />
        <path
          d="M112 184v-30m0 0c-8-8-16-8-20-2m20 2c-2-10-10-14-16-10m16 10c8-8 16-8 20-2m-20 2c2-10 10-14 16-10M202 182v-22m0 0c-6-6-12-6-16-2m16 2c6-6 12-6 16-2"
          fill="none"
          stroke="#2a5a3b"
          strokeWidth="4"
          strokeLinecap="round"
        />
      </>
    ),
  },
  jungle: {
    sky: ["#7fc8a9", "#e9f6dd"],
    sun: [86, 54],
    shapes: (
      <>
        <path
          d="M0 120c20-18 44-18 60-4 18-24 50-24 66-2 20-18 50-16 64 4 20-22 56-20 70 0 20-12 44-10 60 4v78H0Z"
          fill="#5aa17a"
        />
        <path d="M0 150c24-22 56-20 72-2 20-22 58-20 74 2 22-18 54-16 70 4 22-20 70-18 104-2v48H0Z" fill="#2d7a4f" />
        <path d="M130 200c4-20 30-26 20-40 30 10 60 20 40 40Z" fill="#8fd0cf" />
        <path
          d="M34 200v-58m0 0c-14-12-26-10-30-2m30 2c-4-16-16-20-24-14m24 14c14-12 26-10 30-2m-30 2c4-16 16-20 24-14M284 200v-66m0 0c-14-12-26-10-30-2m30 2c-4-16-16-20-24-14m24 14c14-12 26-10 30-2m-30 2c4-16 16-20 24-14"
          fill="none"
          stroke="#14532d"
          strokeWidth="6"
          strokeLinecap="round"
        />
      </>
    ),
  },
  islands: {
    sky: ["#8fb8de", "#f5efe0"],
    sun: [70, 66],
    shapes: (
      <>
        <path d="M0 128h320v72H0Z" fill="#2b7a9b" />
        <path d="M150 130c8-34 30-58 52-54 20 4 24 22 40 24 18 2 30 14 36 30Z" fill="#c9a27a" />
        <path d="M196 130c0-18 6-28 16-28s16 10 16 28Z" fill="#2b7a9b" />
        <path d="M30 132c4-18 16-32 34-32s26 16 40 32Z" fill="#b58b63" />
        <path d="M10 148h90m30 12h120M40 178h160" stroke="#67acc7" strokeWidth="3" strokeLinecap="round" />
        <path
          d="M96 70c6-6 12-6 16 0 4-6 10-6 16 0m10-18c4-4 8-4 12 0 4-4 8-4 12 0"
          fill="none"
          stroke="#263746"
          strokeWidth="3"
          strokeLinecap="round"
        />
      </>
    ),
  },
};

/** A picture of nothing but shapes: there is no file to load. */
const isKnown = (name: string): name is Scenery => name in PLACES;

/** A drawing of a place; one that has none yet is a canyon. */
export function Landscape({ name }: { name: string }): ReactNode {
  const scenery = isKnown(name) ? name : "canyon";
  const { sky, sun, shapes } = PLACES[scenery];
  const id = `sky-${scenery}`;
  return (
    <svg className="landscape" viewBox="0 0 320 200" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <linearGradient id={id} x1="0" y1="0" x2="0" y2="1">
        <stop offset="0" stopColor={sky[0]} />
        <stop offset="1" stopColor={sky[1]} />
      </linearGradient>
      <path d="M0 0h320v200H0Z" fill={`url(#${id})`} />
      <circle cx={sun[0]} cy={sun[1]} r="24" fill="#fff6dd" opacity=".9" />
      {shapes}
    </svg>
  );
}

/** The mountains behind the heading of the page. */
export function Mountains(): ReactNode {
  return (
    <svg className="mountains" viewBox="0 0 1440 420" preserveAspectRatio="xMidYMax slice" aria-hidden="true">
      <linearGradient id="dawn" x1="0" y1="0" x2="0" y2="1">
        <stop offset="0" stopColor="#0d4a52" />
        <stop offset=".55" stopColor="#3b8280" />
        <stop offset="1" stopColor="#f4c27a" />
      </linearGradient>
      <path d="M0 0h1440v420H0Z" fill="url(#dawn)" />
      <circle cx="1080" cy="206" r="64" fill="#ffe3ae" opacity=".9" />
      <path
        d="M0 330 160 200l90 70 150-150 140 140 90-60 150 120 140-150 130 110 120-90 270 150v80H0Z"
        fill="#5f9a94"
      />
      <path
        d="m400 120 62 62-30 14-26-22-30 26-24-30Zm520 60 58 50-30 8-24-18-30 16-14-16Z"
        fill="#e8f1ec"
        opacity=".85"
      />
      <path d="M0 370 220 262l130 70 150-96 190 120 170-90 180 96 150-74 250 100v32H0Z" fill="#2a6463" />
      <path d="M0 400c180-46 330-30 520-10s320 4 500-14 300 2 420 16v28H0Z" fill="#133f42" />
    </svg>
  );
}
