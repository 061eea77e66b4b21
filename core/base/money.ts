/** Money is an integer in the currency's minor unit (cents, yen, fils) beside an ISO 4217 code. Never a float. */

/**
 * The currencies whose minor unit is no hundredth (ISO 4217, list one; the database's `minor_digits` says the same). Written down here, since Node
 * answers by what is usual in shops (none for HUF, IDR and COP, which have two), and not the same in every version: what was stored would change its
 * meaning with an update.
 */
const DIGITS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
  }).flatMap(([digits, codes]) => codes.split(" ").map((code) => [code, Number(digits)] as const)),
);

/** Digits after the decimal point that a currency has: 2 for USD, 0 for JPY, 3 for KWD (ISO 4217). */
export function minorUnitDigits(currency: string): number {
  return DIGITS.get(currency) ?? 2;
}

/**
 * Reads a decimal amount such as `1234.5` or `-0.05` (ASCII digits, `.` as the decimal point, no grouping) into minor units
 * without going through a float. More digits than the currency has are rounded half away from zero.
 *
 * @returns null when the text is no such amount, or too large to be exact in a JavaScript number.
 */
export function parseMinor(text: string, currency: string): number | null {
  const match = /^(-?)(\d*)(?:\.(\d*))?$/.exec(text.trim());
  const whole = match?.[2] ?? "";
  const fraction = match?.[3] ?? "";
  if (match === null || whole + fraction === "") return null;
  const digits = minorUnitDigits(currency);
  const kept = fraction.slice(0, digits).padEnd(digits, "0");
  const roundUp = (fraction.charCodeAt(digits) || 0) >= "5".charCodeAt(0) ? 1 : 0;
  const magnitude = Number(whole + kept) + roundUp;
  if (!Number.isSafeInteger(magnitude)) return null;
  return match[1] === "-" && magnitude !== 0 ? -magnitude : magnitude;
}

/** Minor units as a decimal number of the currency's main unit, for output only: 123450 USD → 1234.5. */
export function majorUnits(amountMinor: number, currency: string): number {
  return amountMinor / 10 ** minorUnitDigits(currency);
}
