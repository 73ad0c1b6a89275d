// The same words for numbers as core/units writes them: three digits, decimal prefixes.

function threeDigits(value: number, unit: string): string {
  const decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  let text = value.toFixed(decimals);
  if (text.includes('.')) text = text.replace(/\.?0+$/, '');
  return `${text}\u00a0${unit}`;
}

const steps: [number, string][] = [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k']];

export function formatRate(rate: number): string {
  for (const [factor, prefix] of steps) {
    if (rate >= factor * 0.9995) return threeDigits(rate / factor, `${prefix}B/s`);
  }
  return threeDigits(rate, 'B/s');
}

export function formatTime(seconds: number): string {
  if (seconds < 0.9995e-3) return threeDigits(seconds * 1e6, 'us');
  return seconds < 0.9995 ? threeDigits(seconds * 1e3, 'ms') : threeDigits(seconds, 's');
}

export function formatSize(bytes: number): string {
  const sizes: [number, string][] = [[2 ** 40, 'TiB'], [2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [1024, 'KiB']];
  for (const [factor, unit] of sizes) {
    if (bytes >= factor) return threeDigits(bytes / factor, unit);
  }
  return `${bytes}\u00a0B`;
}

/** A value in its unit; a dash where there is none. */
export function formatValue(unit: string | undefined, value: number | null | undefined): string {
  if (typeof value !== 'number') return '\u2014';
  return unit === 's' ? formatTime(value) : formatRate(value);
}

/** A share in whole percent, rounded down: 99.9 % measured is not 100 %. */
export function formatShare(share: number): string {
  return `${Math.floor(share * 100 + 1e-9)}\u00a0%`;
}

/** The unit that a set of numbers is shown in when its unit stands in the heading. */
export function commonScale(unit: 'B/s' | 's', most: number): { factor: number; name: string } {
  if (unit === 's') {
    if (most < 1e-3) return { factor: 1e-6, name: 'us' };
    return most < 1 ? { factor: 1e-3, name: 'ms' } : { factor: 1, name: 's' };
  }
  for (const [factor, prefix] of steps) {
    if (most >= factor) return { factor, name: `${prefix}B/s` };
  }
  return { factor: 1, name: 'B/s' };
}

export function shortNumber(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** "2026-11-23 06:24:35 UTC" from "2026-11-23T06:24:35.123Z"; other forms as they are. */
export function formatMoment(time: string): string {
  const parts = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/.exec(time);
  return parts ? `${parts[1]} ${parts[2]} UTC` : time;
}

/** "1 path", "2 paths"; "1 batch", "2 batches". */
export function counted(count: number, noun: string): string {
  const plural = /(ch|sh|s|x)$/.test(noun) ? `${noun}es` : `${noun}s`;
  return `${count} ${count === 1 ? noun : plural}`;
}
