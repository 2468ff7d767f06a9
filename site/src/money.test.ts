import { beforeEach, describe, expect, test, vi } from "vitest";
import { minus, moneyText, rememberCurrency, share, usualCurrency } from "./money";

const cad = (amount: string) => ({ amount, currency: "CAD" });

describe("prices in words", () => {
  test("say which dollars they are, and do not break", () => {
    expect(moneyText("en-CA", cad("150.00"))).toBe("$150.00\u00a0CAD");
    expect(moneyText("en-CA", { amount: "1500.00", currency: "USD" })).toBe("$1,500.00\u00a0USD");
    expect(moneyText("fr-CA", cad("150.00"))).toBe("150,00\u00a0$\u00a0CAD");
  });
  test("a share is rounded half up, and what is left adds up to the whole", () => {
    expect(share(cad("150.00"), 50)).toEqual(cad("75.00"));
    expect(share(cad("100.01"), 50)).toEqual(cad("50.01"));
    expect(minus(cad("100.01"), share(cad("100.01"), 50))).toEqual(cad("50.00"));
  });
});

describe("the currency somebody pays in", () => {
  const both = ["USD", "CAD"];
  const kept = new Map<string, string>();

  beforeEach(() => {
    kept.clear();
    vi.stubGlobal("localStorage", {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
    });
    vi.stubGlobal("navigator", { languages: ["en-US"] });
  });

  test("is that of where they are", () => {
    expect(usualCurrency(both, "America/Toronto")).toBe("CAD");
    expect(usualCurrency(both, "America/New_York")).toBe("USD");
    expect(usualCurrency(both, "Europe/Paris")).toBe("USD");
  });
  test("or of how they read", () => {
    vi.stubGlobal("navigator", { languages: ["fr-CA", "fr"] });
    expect(usualCurrency(both, "Europe/Paris")).toBe("CAD");
  });
  test("or the one they chose before, where it can be paid in", () => {
    rememberCurrency("USD");
    expect(usualCurrency(both, "America/Toronto")).toBe("USD");
    expect(usualCurrency(["CAD"], "America/New_York")).toBe("CAD");
    expect(usualCurrency([], "America/Toronto")).toBeUndefined();
  });
});
