import { fc } from "../../test/support/properties.ts";
import { describe, expect, it } from "vitest";
import { ownPath } from "./sign-in.ts";

describe("where to go after the sign-in", () => {
  it.each([
    "//evil.example",
    "/\\evil.example",
    "/..//evil.example",
    "/.//evil.example",
    "/x/..//evil.example",
    "/x/../..//evil.example",
    "/%2e%2e//evil.example",
    "/%2E//evil.example",
    "/..\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n//evil.example",
    "\t//evil.example",
    " //evil.example",
    "https://evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "evil.example",
    "",
    ["/a"],
    undefined,
  ])("%j is not it", (next) => expect(ownPath(next)).toBe("/"));

  it.each(["/", "/connections/close?notice=saved", "/who/person/1", "/a//b", "/%2f%2fevil.example"])("%s is", (next) =>
    expect(ownPath(next)).toBe(next),
  );

  it("is a page of this server, whatever is asked for", () => {
    const part = fc.oneof(
      fc.constantFrom("/", "\\", "..", ".", "%2e", "%2f", "%5c", "\t", "\n", "\0", "@", ":", "evil.example", "?", "#"),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const path = ownPath(`/${parts.join("")}`);
        // As a browser reads a Location of https://hub.example/sign-in.
        expect(new URL(path, "https://hub.example/sign-in").origin).toBe("https://hub.example");
        expect(path).toMatch(/^\/(?![/\\])/);
      }),
    );
  });
});
