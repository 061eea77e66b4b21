import { expect, it } from "vitest";
import { html, trusted } from "./html.ts";

it("escapes everything that is put in, in text and in attributes", () => {
  const nasty = `"><script>alert('x')</script>&`;
  expect(html`<p title="${nasty}">${nasty}</p>`.markup).toBe(
    `<p title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;">&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;</p>`,
  );
});

it("keeps markup that it made itself, joins lists and leaves nothing for what is absent", () => {
  const items = ["a", "<b>"].map((text) => html`<li>${text}</li>`);
  expect(html`${items}${null}${false}${undefined}${0}${trusted("<hr>")}`.markup).toBe(
    "<li>a</li><li>&lt;b&gt;</li>0<hr>",
  );
});
