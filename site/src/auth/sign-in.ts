export interface SignInSettings {
  issuer: string;
  client_id: string;
  scope: string;
  callback: string;
}

export type HostToken = () => string | undefined | null | Promise<string | undefined | null>;
export type SignInOutcome = "signed-in" | "leaving" | "closed" | "failed";

const TOKEN = "coach-booking.token";
const SETTINGS = "coach-booking.sign-in";

/** The tab's sign-in. The token lives as long as the tab; a page may hand in its own instead. */
export class SignIn {
  private flow?: typeof import("./oidc");

  constructor(
    private readonly settings: SignInSettings | undefined,
    private readonly hostToken?: HostToken,
  ) {}

  get byHost(): boolean {
    return this.hostToken !== undefined;
  }

  get possible(): boolean {
    return this.settings !== undefined && !this.byHost;
  }

  async token(): Promise<string | undefined> {
    return (this.hostToken ? await this.hostToken() : sessionStorage.getItem(TOKEN)) ?? undefined;
  }

  /** Who the token speaks of, for showing it; the API alone decides whether it is true. */
  async email(): Promise<string | undefined> {
    const claims = (await this.token())?.split(".")[1];
    if (!claims) return undefined;
    try {
      const bytes = Uint8Array.from(atob(claims.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
      return (JSON.parse(new TextDecoder().decode(bytes)) as { email?: string }).email;
    } catch {
      return undefined;
    }
  }

  /** Fetches the sign-in code early, so that the popup opens within the click that asks for it. */
  prepare(): void {
    if (this.possible && !this.flow) void import("./oidc").then((flow) => (this.flow = flow));
  }

  async start(): Promise<SignInOutcome> {
    if (!this.settings) return "failed";
    sessionStorage.setItem(SETTINGS, JSON.stringify(this.settings));
    const flow = this.flow ?? (await import("./oidc"));
    try {
      sessionStorage.setItem(TOKEN, await flow.byPopup(this.settings));
      return "signed-in";
    } catch (problem) {
      const said = String(problem);
      if (/closed|aborted/i.test(said)) return "closed";
      if (!/disposed window|blocked/i.test(said)) return "failed";
    }
    try {
      await flow.byRedirect(this.settings);
      return "leaving";
    } catch {
      return "failed";
    }
  }

  forget(): void {
    sessionStorage.removeItem(TOKEN);
  }

  /** On the callback page. The settings come from the page that began the sign-in, through the tab's own storage. */
  static async finish(): Promise<string | undefined> {
    const settings = JSON.parse(sessionStorage.getItem(SETTINGS) ?? "null") as SignInSettings | null;
    if (!settings) throw new Error("No sign-in was begun here");
    const { finish } = await import("./oidc");
    const done = await finish(settings);
    if (!done) return undefined;
    sessionStorage.setItem(TOKEN, done.token);
    return done.returnTo;
  }
}
