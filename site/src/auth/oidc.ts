import { InMemoryWebStorage, UserManager, WebStorageStateStore, type User } from "oidc-client-ts";
import type { SignInSettings } from "./sign-in";

/** Code flow with PKCE. The library keeps the unfinished flow; the token it ends with is ours to keep. */
function manager(settings: SignInSettings): UserManager {
  return new UserManager({
    authority: settings.issuer,
    client_id: settings.client_id,
    redirect_uri: settings.callback,
    scope: settings.scope,
    response_type: "code",
    popupWindowFeatures: { width: 480, height: 680 },
    userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
    automaticSilentRenew: false,
  });
}

const tokenOf = (user: User | undefined): string => {
  if (!user?.id_token) throw new Error("The sign-in gave no ID token");
  return user.id_token;
};

/** Must run in a click, before anything else is awaited: browsers open popups for people, not for scripts. */
export async function byPopup(settings: SignInSettings): Promise<string> {
  return tokenOf(await manager(settings).signinPopup({ popupAbortOnClose: true }));
}

export async function byRedirect(settings: SignInSettings): Promise<void> {
  await manager(settings).signinRedirect({ state: window.location.href });
}

/** On the callback page: hands a popup's answer to its opener, or ends a redirect. */
export async function finish(settings: SignInSettings): Promise<{ token: string; returnTo: string } | undefined> {
  const user = await manager(settings).signinCallback();
  return user ? { token: tokenOf(user), returnTo: String(user.state) } : undefined;
}
