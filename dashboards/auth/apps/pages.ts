import type { AppScope } from "../../../core/setup/apps.ts";
import { page } from "../../console/layout.ts";
import { html } from "../../web/html.ts";
import type { Principal } from "../principal.ts";

type Language = "en" | "fr";

/** What a person reads when an app asks to act for them. */
const WORDS = {
  en: {
    title: (app: string) => `Let ${app} in?`,
    asks: (app: string, hub: string) => `${app} asks to use ${hub} in your name.`,
    you: (email: string) => `You are ${email}.`,
    may: "It could:",
    scopes: {
      read: "look at everything but secrets: KPIs, deals, activities, people",
      write: "pull, pause and resume connections, upload files, say who is one, write down reviews",
      connections: "set up, change and remove connections",
      webhooks: "have what happens sent to addresses of its choice",
    },
    never: "It never sees your password, and never may more than you. You can take this back at any time.",
    less: (scopes: string) => `It also asked for what you may not do yourself, and will not get it: ${scopes}.`,
    back: (host: string) => `Afterwards you are at ${host}.`,
    allow: "Let it in",
    deny: "No",
    failed: "That did not work",
    again: "Go back to the app and start again.",
  },
  fr: {
    title: (app: string) => `Autoriser ${app} ?`,
    asks: (app: string, hub: string) => `${app} demande à utiliser ${hub} en votre nom.`,
    you: (email: string) => `Vous êtes ${email}.`,
    may: "L’application pourrait :",
    scopes: {
      read: "consulter tout sauf les secrets : indicateurs, affaires, activités, personnes",
      write:
        "lancer, suspendre et reprendre les connexions, envoyer des fichiers, dire qui est la même personne, consigner les revues",
      connections: "configurer, modifier et retirer des connexions",
      webhooks: "faire envoyer ce qui se passe aux adresses de son choix",
    },
    never:
      "Elle ne voit jamais votre mot de passe et ne peut jamais plus que vous. Vous pouvez revenir sur cette autorisation à tout moment.",
    less: (scopes: string) =>
      `Elle demande aussi ce que vous ne pouvez pas faire vous-même, et ne l’obtiendra pas : ${scopes}.`,
    back: (host: string) => `Ensuite, vous serez sur ${host}.`,
    allow: "Autoriser",
    deny: "Refuser",
    failed: "Cela n’a pas fonctionné",
    again: "Retournez dans l’application et recommencez.",
  },
} as const;

export type Consent = {
  readonly app: string;
  /** The hub's address, without its scheme. */
  readonly hub: string;
  readonly uid: string;
  /** What it asks for and the person can give. */
  readonly scopes: readonly AppScope[];
  /** What it asks for and the person cannot give. */
  readonly refused: readonly AppScope[];
  /** Where the person is sent back to. */
  readonly returnsTo: string;
};

/** @param language as `acceptsLanguages` gives it. */
export function consentPage(
  language: string | false,
  principal: Extract<Principal, { kind: "user" }>,
  asked: Consent,
): string {
  const { language: spoken, words } = wordsOf(language);
  const { app, hub, uid, scopes, refused, returnsTo } = asked;
  return page({
    title: words.title(app),
    language: spoken,
    principal,
    content: html`<div class="narrow card">
      <h1>${words.title(app)}</h1>
      <p>${words.asks(app, hub)} ${words.you(principal.email)}</p>
      <p>${words.may}</p>
      <ul>
        ${scopes.map((scope) => html`<li>${words.scopes[scope]}</li>`)}
      </ul>
      ${refused.length === 0 ? null : html`<p>${words.less(refused.join(", "))}</p>`}
      <p class="soft">${words.never} ${words.back(returnsTo)}</p>
      <form method="post" action="/oauth/consent/${uid}" class="actions">
        <button class="primary" name="decision" value="allow">${words.allow}</button>
        <button name="decision" value="deny">${words.deny}</button>
      </form>
    </div>`,
  });
}

/** What is wrong with how an app asks, when there is nowhere to send the person back to. */
export function failurePage(language: string | false, code: string, detail: string | null): string {
  const { language: spoken, words } = wordsOf(language);
  return page({
    title: words.failed,
    language: spoken,
    principal: { kind: "anonymous" },
    content: html`<h1>${words.failed}</h1>
      <div class="error" role="alert">
        <p lang="en"><strong>${detail ?? code}</strong> <code>${code}</code></p>
        <p>${words.again}</p>
      </div>`,
  });
}

function wordsOf(language: string | false): { readonly language: Language; readonly words: (typeof WORDS)[Language] } {
  const spoken = language === "fr" ? "fr" : "en";
  return { language: spoken, words: WORDS[spoken] };
}
