import { describe, expect, test } from "vitest";
import type { Service } from "./api/types";
import { agreement, cancelling } from "./policy";
import en from "./strings/en";

const words = { t: en, locale: "en-CA" };
const policy = { notice_hours: 48, fee_percent: 50, free_reschedules: 1 };
const cad = { amount: "150.01", currency: "CAD" };
const service = (sessions: number, prices = [cad]): Service => ({ id: "s", name: "S", duration_minutes: 60, sessions, prices });
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

describe("what cancelling costs is said before anybody pays", () => {
  test("a free session costs nothing", () => {
    expect(cancelling(words, policy, service(1, []))).toBe(en.cancelFree);
    expect(agreement(words, policy, service(1, []))).toBe(en.agreement);
  });
  test("a single one gives all back in time, and what the fee leaves after that", () => {
    const said = agreement(words, policy, service(1), cad, inHours(49));
    expect(said).toContain("$150.01\u00a0CAD");
    expect(said).toContain("$75.00\u00a0CAD");
  });
  test("with less notice than that, the full refund is not even spoken of", () => {
    const said = agreement(words, policy, service(1), cad, inHours(47));
    expect(said).toContain("$75.00\u00a0CAD");
    expect(said).not.toContain("$150.01");
  });
  test("a package's session goes back to the package", () => {
    expect(agreement(words, policy, service(3), cad)).toContain("goes back to your package");
  });
});
