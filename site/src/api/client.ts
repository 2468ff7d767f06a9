import createClient, { type Client } from "openapi-fetch";
import { readClock } from "../clock";
import type { paths } from "./schema";

export type Api = Client<paths>;

/** What went wrong, in one shape: problem+json, the gateway's own `{"message"}`, or no answer at all. */
export interface Problem {
  code: string;
  detail?: string;
  requestId?: string;
  errors: { field: string; message: string }[];
  alternatives: string[];
  /** With `fee_required`: what is to be approved first. */
  fee?: FeeOrder;
  /** The request may have been carried out all the same. */
  outcomeUnknown: boolean;
}

export interface FeeOrder {
  fee_order_id: string;
  approve_url: string;
  fee: string;
  currency: string;
  hold_expires_at: string;
}

export type Answer<T> = { data: T; problem?: undefined } | { data?: undefined; problem: Problem };

const TIMEOUT_MS = 30_000;

export function createApi(baseUrl: string, token: () => Promise<string | undefined>): Api {
  const api = createClient<paths>({
    baseUrl,
    fetch: (request) => fetch(request, { signal: AbortSignal.timeout(TIMEOUT_MS) }),
  });
  api.use({
    async onRequest({ request }) {
      const bearer = await token();
      if (bearer) request.headers.set("Authorization", `Bearer ${bearer}`);
      return request;
    },
    onResponse: ({ response }) => readClock(response),
  });
  return api;
}

/** Turns every way a call can end into an answer or a problem; never throws. */
export async function ask<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<Answer<T>> {
  try {
    const { data, error, response } = await call;
    return response.ok ? { data: data as T } : { problem: asProblem(error, response.status) };
  } catch {
    return { problem: { code: "network", errors: [], alternatives: [], outcomeUnknown: true } };
  }
}

/** Refusals of 5xx that say for sure that nothing was done. */
const NOTHING_DONE = new Set(["calendar_unavailable", "payment_provider_unavailable"]);

const GATEWAY_CODES: Record<number, string> = { 401: "unauthenticated", 403: "forbidden", 429: "too_many_requests" };

function asProblem(body: unknown, status: number): Problem {
  const said = (typeof body === "object" && body !== null ? body : {}) as Partial<Record<string, unknown>>;
  const code = typeof said.code === "string" ? said.code : (GATEWAY_CODES[status] ?? "server_error");
  return {
    code,
    detail: typeof said.detail === "string" ? said.detail : undefined,
    requestId: typeof said.request_id === "string" ? said.request_id : undefined,
    errors: Array.isArray(said.errors) ? said.errors : [],
    alternatives: Array.isArray(said.alternatives) ? said.alternatives : [],
    fee: code === "fee_required" ? (body as FeeOrder) : undefined,
    outcomeUnknown: status >= 500 && !NOTHING_DONE.has(code),
  };
}
