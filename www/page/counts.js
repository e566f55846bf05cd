/** Counts as people write them: 12,000, 12k, 1.2万, 3亿. */

/** What a letter behind a number multiplies it by. */
const TIMES = new Map([
  ["", 1],
  ["k", 1e3],
  ["千", 1e3],
  ["w", 1e4],
  ["万", 1e4],
  ["萬", 1e4],
  ["m", 1e6],
  ["百万", 1e6],
  ["亿", 1e8],
  ["b", 1e9],
]);

/**
 * A whole number; nothing where there is none.
 *
 * @param {string} written
 * @returns {number | undefined}
 */
export function readCount(written) {
  const plain = written.normalize("NFKC").trim().toLowerCase();
  const [, digits, unit] = /^([\d,\s_'.]+?)\s*(\p{L}*)\+?$/u.exec(plain) ?? [];
  const times = TIMES.get(unit ?? "");
  if (digits === undefined || times === undefined) return undefined;
  // A comma, space or point before three digits parts thousands, unless a unit makes it a fraction.
  const grouped = /^\d{1,3}([,\s_'.]\d{3})+$/.test(digits) && times === 1;
  const bare = digits.replace(grouped ? /[,\s_'.]/g : /[,\s_']/g, "");
  const number = Math.round(Number(bare) * times * 1e3) / 1e3;
  return bare !== "" && Number.isInteger(number) && number <= 4e9 ? number : undefined;
}
