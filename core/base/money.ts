/** Money is an integer in the currency's minor unit (cents, yen, fils) beside an ISO 4217 code. Never a float. */

/** Making an Intl.NumberFormat takes longer than all else about an amount, so each currency is asked once. */
const DIGITS = new Map<string, number>();

/** Digits after the decimal point that a currency uses: 2 for USD, 0 for JPY, 3 for KWD (ISO 4217, by way of CLDR). */
export function minorUnitDigits(currency: string): number {
  let digits = DIGITS.get(currency);
  if (digits === undefined) {
    digits = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
    DIGITS.set(currency, digits);
  }
  return digits;
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
