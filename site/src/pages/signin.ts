import { SignIn } from "../auth/sign-in";
import { pageLanguage } from "../strings/pages";

/** Where the sign-in comes back to: a popup hands its answer to the page that opened it and closes. */
const { t, locale } = pageLanguage(document.documentElement.dataset.lang);
document.documentElement.lang = locale;
const status = document.querySelector("#status") as HTMLElement;
status.textContent = t.signinFinishing;

try {
  const returnTo = await SignIn.finish();
  if (returnTo) window.location.replace(returnTo);
} catch {
  status.textContent = t.signinFinishFailed;
  const link = Object.assign(document.createElement("a"), { href: "./", textContent: t.backToSite });
  status.append(" ", link);
}
