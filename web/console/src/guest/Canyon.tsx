import type { ReactNode } from "react";

/** The Colca canyon, a condor over it: nothing but shapes, so that there is no file to load. */
export function Canyon(): ReactNode {
  return (
    <svg className="guest-picture" viewBox="0 0 320 200" preserveAspectRatio="xMidYMin slice" aria-hidden="true">
      <linearGradient id="canyon-sky" x1="0" y1="0" x2="0" y2="1">
        <stop offset="0" stopColor="#6cb6d2" />
        <stop offset="1" stopColor="#eaf4ec" />
      </linearGradient>
      <path d="M0 0h320v200H0Z" fill="url(#canyon-sky)" />
      <circle cx="72" cy="46" r="22" fill="#fff6dd" />
      <path d="M0 104 44 66l36 20 44-38 56 44 44-26 96 52v78H0Z" fill="#b99a8b" />
      <path d="m124 48 24 19-18 8-14-9-15 7Z" fill="#f4efe8" />
      <path d="M0 122c60 4 96 30 120 78H0Z" fill="#a5623c" />
      <path d="M320 112c-70 6-120 40-140 88h140Z" fill="#8c4a2b" />
      <path d="M0 146c40 4 70 20 90 54H0Zm320-8c-54 8-92 30-106 62h106Z" fill="#c98552" opacity=".65" />
      <path d="M124 200c8-18 22-30 44-34-14 10-20 20-22 34Z" fill="#5fb3b3" />
      <path d="M186 52c14-12 26-12 36-4 10-8 22-8 36 4-14-4-24-3-30 3l-6 7-6-7c-6-6-16-7-30-3Z" fill="#1c2733" />
    </svg>
  );
}
