// Which address shows which page? All but the first page are loaded when they are asked for.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link, redirect } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Ops } from "./pages/Ops";
import { Shell } from "./shell/Shell";
import { parseSearch, writeSearch } from "./url/codec";
import { readSearch } from "./url/search";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, validateSearch: readSearch });

const routes = [
  createRoute({ getParentRoute: () => root, path: "/", beforeLoad: ({ search }) => { throw redirect({ to: "/ops", search }); } }),
  createRoute({ getParentRoute: () => root, path: "/ops", component: Ops }),
  createRoute({ getParentRoute: () => root, path: "/errors", component: lazyRouteComponent(() => import("./pages/Errors"), "Errors") }),
  createRoute({ getParentRoute: () => root, path: "/performance", component: lazyRouteComponent(() => import("./pages/Performance"), "Performance") }),
  createRoute({ getParentRoute: () => root, path: "/funnel", component: lazyRouteComponent(() => import("./pages/Funnel"), "Funnel") }),
  createRoute({ getParentRoute: () => root, path: "/requests", component: lazyRouteComponent(() => import("./pages/Requests"), "Requests") }),
  createRoute({ getParentRoute: () => root, path: "/requests/$id", component: lazyRouteComponent(() => import("./pages/Request"), "Request") }),
  createRoute({ getParentRoute: () => root, path: "/logs", component: lazyRouteComponent(() => import("./pages/Logs"), "Logs") }),
  createRoute({ getParentRoute: () => root, path: "/logs/filters", component: lazyRouteComponent(() => import("./pages/LogFilters"), "LogFilters") }),
  createRoute({ getParentRoute: () => root, path: "/sql", component: lazyRouteComponent(() => import("./pages/Sql"), "Sql") }),
  createRoute({ getParentRoute: () => root, path: "/admin/storage", component: lazyRouteComponent(() => import("./pages/Storage"), "Storage") }),
  createRoute({ getParentRoute: () => root, path: "/sources", component: lazyRouteComponent(() => import("./pages/Sources"), "Sources") }),
  createRoute({ getParentRoute: () => root, path: "/go/$id", component: lazyRouteComponent(() => import("./pages/Go"), "Go") }),
];

export function makeRouter() {
  return createRouter({
    routeTree: root.addChildren(routes),
    parseSearch,
    stringifySearch: writeSearch,
    defaultPreload: "intent",
    scrollRestoration: true,
  });
}

function NotFound(): ReactNode {
  return (
    <section className="panel face" style={{ padding: 24 }}>
      <h1>No such page</h1>
      <Link to="/ops">Go to Operations</Link>
    </section>
  );
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
