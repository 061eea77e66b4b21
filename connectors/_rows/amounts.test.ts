import { fc } from "../../test/support/properties.ts";
import { describe, expect, it } from "vitest";
import { readNumber, type DecimalMark } from "./amounts.ts";
import { chooseCurrency, currenciesOf } from "./currencies.ts";

function read(text: string, mark: DecimalMark = "."): string | null {
  const number = readNumber(text, mark);
  return "refusal" in number ? null : `${number.plain}${number.currency === "" ? "" : ` ${number.currency}`}`;
}

describe("a number as people write it", () => {
  it.each([
    ["1054", ".", "1054"],
    ["1,054.50", ".", "1054.50"],
    ["$ 1,054.50", ".", "1054.50 $"],
    ["1.054,50 €", ",", "1054.50 €"],
    ["1 054,50", ",", "1054.50"],
    ["1\u202f054,50", ",", "1054.50"],
    ["1\u00a0054,50", ",", "1054.50"],
    ["1'054.50", ".", "1054.50"],
    ["1’054.50", ".", "1054.50"],
    ["12,34,567.8", ".", "1234567.8"],
    ["-3", ".", "-3"],
    ["−3", ".", "-3"],
    ["3-", ".", "-3"],
    ["+3", ".", "3"],
    ["(3.5)", ".", "-3.5"],
    ["($1,234.50)", ".", "-1234.50 $"],
    ["$(12)", ".", "-12 $"],
    ["-€12", ".", "-12 €"],
    ["€-12", ".", "-12 €"],
    ["12,00- €", ",", "-12.00 €"],
    ["USD 7", ".", "7 USD"],
    ["7USD", ".", "7 USD"],
    [",5", ",", "0.5"],
    [".5", ".", "0.5"],
    ["12.", ".", "12"],
    ["007", ".", "007"],
    ["-0", ".", "0"],
    ["kr 1 234", ".", "1234 kr"],
    ["1 234,50 kr", ",", "1234.50 kr"],
    ["R$ 1.234,50", ",", "1234.50 R$"],
    ["US$1,234", ".", "1234 US$"],
    ["Rs.500", ".", "500 Rs."],
    ["S/. 12", ".", "12 S/."],
    ["1,234.-", ".", "1234"],
    ["1'234.—", ".", "1234"],
    ["CHF 1’234.--", ".", "1234 CHF"],
    ["1.234,-", ",", "1234"],
    ["1 234:- kr", ",", "1234 kr"],
    ["₹5,00,000/-", ".", "500000 ₹"],
    ["US $ 1,234", ".", "1234 US$"],
    ["25k", ".", "25000"],
    ["1.2m", ".", "1200000"],
    ["€25k", ".", "25000 €"],
    ["25 k€", ".", "25000 €"],
    ["1,5 Mio. €", ",", "1500000 €"],
    ["12 TEUR", ".", "12000 EUR"],
    ["3.25 bn USD", ".", "3250000000 USD"],
    ["2 lakh", ".", "200000"],
    ["$2B", ".", "2000000000 $"],
    ["250 TSEK", ",", "250000 SEK"],
    ["250 tkr", ",", "250000 kr"],
    ["T€ 12", ",", "12000 €"],
    ["3 mill. kr", ",", "3000000 kr"],
    ["3 tys. zł", ",", "3000 zł"],
    ["1,5 млн руб.", ",", "1500000 руб."],
    ["KSh 500/=", ".", "500 KSh"],
    ["GH₵500", ".", "500 GH₵"],
    ["500 บาท", ".", "500 บาท"],
    ["1,000원", ".", "1000 원"],
    ["'1,234.50", ".", "1234.50"],
    ["Br 500", ".", "500 Br"],
    ["1.2345k", ".", "1234.5"],
    ["١٬٢٣٤٫٥", ".", "1234.5"],
    ["१२३", ".", "123"],
    ["１，２３４．５０", ".", "1234.50"],
    ["￥１，２３４", ".", "1234 ¥"],
    ["1\u200b234", ".", "1234"],
  ] as const)("%s with decimal %s is %s", (text, mark, plain) => {
    expect(read(text, mark)).toBe(plain);
  });

  it.each([
    ["1,5", "."],
    ["1.5", ","],
    ["1.234,50", "."],
    ["1.234.567", "."],
    ["1,234.50", ","],
    ["0,123", "."],
    ["1.234,-", "."],
  ] as const)("%s with decimal %s is refused, with what to write in the mapping", (text, mark) => {
    expect(readNumber(text, mark)).toMatchObject({
      refusal: expect.stringContaining(`say decimal: "${mark === "." ? "," : "."}"`) as string,
    });
  });

  it.each(
    [
      "1,23.4",
      "12a",
      "",
      ".",
      "1.2.3",
      "1e3",
      "1.5E+06",
      "B 12",
      "5 12",
      "1 2345",
      "12 EUR 50",
      "(12",
      "--3",
      "(-3)",
      "12 pcs",
      // An amount in kwacha, or thousands.
      "K 12",
      "1'234 567",
      "N/A",
    ].map((text) => [text] as const),
  )("%s is no number", (text) => {
    expect(read(text)).toBeNull();
  });

  it("says where the mark may as well group digits, and only there", () => {
    const doubtful = ["12.500", "1.234", "-125.000", "€ 12.500", "1.234k"];
    const sure = ["0.125", "1234.500", "1,234.500", "12.50", "12.5000", "12,500", "12500"];
    const isDoubtful = (text: string): unknown => (readNumber(text, ".") as { isDoubtful?: boolean }).isDoubtful;
    expect(doubtful.map(isDoubtful)).toEqual(doubtful.map(() => true));
    expect(sure.map(isDoubtful)).toEqual(sure.map(() => false));
  });

  it("takes the same short time for any text", () => {
    for (const piece of [" ", "1", "1,", "1 ", "(", "-", "$", "k ", "١", "1.1"])
      expect(readNumber(`1${piece.repeat(500_000)}x`, ".")).toHaveProperty("refusal");
  });

  /** How the world writes amounts: group, decimal mark, where the currency stands. */
  const FORMATS =
    "en en-IN de de-CH fr nb sv da pl cs pt-BR es it ru tr ja zh nl hu fi en-ZA es-MX ar-EG fa hi-u-nu-deva bn he lt".split(
      " ",
    );

  it("comes back from every national way of writing it, or is refused; it is never another number", () => {
    const styles = fc.record({
      locale: fc.constantFrom(...FORMATS),
      currency: fc.constantFrom("EUR", "USD", "NOK", "CHF", "BRL", "JPY", "INR", "PLN", "GBP"),
      minor: fc.integer({ min: -99_999_999_999, max: 99_999_999_999 }),
      display: fc.constantFrom("symbol" as const, "narrowSymbol" as const, "code" as const, "none" as const),
      sign: fc.constantFrom("standard" as const, "accounting" as const),
      isGrouped: fc.boolean(),
      mark: fc.constantFrom("." as const, "," as const),
    });
    let readBack = 0;
    fc.assert(
      fc.property(styles, ({ locale, currency, minor, display, sign, isGrouped, mark }) => {
        const digits = currency === "JPY" ? 0 : 2;
        const value = minor / 10 ** digits;
        const common = { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: isGrouped };
        const format = new Intl.NumberFormat(
          locale,
          display === "none"
            ? common
            : { ...common, style: "currency", currency, currencyDisplay: display, currencySign: sign },
        );
        const text = format.format(value);
        const number = readNumber(text, mark);
        if ("refusal" in number) return;
        // The one case that a text cannot settle, and says so: 1.234 may be 1234.
        if (number.isDoubtful) return;
        readBack += 1;
        const codes = currenciesOf(number.currency);
        const isSame = Number(number.plain) === value && (codes.length === 0 || codes.includes(currency));
        expect({ text, ...number, isSame }).toMatchObject({ isSame: true });
      }),
      { numRuns: 3000 },
    );
    // Half of them have the other decimal mark, and are refused.
    expect(readBack).toBeGreaterThan(1000);
  });

  it("is never read out of a text with something else in it", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(..."0123456789.,' -()%$€kmEx\u00a0".split("")), maxLength: 12 }),
        (text) => {
          for (const mark of [".", ","] as const) {
            const number = readNumber(text, mark);
            if ("refusal" in number) continue;
            expect(number.plain).toMatch(/^-?\d+(\.\d+)?$/);
            // No digit is lost, and none is made but the zeros of k and m.
            const digits = text.replace(/\D/g, "");
            expect(number.plain.replace(/\D/g, "").replace(/^0+/, "")).toMatch(
              new RegExp(`^${digits.replace(/^0+/, "")}0*$`),
            );
          }
        },
      ),
      { numRuns: 5000 },
    );
  });
});

