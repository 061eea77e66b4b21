declare module "parse-prometheus-text-format" {
  type Metric = { readonly labels?: { readonly [name: string]: string }; readonly value?: string };
  type Family = {
    readonly name: string;
    readonly help: string;
    readonly type: string;
    readonly metrics: readonly Metric[];
  };
  /** Prometheus' exposition format, family by family. */
  export default function parsePrometheusTextFormat(text: string): readonly Family[];
}
