import { andList } from "./names.ts";

/** Where people write `$`, by the weight of their currencies. */
const DOLLARS =
  "USD CAD AUD NZD SGD HKD TWD MXN ARS CLP COP UYU DOP BBD BMD BND BSD BZD CUP CVE FJD GYD JMD KYD LRD NAD SBD SRD TTD XCD";

/**
 * What stands for a currency in cells besides ISO 4217 codes: in lower case, without a full stop at the end. Several codes: it is used for
 * each of them. `main`: it stands for the first one unless somebody says another.
 */
const SIGNS = parseSigns(`
  € EUR; euro EUR; euros EUR; ₹ INR; 円 JPY; r$ BRL; br$ BRL; zł PLN; zl PLN; kč CZK; kc CZK; ft HUF; лв BGN; ₽ RUB; руб RUB; р RUB; ₴ UAH; грн UAH
  ₸ KZT; ₺ TRY; tl TRY; ₪ ILS; ฿ THB; ₫ VND; đ VND; ₦ NGN; ₡ CRC; ₲ PYG; ₵ GHS; ₭ LAK; ₮ MNT; ₼ AZN; ₾ GEL; ֏ AMD; ৳ BDT; ៛ KHR
  rp IDR; rm MYR; ksh KES; tsh TZS; ush UGX; s/ PEN; q GTQ; b/ PAB; r ZAR; sfr CHF; stg GBP; rmb CNY; cn¥ CNY; jp¥ JPY; kd KWD; bd BHD; jd JOD
  us$ USD; u$s USD; usd$ USD; c$ CAD; ca$ CAD; can$ CAD; cad$ CAD; a$ AUD; au$ AUD; aud$ AUD; nz$ NZD; nzd$ NZD; hk$ HKD; hkd$ HKD; s$ SGD
  sg$ SGD; sgd$ SGD; nt$ TWD; mx$ MXN; mex$ MXN; ar$ ARS; clp$ CLP; cl$ CLP; col$ COP; $u UYU; rd$ DOP; j$ JMD; tt$ TTD; ec$ XCD
  원 KRW; บาท THB; gh₵ GHS; gh¢ GHS; ريال SAR QAR OMR YER IRR; درهم AED MAD; دينار KWD BHD JOD IQD TND DZD LYD; جنيه EGP SDG; ש"ח ILS; nis ILS
  franken CHF; rubel RUB BYN; rouble RUB BYN; roubles RUB BYN; yen JPY; yuan CNY; zloty PLN; złotych PLN; rupees INR PKR LKR NPR MUR SCR; baht THB
  rand ZAR; reais BRL; real BRL; lira TRY; korun CZK; forint HUF; hrn UAH; kuna HRK; won KRW; dinar RSD KWD BHD JOD; kronen NOK DKK
  br ETB BYN; nkr NOK; skr SEK; dkr DKK; ikr ISK; kronor SEK; sr SAR; qr QAR; le EGP; e£ EGP; د.إ AED; ر.س SAR; د.ك KWD; ج.م EGP; ر.ق QAR; د.ب BHD
  £ main GBP EGP FKP GIP LBP SDG SHP SSP SYP; pound main GBP EGP LBP SYP; pounds main GBP EGP LBP SYP; ₩ main KRW KPW; ₱ main PHP
  fr main CHF XAF XOF XPF GNF DJF; lei main RON MDL; $ ${DOLLARS}; dollar ${DOLLARS}; dollars ${DOLLARS}; kr NOK SEK DKK ISK
  kroner NOK DKK; ¥ JPY CNY; 元 CNY TWD HKD; cfa XOF XAF; rs INR PKR LKR NPR MUR SCR; ﷼ SAR IRR YER QAR OMR; dh AED MAD; dhs AED MAD
  din RSD MKD; bs BOB VES
`);

type Meaning = { readonly codes: readonly string[]; readonly isMain: boolean };

function parseSigns(text: string): ReadonlyMap<string, Meaning> {
  const entries = text
    .split(/[;\n]/)
    .map((entry) => entry.trim().split(" "))
    .filter((words) => words.length > 1)
    .map(([sign = "", ...codes]) => {
      const isMain = codes[0] === "main";
      return [sign, { codes: isMain ? codes.slice(1) : codes, isMain }] as const;
    });
  return new Map(entries);
}

let known: ReadonlySet<string> | null = null;

/** Whether it is an ISO 4217 code, in capitals. */
function isCurrencyCode(text: string): boolean {
  known ??= new Set(Intl.supportedValuesOf("currency"));
  return known.has(text);
}

/** The currencies that a sign or code stands for, the likeliest first; none: it is no sign of a currency. */
export function currenciesOf(text: string): readonly string[] {
  return meaningOf(text)?.codes ?? [];
}

function meaningOf(text: string): Meaning | null {
  const sign = text.normalize("NFKC").toLowerCase().replace(/\.$/, "");
  const found = SIGNS.get(sign);
  if (found !== undefined) return found;
  const code = sign.toUpperCase();
  return isCurrencyCode(code) ? { codes: [code], isMain: true } : null;
}

/** Whether a sign stands for several currencies, and for none of them first. */
export function isOpen(sign: string): boolean {
  const meaning = meaningOf(sign);
  return meaning !== null && !meaning.isMain && meaning.codes.length > 1;
}

/** What a cell says of its currency, and what is said elsewhere. */
export type CurrencyQuestion = {
  /** A sign or code in the cell; empty: it has none. */
  readonly sign: string;
  /** What the row or the mapping says of this amount; the cell may not contradict it. */
  readonly said: string | null;
  /** What holds where nothing is said; null: not known here, so that any reading will do. */
  readonly usual: string | null;
};

/** The amount's currency, or why it cannot be told. */
export function chooseCurrency({
  sign,
  said,
  usual,
}: CurrencyQuestion): { readonly currency: string | null } | { readonly refusal: string } {
  if (sign === "") return { currency: said ?? usual };
  const meaning = meaningOf(sign);
  if (meaning === null) return { refusal: `"${sign}" is no currency` };
  const { codes, isMain } = meaning;
  if (said !== null)
    return codes.includes(said)
      ? { currency: said }
      : { refusal: `it says "${sign}", and the mapping or the row says ${said}; correct whichever is wrong` };
  if (usual !== null && codes.includes(usual)) return { currency: usual };
  if (isMain || codes.length === 1 || usual === null) return { currency: codes[0] ?? null };
  const some = codes.length > 4 ? [...codes.slice(0, 3), "others"] : codes;
  return { refusal: `"${sign}" may be ${andList(some, "or")}; say which: currency: ${codes[0] ?? ""}` };
}
