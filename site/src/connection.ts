import { ask, createApi, type Api, type Problem } from "./api/client";
import type { Config } from "./api/types";
import { SignIn, type HostToken } from "./auth/sign-in";

/** The API, its configuration and the sign-in, as every page needs them. */
export interface Connection {
  api: Api;
  config: Config;
  signIn: SignIn;
}

export interface ConnectionSettings {
  api?: string;
  signinUrl?: string;
  hostToken?: HostToken;
}

/** Where the site's own files lie, also when the page that uses them lies elsewhere. */
const siteRoot = import.meta.env.DEV
  ? new URL("/", window.location.href)
  : new URL(import.meta.url.includes("/assets/") ? ".." : ".", import.meta.url);

export const siteUrl = (path: string): string => new URL(path, siteRoot).href;

async function apiBase(given?: string): Promise<string> {
  if (given) return given;
  const response = await fetch(new URL("config.json", siteRoot));
  return ((await response.json()) as { api: string }).api;
}

const unreachable: Problem = { code: "network", errors: [], alternatives: [], outcomeUnknown: false };

export async function connect(settings: ConnectionSettings = {}): Promise<Connection | Problem> {
  let signIn: SignIn | undefined;
  try {
    const base = (await apiBase(settings.api)).replace(/\/$/, "");
    const api = createApi(base, async () => signIn?.token());
    const { data: config, problem } = await ask(api.GET("/booking/config"));
    if (problem) return problem;
    const { issuer, client_id, scope } = config.sign_in;
    const callback = new URL(settings.signinUrl ?? siteUrl("signin.html"), window.location.href).href;
    const settled = issuer && client_id ? { issuer, client_id, scope, callback } : undefined;
    signIn = new SignIn(settled, settings.hostToken);
    return { api, config, signIn };
  } catch {
    return unreachable;
  }
}

export const isConnection = (answer: Connection | Problem): answer is Connection => "api" in answer;
