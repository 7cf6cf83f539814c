// What surrounds every page? Rail, time range, filters, search, freshness; and the faces of somebody not signed in.
import { AppShell, Burger } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { Fragment, useEffect, useState, type ReactNode } from "react";
import { ApiError } from "../api/client";
import { useSession } from "../api/queries";
import { LiveProvider } from "../live/LiveProvider";
import { elsewhere, ignoredIn } from "../url/search";
import { useAddress } from "../url/useAddress";
import { ANNOUNCEMENT } from "./announce";
import { Chips } from "./Chips";
import { FilterMenu } from "./FilterMenu";
import { Freshness } from "./Freshness";
import { Icon } from "./icons";
import { GROUPS, pageOf, PAGES } from "./pages";
import { SearchBox } from "./SearchBox";
import { Shortcuts } from "./Shortcuts";
import { SignIn } from "./SignIn";
import { TimePicker, ZoneSwitch } from "./TimePicker";
import { ViewMenu } from "./ViewMenu";

export function Shell(): ReactNode {
  const { search } = useAddress();
  const session = useSession();
  const [isOpen, rail] = useDisclosure(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => rail.close(), [path, rail.close]);
  const shown = pageOf(path);
  // A tail follows no range.
  const isTimeless = shown?.isTimeless === true || (shown?.path === "/logs" && search.tail !== undefined);

  if (session.error instanceof ApiError && session.error.status === 401) return <SignIn />;
  return (
    <LiveProvider search={search}>
      <AppShell header={{ height: 48 }} navbar={{ width: 184, breakpoint: 900, collapsed: { mobile: !isOpen } }} padding={12}>
        <AppShell.Header>
          <div className="topbar">
            <Burger opened={isOpen} onClick={rail.toggle} size="sm" className="only-narrow" style={{ minWidth: 32, minHeight: 32 }} aria-label="Navigation" aria-expanded={isOpen} />
            <Link to="/ops" search={elsewhere(search)} className="brand">
              <img src="/icon.svg" alt="" width={20} height={20} />
              <span className="brand-word">Walletscope</span>
            </Link>
            <div className="grow" />
            <SearchBox />
            <Freshness />
          </div>
        </AppShell.Header>
        <AppShell.Navbar withBorder>
          <nav className="rail" aria-label="Pages">
            {GROUPS.map((group) => (
              <Fragment key={group}>
                <div className="rail-group">{group}</div>
                {PAGES.filter((page) => page.group === group).map((page) => (
                  <Link key={page.path} to={page.path} search={elsewhere(search)} className="rail-link" activeOptions={{ exact: shown?.path !== page.path, includeSearch: false }}>
                    <Icon name={page.icon} />
                    {page.title}
                  </Link>
                ))}
              </Fragment>
            ))}
            <div className="grow" />
            <Shortcuts />
          </nav>
        </AppShell.Navbar>
        <AppShell.Main>
          <div className="page">
            <div className="filterbar" role="group" aria-label={isTimeless ? "View" : shown?.isUnfiltered ? "Range" : "Range and filters"}>
              {isTimeless ? <ZoneSwitch /> : <><TimePicker />{!shown?.isUnfiltered && <><FilterMenu /><Chips /></>}</>}
              <div className="grow" />
              <ViewMenu />
            </div>
            <Ignored />
            <Outlet />
          </div>
        </AppShell.Main>
      </AppShell>
      <div id={ANNOUNCEMENT} role="status" className="announcement" />
    </LiveProvider>
  );
}

/** Says which parameters of the address mean nothing. */
function Ignored(): ReactNode {
  const raw = useRouterState({ select: (state) => state.location.searchStr });
  const [dismissed, setDismissed] = useState("");
  const names = dismissed === raw ? [] : ignoredIn(Object.fromEntries(new URLSearchParams(raw)));
  if (names.length === 0) return null;
  return (
    <div className="panel row" role="status" style={{ padding: "6px 12px", borderColor: "var(--warn)" }}>
      <span className="grow">The address holds what means nothing here and was ignored: {names.join(", ")}.</span>
      <button type="button" className="plain" aria-label="Dismiss" onClick={() => setDismissed(raw)} style={{ minWidth: 24, minHeight: 24 }}>
        <Icon name="close" size={12} />
      </button>
    </div>
  );
}