describe("the currency that a cell says", () => {
  const choose = (sign: string, said: string | null, usual: string | null): unknown => {
    const choice = chooseCurrency({ sign, said, usual });
    return "refusal" in choice ? null : choice.currency;
  };

  it("counts where it can only be one", () => {
    expect(choose("R$", null, "EUR")).toBe("BRL");
    expect(choose("US$", null, "EUR")).toBe("USD");
    expect(choose("€", null, "USD")).toBe("EUR");
    expect(choose("zł", null, "EUR")).toBe("PLN");
    expect(choose("chf", null, "EUR")).toBe("CHF");
    expect(choose("£", null, "EUR")).toBe("GBP");
  });

  it("is the usual one of those it may be, or is asked for", () => {
    expect(choose("kr", null, "NOK")).toBe("NOK");
    expect(choose("kr", null, "SEK")).toBe("SEK");
    expect(choose("kr", null, "EUR")).toBeNull();
    expect(choose("$", null, "CAD")).toBe("CAD");
    expect(choose("$", null, "EUR")).toBeNull();
    expect(choose("¥", null, "EUR")).toBeNull();
    expect(choose("¥", "CNY", "EUR")).toBe("CNY");
  });

  it("is refused where the row or the mapping says another", () => {
    expect(choose("€", "USD", "EUR")).toBeNull();
    expect(choose("kr", "DKK", "EUR")).toBe("DKK");
    expect(choose("", "USD", "EUR")).toBe("USD");
    expect(choose("", null, "EUR")).toBe("EUR");
  });
});
