import react from '@vitejs/plugin-react';
import { loadEnv } from 'vite';
import { defineConfig } from 'vitest/config';

// `npm run dev` and `npm run preview` talk to a running stack, as CloudFront does on AWS: one origin.
const { RUNLEDGER_URL = 'http://127.0.0.1:8080' } = loadEnv('', process.cwd(), 'RUNLEDGER_');
const proxy = { '/v1': RUNLEDGER_URL, '/cognito': RUNLEDGER_URL, '/config.json': RUNLEDGER_URL };

// Tests of logic that need a document, a window or their storage.
const DOM_TESTS = 'src/**/*.dom.test.ts';

export default defineConfig({
  plugins: [react()],
  server: { host: '127.0.0.1', proxy },
  preview: { host: '127.0.0.1', proxy },
  // The gzipped size of the initial script is limited; a browser test measures it.
  build: { target: 'es2023', sourcemap: true, chunkSizeWarningLimit: 1_000 },
  test: {
    testTimeout: 15_000,
    restoreMocks: true,
    unstubGlobals: true,
    // Tests of plain logic get no document, because creating it takes longer than the test.
    projects: [
      {
        extends: true,
        test: { name: 'logic', environment: 'node', isolate: false, include: ['src/**/*.test.ts'], exclude: [DOM_TESTS] },
      },
      {
        extends: true,
        test: {
          name: 'pages',
          environment: 'jsdom',
          // One document for all files of a process: each test cleans up what it rendered, and loading
          // the libraries takes longer than most tests.
          isolate: false,
          setupFiles: ['src/test/setup.ts'],
          include: ['src/**/*.test.tsx', DOM_TESTS],
        },
      },
    ],
  },
});
