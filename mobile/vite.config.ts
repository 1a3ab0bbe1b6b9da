import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { build, defineConfig, type BuildEnvironmentOptions, type Plugin } from 'vite';
import solid from 'vite-plugin-solid';

const root = import.meta.dirname;
const PUBLIC = ['/manifest.webmanifest', '/icon-192.png', '/icon-512.png'];

/**
 * Builds the service worker after the app: as one classic script under the fixed name /sw.js, which knows the app's files by name.
 * A worker that shared chunks with the app would have to be a module, which not every browser takes.
 */
function serviceWorker(): Plugin {
  return {
    name: 'errand-service-worker',
    apply: 'build',
    async writeBundle({ dir }, bundle) {
      const files = [
        ...Object.keys(bundle)
          .filter((name) => !name.endsWith('.html'))
          .map((name) => `/${name}`),
        ...PUBLIC,
      ];
      const index = bundle['index.html'];
      const html = index?.type === 'asset' ? index.source : '';
      const name = createHash('sha256').update(html).update(files.join(' ')).digest('hex').slice(0, 12);
      await build({
        configFile: false,
        root,
        publicDir: false,
        logLevel: 'warn',
        define: { SHELL: JSON.stringify({ build: name, files }) },
        build: {
          outDir: dir ?? 'dist',
          emptyOutDir: false,
          rolldownOptions: { output: { codeSplitting: false } },
          lib: { entry: resolve(root, 'sw.ts'), formats: ['iife'], name: 'sw', fileName: () => 'sw.js' },
        },
      });
    },
  };
}

/** Libraries' warnings to developers are a tenth of the first load. */
const LEAN: BuildEnvironmentOptions = { rolldownOptions: { output: { minify: { compress: { dropConsole: true } } } } };

export default defineConfig({
  root,
  base: '/',
  plugins: [solid(), serviceWorker()],
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2023', modulePreload: false, ...LEAN },
});
