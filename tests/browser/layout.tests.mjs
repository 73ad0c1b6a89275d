import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { launch, open, samples } from './lib.mjs';

const browser = await launch();
after(() => browser.close());

for (const name of samples) {
  test(`The page of ${name} never scrolls sideways, from 380 to 1400 pixels`, async () => {
    const { page } = await open(browser, name);
    for (const width of [380, 500, 768, 1081, 1400]) {
      await page.setViewportSize({ width, height: 844 });
      const [needed, given] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(needed <= given, `${needed} > ${given}`);
    }
    await page.close();
  });
}

for (const [width, height] of [[390, 844], [1400, 900]]) {
  test(`At ${width} x ${height} the verdict, the culprit and the next step are seen without scrolling`, async () => {
    const { page } = await open(browser, 'slow-nic', { viewport: { width, height } });
    for (const part of ['.verdict', '.coverage', '.card h3', '.card .message', '.card .next']) {
      const box = await page.locator(part).first().boundingBox();
      assert.ok(box && box.y >= 0 && box.y + box.height <= height, `${part} ends at ${box && box.y + box.height}`);
    }
  });
}

/** WCAG 2 contrast of each text with the nearest solid ground below it; patterned grounds are left out. */
function lowContrast() {
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const groundOf = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const style = getComputedStyle(one);
      if (style.backgroundImage !== 'none') return null;
      const ground = channels(style.backgroundColor);
      if (ground[3] !== 0) return ground;
    }
    return [255, 255, 255];
  };
  const found = new Set();
  const walker = document.createTreeWalker(document.getElementById('page'), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest('option, [aria-hidden=true]')) continue;
    const ground = groundOf(element);
    if (!ground) continue;
    const [a, b] = [light(channels(getComputedStyle(element).color)), light(ground)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.add(`${element.className || element.tagName}: ${ratio.toFixed(2)} "${walker.currentNode.data.slice(0, 30)}"`);
  }
  return [...found];
}

for (const colorScheme of ['light', 'dark']) {
  test(`Every text can be read in the ${colorScheme} scheme: contrast of at least 4.5`, async () => {
    for (const name of ['slow-nic', 'ambiguous', 'dead-agent', 'interrupted', 'healthy']) {
      const { page } = await open(browser, name, { colorScheme });
      assert.deepEqual(await page.evaluate(lowContrast), [], name);
      await page.getByRole('button', { name: 'Latency', exact: true }).click();
      assert.deepEqual(await page.evaluate(lowContrast), [], `${name}, latency`);
      await page.close();
    }
  });
}

test('Headings go down by one, every control has a name, and every id is there once', async () => {
  const { page } = await open(browser, 'ambiguous');
  const levels = await page.locator('h1, h2, h3, h4').evaluateAll((all) => all.map((one) => Number(one.tagName[1])));
  assert.equal(levels[0], 1);
  levels.slice(1).forEach((level, at) => assert.ok(level <= levels[at] + 1, `h${levels[at]} then h${level}`));
  const nameless = await page.locator('button, a, summary').evaluateAll((all) => all.filter((one) => !one.textContent.trim()).length);
  assert.equal(nameless, 0);
  const ids = await page.locator('[id]').evaluateAll((all) => all.map((one) => one.id));
  assert.equal(new Set(ids).size, ids.length);
  for (const target of await page.locator('.jumps a').evaluateAll((all) => all.map((one) => one.getAttribute('href')))) {
    assert.equal(await page.locator(target).count(), 1, target);
  }
});

test('On paper the heatmaps keep their colours and the controls are gone', async () => {
  const { page } = await open(browser, 'slow-nic');
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.locator('.choice').first().isVisible(), false);
  assert.equal(await page.locator('td.state-degraded').first().evaluate((one) => getComputedStyle(one).printColorAdjust), 'exact');
  assert.ok((await page.pdf({ format: 'A4' })).length > 10000);
});
