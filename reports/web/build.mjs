// node build.mjs OUT [NODE_MODULES]: bundles src/ into one HTML file whose policy allows exactly its own
// script and style, by their hashes. {{DATA}} stays in it: plumbline puts a report's data there.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, 'dist', 'page.html'));
const modules = resolve(process.argv[3] ?? join(here, 'node_modules'));
const require = createRequire(pathToFileURL(join(modules, 'x.js')));
const esbuild = require('esbuild');

async function bundle(entry) {
  const result = await esbuild.build({
    entryPoints: [join(here, 'src', entry)],
    bundle: true,
    charset: 'ascii',
    format: 'iife',
    legalComments: 'none',
    logLevel: 'warning',
    minify: true,
    target: ['chrome100', 'firefox100', 'safari15'],
    write: false,
  });
  return result.outputFiles[0].text.trim();
}

const hash = (text) => `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;

function inlined(script, style) {
  if (/<\/(script|style)|<!--|\{\{DATA\}\}/i.test(script + style)) {
    throw new Error('the bundle holds text that would end its element');
  }
  const policy = [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const fills = { POLICY: policy, STYLE: style, SCRIPT: script };
  return readFileSync(join(here, 'src', 'page.html'), 'utf8').replace(
    /\{\{(POLICY|STYLE|SCRIPT)\}\}/g,
    (_, name) => fills[name],
  );
}

const page = inlined(await bundle('main.ts'), await bundle('page.css'));
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, page);
