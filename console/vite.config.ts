import { lingui } from '@lingui/vite-plugin';
import react from '@vitejs/plugin-react';
import { loadEnv } from 'vite';
import { defineConfig } from 'vitest/config';
import { fewerScripts } from './vite.chunks.ts';
import { compileMessages, preloadApp } from './vite.plugins.ts';

// `npm run dev` and `npm run preview` talk to a running stack, as CloudFront does on AWS: one origin.
const { RUNLEDGER_URL = 'http://127.0.0.1:8080' } = loadEnv('', process.cwd(), 'RUNLEDGER_');
const proxy = { '/v1': RUNLEDGER_URL, '/cognito': RUNLEDGER_URL, '/config.json': RUNLEDGER_URL };

// Source maps would triple what a deployment publishes, so they are built only on request.
const { SOURCE_MAPS = '' } = loadEnv('', process.cwd(), 'SOURCE_MAPS');

// Tests of logic that need a document, a window or their storage.
const DOM_TESTS = 'src/**/*.dom.test.ts';

// Tests limit the gzipped sizes of what the first page loads.
const BUILD = { target: 'es2023', chunkSizeWarningLimit: 1_000 };

function plugins() {
  return [
    // English stays in the code, and is there once. Other languages' texts are found by their ids.
    lingui({ macroTransform: { macro: { descriptorFields: 'message' } }, failOnCompileError: true }),
    compileMessages(),
    react(),
    preloadApp(),
  ];
}

export default defineConfig({
  plugins: [...plugins(), fewerScripts(() => ({ plugins: plugins(), build: { ...BUILD, write: false } }))],
  server: { host: '127.0.0.1', proxy },
  preview: { host: '127.0.0.1', proxy },
  build: { ...BUILD, sourcemap: SOURCE_MAPS !== '' },
  test: {
    testTimeout: 15_000,
    restoreMocks: true,
    unstubGlobals: true,
    // Tests of plain logic get no document, because creating it takes longer than the test.
    projects: [
      {
        extends: true,
        test: {
          name: 'logic',
          environment: 'node',
          isolate: false,
          setupFiles: ['src/test/language.ts'],
          include: ['src/**/*.test.ts'],
          exclude: [DOM_TESTS],
        },
      },
      {
        extends: true,
        test: {
          name: 'pages',
          environment: 'jsdom',
          // One document for all files of a process: each test cleans up what it rendered, and loading
          // the libraries takes longer than most tests.
          isolate: false,
          setupFiles: ['src/test/language.ts', 'src/test/setup.ts'],
          include: ['src/**/*.test.tsx', DOM_TESTS],
        },
      },
    ],
  },
});
