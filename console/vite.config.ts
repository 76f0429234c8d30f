import react from '@vitejs/plugin-react';
import { loadEnv } from 'vite';
import { defineConfig } from 'vitest/config';

// `npm run dev` and `npm run preview` talk to a running stack, as CloudFront does on AWS: one origin.
const { RUNLEDGER_URL = 'http://127.0.0.1:8080' } = loadEnv('', process.cwd(), 'RUNLEDGER_');
const proxy = { '/v1': RUNLEDGER_URL, '/cognito': RUNLEDGER_URL, '/config.json': RUNLEDGER_URL };

export default defineConfig({
  plugins: [react()],
  server: { host: '127.0.0.1', proxy },
  preview: { host: '127.0.0.1', proxy },
  // The initial script is bounded by its gzipped size, which a browser test measures.
  build: { target: 'es2023', sourcemap: true, chunkSizeWarningLimit: 1_000 },
  test: {
    environment: 'jsdom',
    setupFiles: ['src/test/setup.ts'],
    testTimeout: 15_000,
    restoreMocks: true,
    unstubGlobals: true,
  },
});
