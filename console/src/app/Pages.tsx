import { BrowserRouter, Navigate, Route, Routes } from 'react-router';
import { NotFoundPage } from '../shared/ui/NotFoundPage';
import { type LazyPage, lazyPage } from './lazyPage';
import { type PageRoute, routeAt, ROUTES } from './routes';
import { Shell } from './Shell';

const pages = new Map<PageRoute['load'], LazyPage>();

/** Paths with the same page share its component, which keeps its state when the path changes. */
function pageOf({ load }: PageRoute): LazyPage {
  const page = pages.get(load) ?? lazyPage(load);
  pages.set(load, page);
  return page;
}

const SHOWN = ROUTES.map((route) => ({ path: route.path, ...pageOf(route) }));

// Before anything is drawn: the first script has begun to load it.
const first = routeAt(window.location.pathname);
if (first) pageOf(first).load();

export default function Pages() {
  return (
    <BrowserRouter>
      <Routes>
        <Route element={<Shell />}>
          <Route path="sign-in" element={<Navigate to="/" replace />} />
          {SHOWN.map(({ path, Page }) => (
            <Route key={path} path={path} element={<Page />} />
          ))}
          <Route path="*" element={<NotFoundPage />} />
        </Route>
      </Routes>
    </BrowserRouter>
  );
}
