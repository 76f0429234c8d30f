import { Navigate, Route, Routes } from 'react-router';
import { RunPage } from '../runs/RunPage';
import { RunsPage } from '../runs/RunsPage';
import { NotFoundPage } from '../ui/NotFoundPage';
import { Shell } from './Shell';

export function Pages() {
  return (
    <Routes>
      <Route element={<Shell />}>
        <Route index element={<Navigate to="/runs" replace />} />
        <Route path="sign-in" element={<Navigate to="/runs" replace />} />
        <Route path="runs" element={<RunsPage />} />
        <Route path="runs/:runId" element={<RunPage />} />
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Routes>
  );
}
