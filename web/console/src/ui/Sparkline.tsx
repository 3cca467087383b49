interface SparklineProps {
  values: readonly (number | null)[];
  color: string;
}

const WIDTH = 96;
const HEIGHT = 24;

/** The way of a number over the last minutes, as a line without scales; what is unknown is left out. */
export function Sparkline({ values, color }: SparklineProps) {
  const known = values.filter((value) => value !== null);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  // What does not change is a line in the middle.
  const low = most === least ? least - 1 : Math.max(0, least - (most - least) / 2);
  const high = most === least ? most + 1 : most;
  const step = WIDTH / Math.max(1, values.length - 1);
  let path = "";
  let isDown = false;
  values.forEach((value, index) => {
    if (value !== null)
      path += `${isDown ? "L" : "M"}${(index * step).toFixed(1)} ${(HEIGHT - 2 - ((value - low) / (high - low)) * (HEIGHT - 4)).toFixed(1)}`;
    isDown = value !== null;
  });
  return (
    <svg className="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden>
      <path d={path} fill="none" stroke={`var(${color})`} strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
