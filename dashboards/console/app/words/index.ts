import { createContext, useContext } from "react";

export const LANGUAGES = { en: "English", fr: "Français" } as const;
export type Language = keyof typeof LANGUAGES;

export type LanguageChoice = { readonly language: Language; readonly choose: (language: Language) => void };
export const LanguageContext = createContext<LanguageChoice>({ language: "en", choose: () => undefined });

/** The words of a page or part in every language. What one of them lacks does not compile. */
export type Words<T> = { readonly [language in Language]: T };

export function words<T>(all: { readonly en: T; readonly fr: NoInfer<Loose<T>> }): Words<Loose<T>> {
  return all as Words<Loose<T>>;
}

/** The same keys, other texts. */
type Loose<T> = T extends string
  ? string
  : T extends (...given: infer Given) => string
    ? (...given: Given) => string
    : { readonly [key in keyof T]: Loose<T[key]> };

export function useWords<T>(all: Words<T>): T {
  return all[useContext(LanguageContext).language];
}

export function useLanguage(): LanguageChoice {
  return useContext(LanguageContext);
}

const KEPT_AS = "tributary.language";

/** As it was chosen here before; else as the browser is set. */
export function firstLanguage(): Language {
  const kept = localStorage.getItem(KEPT_AS);
  const wanted = [kept ?? "", ...navigator.languages].map((name) => name.slice(0, 2).toLowerCase());
  return wanted.find((name): name is Language => name in LANGUAGES) ?? "en";
}

export function keepLanguage(language: Language): void {
  localStorage.setItem(KEPT_AS, language);
}

/** `3 deals`: the form that the number asks for. In French 0 and 1 are alike. */
export function plural(language: Language, count: number, one: string, other: string): string {
  return new Intl.PluralRules(language).select(count) === "one" ? one : other;
}
