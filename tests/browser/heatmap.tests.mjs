import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { launch, open } from './lib.mjs';

const browser = await launch();
after(() => browser.close());

const cells = (page) => page.locator('td[role=gridcell]');
const panel = (page) => page.locator('.panel');

test('Six nodes on two rails are two grids of thirty paths', async () => {
  const { page } = await open(browser, 'slow-nic');
  assert.equal(await page.locator('table[role=grid]').count(), 2);
  assert.equal(await cells(page).count(), 60);
  assert.equal(await page.locator('td.state-degraded').count(), 10);
  assert.equal(await page.locator('td.state-ok').count(), 50);
});

test('The worst path is explained before anybody points at one', async () => {
  const { page } = await open(browser, 'slow-nic');
  assert.match(await panel(page).innerText(), /node-1\/ens1 \u2192 node-3\/ens1[^]*below expected[^]*95 % interval/);
});

test('Pointing at a cell shows its value, interval, batches, proof and expectation', async () => {
  const { page } = await open(browser, 'healthy');
  await page.locator('[aria-label^="node-1 to node-2:"]').first().hover();
  const text = await panel(page).innerText();
  for (const part of [/node-1\/ens1 \u2192 node-2\/ens1/, /24\.8\sMB\/s/, /95 % interval/, /6 batches/, /tx grew by/,
    /ucp_ep_print_info/, /slowest hop: nic node-1\/rail-a/]) {
    assert.match(text, part);
  }
});

test('A grid is one stop of the Tab key, and the arrow keys move in it over the diagonal', async () => {
  const { page } = await open(browser, 'healthy');
  assert.equal(await page.locator('table[role=grid]').first().locator('td[tabindex="0"]').count(), 1);
  await page.locator('[aria-label^="node-1 to node-2:"]').first().focus();
  await page.keyboard.press('ArrowRight');
  assert.match(await panel(page).innerText(), /node-1\/ens1 \u2192 node-3\/ens1/);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  assert.match(await panel(page).innerText(), /node-4\/ens1 \u2192 node-3\/ens1/);
});

test('Skipped and failed cells have a pattern, not a colour alone', async () => {
  const { page } = await open(browser, 'hostile');
  for (const state of ['skipped', 'failed']) {
    const image = await page.locator(`td.state-${state}`).first().evaluate((one) => getComputedStyle(one).backgroundImage);
    assert.match(image, /gradient/);
  }
});

test('The switch shows latencies, mirrored over the diagonal', async () => {
  const { page, problems } = await open(browser, 'healthy');
  await page.getByRole('button', { name: 'Latency', exact: true }).click();
  assert.equal(await cells(page).count(), 60);
  assert.match(await page.locator('figcaption').first().innerText(), /rail-a, us 15 paths/);
  assert.equal(await page.getByRole('button', { name: 'Latency', exact: true }).getAttribute('aria-pressed'), 'true');
  assert.deepEqual(problems, []);
});

test('A node whose label names another rack than it measures with is marked', async () => {
  const { page } = await open(browser, 'ambiguous');
  const marks = page.locator('table[role=grid]').first().locator('.misplaced');
  assert.deepEqual(await marks.allTextContents(), ['measures as rack-2']);
  assert.equal(await marks.evaluateAll(([one]) => one.closest('tr').querySelector('.row-name bdi').textContent), 'node-4');
});

test('64 nodes on 8 rails are drawn one rail at a time, the worst first, within ten seconds', async () => {
  const begin = Date.now();
  const { page, problems } = await open(browser, 'large-8');
  assert.equal(await cells(page).count(), 64 * 63);
  assert.match(await page.locator('figcaption').innerText(), /rail-h 248 below expected of 4032 paths/);
  await page.getByRole('button', { name: 'rail-a', exact: true }).click();
  assert.match(await page.locator('figcaption').innerText(), /rail-a 4032 paths/);
  assert.ok(Date.now() - begin < 10000, `${Date.now() - begin} ms`);
  assert.deepEqual(problems, []);
});

const inside = (page) => page.locator('#inside');

test('Eight GPUs and two NUMA nodes are one grid: every path, the bad ones apart by more than colour', async () => {
  const { page, problems } = await open(browser, 'gpus');
  assert.equal(await inside(page).locator('table[role=grid]').count(), 1);
  assert.equal(await inside(page).locator('td[role=gridcell]').count(), 8 * 7 + 8 + 2 * 16);
  assert.equal(await inside(page).locator('td.state-degraded').count(), 1);
  assert.equal(await inside(page).locator('td.state-failed').count(), 1);
  assert.equal(await inside(page).locator('td.state-skipped').count(), 1);
  assert.match(await inside(page).locator('.panel').innerText(), /0002[^]*0005[^]*below expected/);
  assert.match(await page.locator('body').innerText(), /Made from fake drivers: not evidence of any machine/);
  assert.deepEqual(problems, []);
});

test('The grid of eight GPUs fits a desktop without scrolling, and every number in it is whole', async () => {
  const { page } = await open(browser, 'gpus');
  const wide = await inside(page).locator('.scroll').evaluate((one) => [one.scrollWidth, one.clientWidth]);
  assert.ok(wide[0] <= wide[1] + 1, `${wide}`);
  const cut = await inside(page).locator('td[role=gridcell]').evaluateAll((all) =>
    all.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent));
  assert.deepEqual(cut, []);
});

test('On a narrow screen the page of eight GPUs does not scroll sideways, only its grid may', async () => {
  const { page } = await open(browser, 'gpus', { viewport: { width: 390, height: 844 } });
  const [page_width, window_width] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  assert.ok(page_width <= window_width, `${page_width} > ${window_width}`);
  const names = inside(page).locator('.row-name');
  const place = () => names.last().evaluate((one) => Math.round(one.getBoundingClientRect().left));
  const before = await place();
  await inside(page).locator('.scroll').evaluate((one) => { one.scrollLeft = one.scrollWidth; });
  assert.ok(Math.abs(await place() - before) <= 12, 'the names of the rows stay where they are');
  await inside(page).getByRole('button', { name: 'Both ways at once' }).click();
  assert.equal(await inside(page).locator('td.state-degraded').count(), 2);
});
