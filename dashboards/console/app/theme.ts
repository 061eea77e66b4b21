import { createTheme, type MantineColorsTuple } from "@mantine/core";

/** The blue of the mark, from the lightest to the darkest. */
const river: MantineColorsTuple = [
  "#eaf3fc",
  "#d3e4f6",
  "#a4c8ee",
  "#71aae6",
  "#4991df",
  "#3080db",
  "#2072c9",
  "#0f60b3",
  "#0b5299",
  "#07427d",
];

export const theme = createTheme({
  colors: { river },
  primaryColor: "river",
  primaryShade: 7,
  autoContrast: true,
  luminanceThreshold: 0.32,
  defaultRadius: "md",
  cursorType: "pointer",
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif',
  headings: { fontWeight: "650" },
  components: {
    Table: { defaultProps: { verticalSpacing: "xs", highlightOnHover: true } },
    Badge: { defaultProps: { variant: "light", radius: "sm", tt: "none" } },
  },
});
