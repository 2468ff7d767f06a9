import en from "./en";
import frCA from "./fr-CA";

type Widen<T> = T extends (...args: infer A) => string ? (...args: A) => string : string;
export type Strings = { readonly [K in keyof typeof en]: Widen<(typeof en)[K]> };

export interface Language {
  /** For dates and times: the reader's own region where the language is ours. */
  locale: string;
  t: Strings;
}

const LANGUAGES: [prefix: string, fallback: string, t: Strings][] = [
  ["fr", "fr-CA", frCA],
  ["en", "en-CA", en],
];

/** The element's or page's language if it is one of ours, else the browser's, else English. */
export function language(wanted?: string | null): Language {
  const asked = [wanted, ...navigator.languages].filter((tag): tag is string => Boolean(tag));
  for (const tag of asked) {
    for (const [prefix, fallback, t] of LANGUAGES) {
      if (!tag.toLowerCase().startsWith(prefix)) continue;
      const regional = [tag, ...navigator.languages].find((l) => l.toLowerCase().startsWith(`${prefix}-`));
      return { locale: regional ?? fallback, t };
    }
  }
  return { locale: "en", t: en };
}
