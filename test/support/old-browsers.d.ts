/** Of what is used of two packages that bring no types. */
declare module "doiuse" {
  import type { Plugin } from "postcss";

  export default function doiuse(options: {
    readonly browsers: readonly string[];
    readonly ignore: readonly string[];
    readonly onFeatureUsage: (usage: { readonly feature: string; readonly message: string }) => void;
  }): Plugin;
}

declare module "es-check" {
  export function runChecks(
    checks: readonly { readonly ecmaVersion: string; readonly module: boolean; readonly files: readonly string[] }[],
  ): Promise<{ readonly success: boolean }>;
}
