import { ActionIcon, Menu, useMantineColorScheme } from "@mantine/core";
import type { ReactNode } from "react";
import { LANGUAGES, type Language, useLanguage, useWords, words } from "../words/index.ts";
import { Icon } from "./icons.tsx";

const text = words({
  en: { language: "Language", dark: "Dark", light: "Light" },
  fr: { language: "Langue", dark: "Sombre", light: "Clair" },
});

export function Mark(): ReactNode {
  return (
    <svg viewBox="0 0 32 32" width={28} height={28} aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#0b5cad" />
      <path
        d="M7 7c0 7 9 6 9 12v6M25 7c0 7-9 6-9 12M16 7v12"
        fill="none"
        stroke="#fff"
        strokeWidth="3"
        strokeLinecap="round"
      />
    </svg>
  );
}

export function LanguageMenu(): ReactNode {
  const t = useWords(text);
  const { language, choose } = useLanguage();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`${t.language}: ${LANGUAGES[language]}`}>
          <Icon name="language" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {(Object.keys(LANGUAGES) as Language[]).map((one) => (
          <Menu.Item key={one} lang={one} onClick={() => choose(one)} fw={one === language ? 700 : 400}>
            {LANGUAGES[one]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export function ThemeButton(): ReactNode {
  const t = useWords(text);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const isDark =
    colorScheme === "dark" || (colorScheme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={isDark ? t.light : t.dark}
      onClick={() => setColorScheme(isDark ? "light" : "dark")}
    >
      <Icon name={isDark ? "sun" : "moon"} />
    </ActionIcon>
  );
}
