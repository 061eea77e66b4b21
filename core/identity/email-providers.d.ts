/** The package has no types of its own. */
declare module "email-providers" {
  const domains: readonly string[];
  // eslint-disable-next-line import/no-default-export -- that is how the package exports it
  export default domains;
}
