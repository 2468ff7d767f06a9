import en from "./en";
import frCA from "./fr-CA";

type Widen<T> = T extends (...args: infer A) => string ? (...args: A) => string : string;
export type Translated<T> = { readonly [K in keyof T]: Widen<T[K]> };
export type Strings = Translated<typeof en>;

export interface Language<T = Strings> {
  /** For dates and times: the reader's own region where the language is ours. */
  locale: string;
  t: T;
}

/** What is said in each language we speak, and the region it stands for where the reader names none. */
export type Languages<T> = [prefix: string, fallback: string, t: T][];

const LANGUAGES: Languages<Strings> = [
  ["fr", "fr-CA", frCA],
  ["en", "en-CA", en],
];

/** The language wanted if it is one of ours, else the browser's, else English. */
export function spoken<T>(languages: Languages<T>, wanted?: string | null): Language<T> {
  const asked = [wanted, ...navigator.languages, "en"].filter((tag): tag is string => Boolean(tag));
  for (const tag of asked) {
    for (const [prefix, fallback, t] of languages) {
      if (!tag.toLowerCase().startsWith(prefix)) continue;
      const regional = [tag, ...navigator.languages].find((l) => l.toLowerCase().startsWith(`${prefix}-`));
      return { locale: regional ?? fallback, t };
    }
  }
  throw new Error("English is always spoken");
}

export const language = (wanted?: string | null): Language => spoken(LANGUAGES, wanted);
