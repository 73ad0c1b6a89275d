import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { launch, open } from './lib.mjs';

const browser = await launch();
after(() => browser.close());

const rows = (page) => page.locator('#outcomes tbody tr');
const status = (page) => page.locator('#outcomes [role=status]').innerText();

test('The table shows what is not as expected first, and more on demand', async () => {
  const { page } = await open(browser, 'slow-nic');
  assert.match(await status(page), /136 measurements of 136, the first 50 shown/);
  assert.match(await rows(page).first().innerText(), /below expected/);
  await page.getByRole('button', { name: 'Show more' }).click();
  assert.equal(await rows(page).count(), 136);
});

test('Words narrow the table, all of them together', async () => {
  const { page } = await open(browser, 'slow-nic');
  await page.getByLabel('Words').fill('node-3 rail-b LATENCY');
  assert.match(await status(page), /^5 measurements of 136/);
  for (const text of await rows(page).allInnerTexts()) assert.match(text, /node-3[^]*rail-b[^]*latency/);
  await page.getByLabel('Words').fill('no such path');
  assert.equal(await rows(page).count(), 0);
  assert.match(await status(page), /^0 measurements/);
});

test('The verdict narrows the table', async () => {
  const { page } = await open(browser, 'dead-agent');
  await page.getByLabel('Verdict').selectOption('skipped');
  assert.match(await status(page), /^42 measurements of 136/);
  assert.match(await rows(page).first().innerText(), /agent on node-5 does not answer/);
});

test('A column sorts, and again the other way', async () => {
  const { page } = await open(browser, 'healthy');
  await page.getByLabel('Words').fill('memory');
  const values = async () => (await page.locator('#outcomes td[data-label=value]').allInnerTexts()).map(parseFloat);
  await page.getByRole('button', { name: 'value', exact: true }).click();
  const rising = await values();
  assert.deepEqual(rising, [...rising].sort((one, other) => one - other));
  await page.getByRole('button', { name: 'value', exact: true }).click();
  assert.deepEqual(await values(), [...rising].reverse());
  assert.equal(await page.locator('#outcomes th[aria-sort=descending]').textContent(), 'value');
});

test('A path unfolds to all that is known about it, and folds again', async () => {
  const { page } = await open(browser, 'healthy');
  const opener = page.locator('.opener').first();
  await opener.click();
  assert.match(await page.locator('.unfolded').innerText(), /95 % interval/);
  assert.equal(await opener.getAttribute('aria-expanded'), 'true');
  await opener.click();
  assert.equal(await page.locator('.unfolded').count(), 0);
});

test('The raw report unfolds as it is', async () => {
  const { page } = await open(browser, 'healthy');
  await page.locator('#facts summary').click();
  // The text comes with the fold's toggle event, which follows the click.
  const text = page.locator('.raw', { hasText: /\S/ });
  await text.waitFor();
  const raw = JSON.parse(await text.innerText());
  assert.equal(raw.schema, 'plumbline.report/v1');
});
