import { spoken, type Language, type Languages, type Strings, type Translated } from ".";
import en from "./en";
import frCA from "./fr-CA";
import ownEn from "./pages-en";
import ownFrCA from "./pages-fr-CA";

/** Apart from the booking's: the widget on a coach's page need not load them. */
export type OwnStrings = Translated<typeof ownEn>;
export type PageStrings = Strings & OwnStrings;
export type PageLanguage = Language<PageStrings>;

const LANGUAGES: Languages<PageStrings> = [
  ["fr", "fr-CA", { ...frCA, ...ownFrCA }],
  ["en", "en-CA", { ...en, ...ownEn }],
];

export const pageLanguage = (wanted?: string | null): PageLanguage => spoken(LANGUAGES, wanted);
