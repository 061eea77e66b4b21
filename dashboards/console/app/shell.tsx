import { ActionIcon, AppShell, Burger, Group, Menu, ScrollArea, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { type ReactNode, Suspense, useEffect } from "react";
import { ApiError, postForm } from "./api/client.ts";
import { useMe } from "./api/hooks.ts";
import { useNavigation } from "./nav.ts";
import { SignIn } from "./pages/sign-in.tsx";
import { LanguageMenu, Mark, ThemeButton } from "./parts/bar.tsx";
import { Icon } from "./parts/icons.tsx";
import { Loading, Problem } from "./parts/page.tsx";
import { common } from "./words/common.ts";
import { useWords, words } from "./words/index.ts";

const text = words({
  en: {
    skip: "Skip to the content",
    main: "Main",
    menu: "Menu",
    account: "Account",
    signedInAs: "Signed in as",
  },
  fr: {
    skip: "Aller au contenu",
    main: "Principal",
    menu: "Menu",
    account: "Compte",
    signedInAs: "Connecté en tant que",
  },
});

/** What is around every page. Who has not signed in sees the form for that, whatever the address. */
export function Shell(): ReactNode {
  const { pathname } = useLocation();
  const me = useMe();
  if (pathname === "/first-admin") return <Framed />;
  if (me.error instanceof ApiError && me.error.status === 401) return <SignIn />;
  if (me.error !== null && me.data === undefined) return <Problem error={me.error} />;
  if (me.data === undefined) return <Loading />;
  return <SignedIn name={me.data.name} />;
}

function Framed(): ReactNode {
  return (
    <Suspense fallback={<Loading />}>
      <Outlet />
    </Suspense>
  );
}

function SignedIn({ name }: { readonly name: string }): ReactNode {
  const t = useWords(text);
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const { pathname } = useLocation();
  useEffect(close, [pathname, close]);
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 236, breakpoint: "sm", collapsed: { mobile: !isOpen } }}
      padding={{ base: "md", md: "xl" }}
    >
      <AppShell.Header>
        <a className="skip" href="#content">
          {t.skip}
        </a>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={isOpen}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={t.menu}
              aria-expanded={isOpen}
            />
            <Link to="/" className="clickable">
              <Group gap={8} wrap="nowrap">
                <Mark />
                <Text fw={700} size="lg">
                  Tributary
                </Text>
              </Group>
            </Link>
          </Group>
          <Group gap={6} wrap="nowrap">
            <LanguageMenu />
            <ThemeButton />
            <AccountMenu name={name} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm">
        <ScrollArea type="scroll" scrollbarSize={6}>
          <Navigation />
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <div className="fade-in" key={pathname}>
          <Suspense fallback={<Loading />}>
            <Outlet />
          </Suspense>
        </div>
      </AppShell.Main>
    </AppShell>
  );
}

function Navigation(): ReactNode {
  const t = useWords(text);
  const { pathname } = useLocation();
  return (
    <nav aria-label={t.main}>
      {useNavigation().map((group) => (
        <div key={group.title}>
          <Text size="xs" c="dimmed" fw={600} mt="md" mb={4} px={10}>
            {group.title}
          </Text>
          {group.items.map(({ to, icon, label }) => {
            const isHere = isAt(pathname, to);
            return (
              <Link
                key={to}
                to={to}
                className="nav-link"
                {...(isHere ? { "data-active": true, "aria-current": "page" } : {})}
              >
                <Icon name={icon} />
                {label}
              </Link>
            );
          })}
        </div>
      ))}
    </nav>
  );
}

function AccountMenu({ name }: { readonly name: string }): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const leave = async (): Promise<void> => {
    await postForm("/sign-out", {}).catch(() => undefined);
    location.assign("/sign-in");
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t.account}>
          <Icon name="user" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {t.signedInAs} {name}
        </Menu.Label>
        <Menu.Item leftSection={<Icon name="out" />} onClick={() => void leave()}>
          {c.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** `/who/person` stands for `/who/company` as well. */
function isAt(pathname: string, to: string): boolean {
  if (to === "/") return pathname === "/";
  const base = to.split("/", 2).join("/");
  return pathname === base || pathname.startsWith(`${base}/`);
}
