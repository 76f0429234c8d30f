import { Navigate, Route, Routes } from 'react-router';
import { NotFoundPage } from '../shared/ui/NotFoundPage';
import { ROUTES } from './routes';
import { Shell } from './Shell';

export function Pages() {
  return (
    <Routes>
      <Route element={<Shell />}>
        <Route index element={<Navigate to="/runs" replace />} />
        <Route path="sign-in" element={<Navigate to="/runs" replace />} />
        {ROUTES.map(({ path, page: Page }) => (
          <Route key={path} path={path} element={<Page />} />
        ))}
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Routes>
  );
}
