import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { launch, open } from './lib.mjs';

const browser = await launch();
after(() => browser.close());

test('Hostile names stay text: no script ran, no element came of them', async () => {
  const { page, problems } = await open(browser, 'hostile');
  assert.equal(await page.evaluate(() => window.owned), undefined);
  assert.equal(await page.locator('img, iframe, object, embed, svg, form').count(), 0);
  assert.equal(await page.locator('script').count(), 2);
  assert.deepEqual(problems, []);
});

test('Hostile names can be read as what they are', async () => {
  const { page } = await open(browser, 'hostile');
  const text = await page.locator('#page').innerText();
  for (const name of ['<script>window.owned=1</script>', '</script><img src=x onerror=window.owned=2>', 'amp&lt;',
    'esc\\u{1b}[31mred', 'right\\u{202e}tfel\\u{202c}-to\\u{200b}zero', 'separators\\u{2028}\\u{2029}]]>-->',
    '\u7bc0\u70b9']) {
    assert.ok(text.includes(name), name);
  }
});

test('No mark that hides or turns text is left in the page', async () => {
  const { page } = await open(browser, 'hostile');
  const found = await page.evaluate(() => {
    const walker = document.createTreeWalker(document.getElementById('page'), NodeFilter.SHOW_TEXT);
    const bad = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/;
    const texts = [];
    while (walker.nextNode()) if (bad.test(walker.currentNode.data)) texts.push(walker.currentNode.data);
    return texts;
  });
  assert.deepEqual(found, []);
});

test('The policy stops scripts, styles, images and connections that are not the page\'s own', async () => {
  const { page } = await open(browser, 'healthy');
  const violations = await page.evaluate(async () => {
    const seen = [];
    document.addEventListener('securitypolicyviolation', (event) => seen.push(event.effectiveDirective));
    const script = document.createElement('script');
    script.textContent = 'window.owned = 3';
    const style = document.createElement('style');
    style.textContent = 'body { display: none }';
    const image = document.createElement('img');
    image.src = 'https://example.invalid/x.png';
    const styled = document.createElement('div');
    styled.setAttribute('style', 'display: none');
    document.body.append(script, style, image, styled);
    await fetch('https://example.invalid/').catch(() => undefined);
    await new Promise((done) => { setTimeout(done, 200); });
    return seen.sort();
  });
  assert.equal(await page.evaluate(() => window.owned), undefined);
  for (const directive of ['connect-src', 'img-src', 'script-src-elem', 'style-src-attr', 'style-src-elem']) {
    assert.ok(violations.includes(directive), `${directive} in ${violations}`);
  }
});
