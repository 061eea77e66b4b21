/** What is wrong with a definition, so that whoever reads a file can name the line and what was probably meant. */
export type Problem = {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** A name that nothing has, and the names there are. */
  readonly unknown?: { readonly name: string; readonly known: readonly string[] };
};
