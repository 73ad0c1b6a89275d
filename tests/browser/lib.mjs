// What every test of the page needs: a browser, a sample's page, and whatever the page did wrong.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** PLUMBLINE_WEB_TESTS: the folder with node_modules and samples, set by CMake. */
export const work = process.env.PLUMBLINE_WEB_TESTS ?? '.';
const require = createRequire(pathToFileURL(join(work, 'x.js')));

/** Ends the test as skipped, with its reason. */
export function skip(reason) {
  console.log(`skipped: ${reason}`);
  process.exit(77);
}

/** A package of tests/browser/package.json. */
export function needed(name) {
  try {
    return require(name);
  } catch {
    return skip(`the npm package ${name} is not installed (npm absent, or no registry reached)`);
  }
}

export const sample = (file) => join(work, 'samples', file);

const browsers = [process.env.PLUMBLINE_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export async function launch() {
  const { chromium } = needed('playwright-core');
  const executablePath = browsers.find((path) => path && existsSync(path));
  if (!executablePath) skip('no Chromium on this machine');
  if (!existsSync(sample('healthy.html'))) skip('the sample reports were not written');
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
}

/** A page with a report in it; `problems` collects console errors, exceptions and requests beyond the file. */
export async function openFile(browser, file, options = {}) {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 }, ...options });
  page.setDefaultTimeout(15000);
  const problems = [];
  const address = pathToFileURL(file).href;
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`exception: ${error.message}`));
  page.on('request', (request) => {
    if (request.url() !== address) problems.push(`request: ${request.url().slice(0, 200)}`);
  });
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.goto(address);
  await page.waitForSelector('#page > *');
  return { page, problems };
}

export const open = (browser, name, options) => openFile(browser, sample(`${name}.html`), options);
export const samples = ['healthy', 'slow-nic', 'ambiguous', 'dead-agent', 'hostile', 'from-fakes', 'interrupted', 'empty', 'gpus', 'large'];
